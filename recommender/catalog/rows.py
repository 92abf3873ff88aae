"""Articles as rows of the catalog's tables, and back."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, select

from recommender.articles import Article, http_url, parse_time, url_key
from recommender.catalog.former_names import in_force, owner_of
from recommender.catalog.tables import aliases, articles

FETCH = 1_000
"""Rows read at a time."""
NAMED = 500
"""Ids named in one query: databases set a limit to it."""


def values_of(article: Article) -> dict[str, Any]:
    """Return the row of ``article`` in the table of articles."""
    return {
        "id": article.id,
        "url": article.url,
        "url_key": url_key(article.url) if article.url else None,
        "title": article.title,
        "teasers": list(article.teasers),
        "body": article.body,
        "published_at": article.published_at.isoformat() if article.published_at else None,
        "section": article.section,
        "tags": list(article.tags),
        "language": article.language,
        "image": article.image,
        "extra": dict(article.extra),
        "published": article.published,
        "is_stub": article.is_stub,
    }


def article_of(row: Row[Any]) -> Article:
    """Return the article of a row; an address that may not be answered (see http_url) is none."""
    return Article(
        id=row.id,
        url=http_url(row.url),
        title=row.title,
        teasers=tuple(row.teasers),
        body=row.body,
        published_at=parse_time(row.published_at) if row.published_at else None,
        section=row.section,
        tags=tuple(row.tags),
        language=row.language,
        image=http_url(row.image),
        extra=row.extra,
        published=row.published,
        is_stub=row.is_stub,
    )


def former_ids(connection: Connection) -> dict[str, str]:
    """Return former id or address → present id, in the order of the former ones."""
    query = select(aliases.c.alias, aliases.c.article_id).where(aliases.c.alias != aliases.c.article_id)
    absorbed = {alias: article_id for alias, article_id in connection.execute(query)}
    return dict(sorted((in_force(connection) | absorbed).items()))


def present_id(connection: Connection, identity: str) -> str:
    """Return the id of the article that ``identity`` is a former id or address of, or itself."""
    absorbed = connection.scalar(select(aliases.c.article_id).where(aliases.c.alias == identity))
    return absorbed or owner_of(connection, identity) or identity


def by_codepoint(engine: Engine) -> ColumnElement[str]:
    """Order by id as Python orders strings; a PostgreSQL database may have a language's order instead."""
    return articles.c.id.collate("C") if engine.dialect.name == "postgresql" else articles.c.id.expression
