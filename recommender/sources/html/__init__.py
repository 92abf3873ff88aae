"""Pages of HTML as articles: a folder that a generator built, one page, pages that were fetched, and sitemaps."""

from recommender.sources.html.page import Page
from recommender.sources.html.pages import read_pages
from recommender.sources.html.single import fits, read
from recommender.sources.html.sitemap import Location, Sitemap, read_sitemap
from recommender.sources.html.tree import read_tree

__all__ = ["Location", "Page", "Sitemap", "fits", "read", "read_pages", "read_sitemap", "read_tree"]
