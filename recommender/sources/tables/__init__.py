"""Readers of tables: CSV and its kin, Parquet, databases. A row is an article, a column one of its fields."""
