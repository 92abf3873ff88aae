"""The catalog: the durable store of articles, curated lists and what editors decided; the source of truth."""

from recommender.catalog.article_reader import Changes, Counts
from recommender.catalog.article_writer import Removal
from recommender.catalog.catalog import Catalog
from recommender.catalog.identity import Origin

__all__ = ["Catalog", "Changes", "Counts", "Origin", "Removal"]
