"""Readers of tables: text, Parquet, data frames, edge lists, Matrix Market."""
