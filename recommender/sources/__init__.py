"""Readers: source bytes → records. One module or room per format; the format is found by content (formats.py)."""

from recommender.sources.items import LeftOut, Note, Rejected
from recommender.sources.options import ReadOptions
from recommender.sources.reading import Source, read

__all__ = ["LeftOut", "Note", "ReadOptions", "Rejected", "Source", "read"]
