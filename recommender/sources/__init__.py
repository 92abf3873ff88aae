"""Readers: source bytes → records. One module per format; ``read`` picks by file name."""

from recommender.sources.files import Rejected, read
from recommender.sources.options import ReadOptions

__all__ = ["ReadOptions", "Rejected", "read"]
