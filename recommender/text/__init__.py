"""Text as sites publish it: out of its markup, cleaned, split, compared."""

from recommender.text.characters import clean, normalise, readable, sha256
from recommender.text.markup.plain_text import plain, plain_line

__all__ = [
    "clean",
    "normalise",
    "plain",
    "plain_line",
    "readable",
    "sha256",
]
