"""Reading from the network: what may be fetched, how, what is kept of it, and all pages of a site."""

from recommender.sources.fetch.cache import CachedPage, DiskPageCache, PageCache
from recommender.sources.fetch.client import Fetched, Fetcher, StatusError
from recommender.sources.fetch.crawling import CrawlOptions, Progress, crawl
from recommender.sources.fetch.robots import DisallowedError

__all__ = [
    "CachedPage",
    "CrawlOptions",
    "DisallowedError",
    "DiskPageCache",
    "Fetched",
    "Fetcher",
    "PageCache",
    "Progress",
    "StatusError",
    "crawl",
]
