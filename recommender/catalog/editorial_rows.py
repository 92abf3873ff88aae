"""What editors decided, overrides and site rules, in the catalog's tables."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import Connection, delete, insert, select

from recommender.catalog.rows import present_id
from recommender.catalog.tables import articles, meta, overrides
from recommender.editors.documents import document_of, overrides_of
from recommender.editors.overrides import Editorial, Overrides
from recommender.errors import CatalogError, RulesError, UnknownArticleError

RULES, BOILERPLATE = "rules", "boilerplate"
"""Where the site's rules, and the decisions about boilerplate, are kept among the facts of the table ``meta``."""

_DECISIONS = TypeAdapter(dict[Annotated[str, StringConstraints(pattern="^[0-9a-f]{16}$")], bool])


def put_overrides(connection: Connection, identity: str, decided: Overrides) -> None:
    """Store what is decided for the article with this id or former id. Raises UnknownArticleError."""
    article_id = _article_id(connection, identity)
    connection.execute(delete(overrides).where(overrides.c.article_id == article_id))
    if decided:
        connection.execute(insert(overrides).values(article_id=article_id, document=document_of(decided)))


def overrides_for(connection: Connection, identity: str) -> Overrides:
    """Return what is decided for the article with this id or former id. Raises UnknownArticleError."""
    article_id = _article_id(connection, identity)
    document = connection.scalar(select(overrides.c.document).where(overrides.c.article_id == article_id))
    return Overrides() if document is None else _read(article_id, document)


def all_overrides(connection: Connection) -> dict[str, Overrides]:
    """Return what is decided, by article id."""
    rows = connection.execute(select(overrides.c.article_id, overrides.c.document))
    return {article_id: _read(article_id, document) for article_id, document in rows}


def put_rules(connection: Connection, text: str) -> None:
    """Store the rules of the site as they were written."""
    connection.execute(delete(meta).where(meta.c.key == RULES))
    if text:
        connection.execute(insert(meta).values(key=RULES, value=text))


def rules(connection: Connection) -> str:
    """Return the rules of the site as they were written; empty: none."""
    return connection.scalar(select(meta.c.value).where(meta.c.key == RULES)) or ""


def put_boilerplate_decisions(connection: Connection, decided: Mapping[str, bool]) -> None:
    """Store which text is boilerplate and which is not, by the key of the text, in place of all that was decided."""
    connection.execute(delete(meta).where(meta.c.key == BOILERPLATE))
    if decided:
        connection.execute(insert(meta).values(key=BOILERPLATE, value=_DECISIONS.dump_json(dict(decided)).decode()))


def boilerplate_decisions(connection: Connection) -> dict[str, bool]:
    """Return what is decided about boilerplate, by the key of the text. Raises CatalogError where it cannot be read."""
    try:
        return _DECISIONS.validate_json(
            connection.scalar(select(meta.c.value).where(meta.c.key == BOILERPLATE)) or "{}", strict=True
        )
    except ValidationError as error:
        raise CatalogError(f"the decisions about boilerplate in the catalog cannot be read ({error})") from error


def editorial(connection: Connection) -> Editorial:
    """Return all that is decided. Raises CatalogError where it cannot be read."""
    try:
        return Editorial.from_text(rules(connection), all_overrides(connection))
    except RulesError as error:
        raise CatalogError(f"the site rules in the catalog cannot be read ({error})") from error


def _article_id(connection: Connection, identity: str) -> str:
    """The id of the article with this id or former id. Raises UnknownArticleError."""
    article_id = present_id(connection, identity)
    if connection.scalar(select(articles.c.id).where(articles.c.id == article_id)) is None:
        raise UnknownArticleError(f"no article has the id {identity!r}")
    return article_id


def _read(article_id: str, document: object) -> Overrides:
    try:
        return overrides_of(document)
    except ValueError as error:
        raise CatalogError(f"the overrides of {article_id!r} in the catalog cannot be read ({error})") from error
