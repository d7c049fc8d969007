"""Rows and files of tables: columns, rows of a block, tables of a study, reading and writing."""
