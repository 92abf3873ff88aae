"""Pages for people: what is in the index, an article and its list, a box for drafts. Only imported when switched on."""

from api.pages.routes import install

__all__ = ["install"]
