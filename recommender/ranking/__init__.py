"""Ranking: which articles tell one story, and which are parts of a series."""
