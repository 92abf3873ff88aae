"""Former ids and addresses that articles declare themselves: which hold, which are another article's.

An article's declarations are kept as they are. Which of them hold follows from what else is stored: a name that is an
article's own id or address is that article's, and of several that declare one name the first by id has it. So the
order in which articles come does not matter, and a name comes back when what took it is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, or_, select

from recommender.articles import Article, url_key_or_none
from recommender.catalog.tables import articles, former_names

_KEY = func.coalesce(former_names.c.url_key, former_names.c.name)
"""What is one name: an address in any spelling, or an id."""


@dataclass(frozen=True, slots=True)
class Clash:
    """``article_id`` declares the former id or address ``name``, which is that of the article ``owner``."""

    article_id: str
    name: str
    owner: str


def declare(connection: Connection, article: Article, former: Article | None) -> None:
    """Store what ``article`` declares, in place of what it declared when it was ``former``."""
    before = former.aliases if former else ()
    if before == article.aliases:
        return
    if before:
        connection.execute(delete(former_names).where(former_names.c.article_id == article.id))
    if article.aliases:
        connection.execute(insert(former_names), rows_of(article))


def rows_of(article: Article) -> list[dict[str, str | None]]:
    """Return the rows of what ``article`` declares."""
    names = dict.fromkeys(article.aliases)
    return [{"name": name, "article_id": article.id, "url_key": url_key_or_none(name)} for name in names]


def in_force(connection: Connection) -> dict[str, str]:
    """Return the declared names that hold → the id of their article; an address in one of its spellings."""
    found: dict[str, tuple[str, str]] = {}
    for row in connection.execute(_holding()):
        found.setdefault(row.url_key or row.name, (row.name, row.article_id))
    return dict(found.values())


def owner_of(connection: Connection, identity: str) -> str | None:
    """Return the id of the article whose declared former id or address is ``identity``, in any spelling, if any is."""
    key = url_key_or_none(identity)
    named = former_names.c.name == identity
    row = connection.execute(_holding(named if key is None else or_(named, former_names.c.url_key == key))).first()
    return row.article_id if row else None


def names_like(article: Article, identity: str) -> tuple[str, ...]:
    """Return what ``article`` declares but ``identity``, in any spelling."""
    key = url_key_or_none(identity)
    return tuple(name for name in article.aliases if name != identity and (key is None or url_key_or_none(name) != key))


def clashes(connection: Connection) -> Iterable[Clash]:
    """Yield the declarations that do not hold, by the declaring article and the name."""
    by_id, by_address = articles.alias(), articles.alias()
    holder = select(_KEY.label("key"), func.min(former_names.c.article_id).label("holder")).group_by(_KEY).subquery()
    owner = func.coalesce(by_id.c.id, by_address.c.id, holder.c.holder)
    query = (
        select(former_names.c.article_id, former_names.c.name, func.min(owner))
        .outerjoin(by_id, by_id.c.id == former_names.c.name)
        .outerjoin(by_address, by_address.c.url_key == former_names.c.url_key)
        .join(holder, holder.c.key == _KEY)
        .where(owner != former_names.c.article_id)
        .group_by(former_names.c.article_id, former_names.c.name)
        .order_by(former_names.c.article_id, former_names.c.name)
    )
    return (Clash(*row) for row in connection.execute(query))


def _holding(*conditions: ColumnElement[bool]) -> Select[tuple[str, str | None, str]]:
    """Select what is declared and no article's own id or address; the first row of one name is the one that holds."""
    is_id = exists().where(articles.c.id == former_names.c.name)
    is_address = exists().where(articles.c.url_key == former_names.c.url_key)
    columns = former_names.c.name, former_names.c.url_key, former_names.c.article_id
    return select(*columns).where(and_(~is_id, ~is_address, *conditions)).order_by(columns[2], columns[0])
