"""Measures over the related lists of all articles: coverage, exposure, variety, age, near-duplicates."""
