"""Articles: what they are, how a record is read, under which form addresses compare equal."""

from recommender.articles.article import (
    MAX_BODY,
    MAX_ID,
    MAX_TAGS,
    MAX_TEASER,
    MAX_TEASERS,
    MAX_TITLE,
    MAX_URL,
    Article,
    CuratedList,
    Record,
    stub_from_teaser,
)
from recommender.articles.dates import parse_time
from recommender.articles.record import parse_article
from recommender.articles.url import url_key, url_key_or_none

__all__ = [
    "MAX_BODY",
    "MAX_ID",
    "MAX_TAGS",
    "MAX_TEASER",
    "MAX_TEASERS",
    "MAX_TITLE",
    "MAX_URL",
    "Article",
    "CuratedList",
    "Record",
    "parse_article",
    "parse_time",
    "stub_from_teaser",
    "url_key",
    "url_key_or_none",
]
