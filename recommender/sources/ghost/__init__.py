"""Reader of Ghost: its export (Settings → Export), and posts of its Content API, saved."""

from recommender.sources.ghost.export import fits, read

__all__ = ["fits", "read"]
