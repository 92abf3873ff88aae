"""Text as sites publish it: out of its markup, cleaned, split, compared."""

from recommender.text.characters import NEAR_EQUAL, clean, normalise, readable, sentences, sha256
from recommender.text.markup.plain_text import plain, plain_line

__all__ = [
    "NEAR_EQUAL",
    "clean",
    "normalise",
    "plain",
    "plain_line",
    "readable",
    "sentences",
    "sha256",
]
