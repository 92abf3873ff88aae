"""Articles: what they are, how a record is read, under which forms addresses compare equal."""

from recommender.articles.article import (
    MAX_BODY,
    MAX_ID,
    MAX_MARKS,
    MAX_RELATED,
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
from recommender.articles.dates import parse_span, parse_time, read_time
from recommender.articles.record import parse_article
from recommender.articles.status import published_of
from recommender.articles.url import absolute_url, http_url, loose_url_key, url_key, url_key_or_none
from recommender.articles.url_index import UrlIndex
from recommender.articles.values import id_of

__all__ = [
    "MAX_BODY",
    "MAX_ID",
    "MAX_MARKS",
    "MAX_RELATED",
    "MAX_TAGS",
    "MAX_TEASER",
    "MAX_TEASERS",
    "MAX_TITLE",
    "MAX_URL",
    "Article",
    "CuratedList",
    "Record",
    "UrlIndex",
    "absolute_url",
    "http_url",
    "id_of",
    "loose_url_key",
    "parse_article",
    "parse_span",
    "parse_time",
    "published_of",
    "read_time",
    "stub_from_teaser",
    "url_key",
    "url_key_or_none",
]
