"""Reader of feeds: RSS 0.9 to 2.0, Atom and JSON Feed.

A feed is a window (``WINDOW``): it holds a site's latest entries, so an article that is no longer in it is not gone.
"""

from recommender.sources.feeds.reading import MAX_FEED, WINDOW, fits, read

__all__ = ["MAX_FEED", "WINDOW", "fits", "read"]
