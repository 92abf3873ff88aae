"""Text as sites publish it: cleaning, splitting, comparing."""

from recommender.text.characters import NEAR_EQUAL, clean, near_equal, normalise, readable, sentences, sha256

__all__ = ["NEAR_EQUAL", "clean", "near_equal", "normalise", "readable", "sentences", "sha256"]
