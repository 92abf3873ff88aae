"""Readers: source bytes → records. One module per format; ``read`` picks by file name."""

from recommender.sources.files import Rejected, read

__all__ = ["Rejected", "read"]
