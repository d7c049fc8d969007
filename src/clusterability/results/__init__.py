"""Rows of tables and their files: columns, rows of a block, tables of a study, reading, writing."""
