"""The task of an evaluation: articles, queries with their curated lists, candidates."""
