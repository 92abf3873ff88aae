"""The catalog: the durable store of articles and curated lists, the source of truth.

A stub and the article behind it are one: whichever arrives second, the article stays, the stub's id
becomes an alias of it, and its teaser is kept. Vectors are cached beside (recommender.vectors).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Self

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Row,
    String,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from recommender.article import Article, CuratedList, Record, canonical_url, parse_time
from recommender.errors import ArticleError, CatalogError
from recommender.stubs import StubMatcher
from recommender.tables import aliases, articles, changed, curated, meta, open_engine

FETCH = 1_000
NAMED = 500
"""Ids named in one query: databases set a limit to it."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is live and not yet built: ``seq`` numbers the newest change of the catalog.

    ``articles`` as they are now, by id; ids that are ``gone``; all ``aliases``.
    """

    seq: int
    articles: tuple[Article, ...]
    gone: frozenset[str]
    aliases: dict[str, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the catalog holds: full articles, stubs, curated lists."""

    articles: int
    stubs: int
    curated_lists: int


class Catalog:
    """One open catalog. Every write is one transaction: it happened whole or not at all."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = Lock()
        self._matcher: StubMatcher | None = None
        self._matcher_seq = 0
        self._touched: set[str] = set()
        self._read_by: Connection | None = None

    @classmethod
    def open(cls, place: Path | str) -> Self:
        """Open the catalog of the store folder ``place``, or at the SQLAlchemy URL ``place``.

        Raises CatalogError if it cannot be opened or belongs to another schema.
        """
        if isinstance(place, Path):
            try:
                place.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CatalogError(f"the store {place} is no folder and cannot be made one ({error})") from None
            return cls(open_engine(URL.create("sqlite", database=str(place / "catalog.sqlite"))))
        return cls(open_engine(place))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def put(self, records: Sequence[Record], *, live: bool = False) -> int:
        """Store ``records`` (and the stubs they bring) in one transaction; same id means update.

        A teaser-only record never overwrites a known body: its teasers are added. A record without a
        curated list leaves a stored one as it is. ``live``: they are to be served before the next build.
        Return the number of the change.
        """
        with self._change(live) as (connection, seq):
            for record in records:
                for article in (*record.stubs, record.article):
                    self._put_article(connection, article)
                if record.related:
                    self._put_list(connection, record.article.id, record.related)
        return seq

    def remove(self, identity: str) -> bool:
        """Remove the article with this id or former id, its list and its former ids; say whether there was one.

        It stays named in the lists of others, and stands there again if it comes back.
        """
        with self._change(live=True) as (connection, _):
            former = connection.scalar(select(aliases.c.article_id).where(aliases.c.alias == identity))
            name = former or identity
            found = bool(connection.execute(delete(articles).where(articles.c.id == name)).rowcount)
            if found:
                self._known(connection).forget(name)
                self._touched.add(name)
        return found

    def seq(self) -> int:
        """Return the number of the newest change."""
        with self._transaction() as connection:
            return _seq(connection)

    def changes(self, since: int) -> Changes:
        """Return what is live of the changes numbered above ``since``."""
        with self._transaction() as connection:
            seq = _seq(connection)
            ids = set(connection.scalars(select(changed.c.article_id).where(changed.c.live, changed.c.seq > since)))
            found = tuple(self._read(connection, ids))
            return Changes(seq, found, frozenset(ids - {article.id for article in found}), _aliases(connection))

    def lists_of(self, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the curated list of each of ``ids``, targets as they were given; empty where there is none."""
        lists: dict[str, list[str]] = {identity: [] for identity in ids}
        with self._transaction() as connection:
            for some in _batched(sorted(ids)):
                query = select(curated).where(curated.c.article_id.in_(some))
                for article_id, _, target in connection.execute(
                    query.order_by(curated.c.article_id, curated.c.position)
                ):
                    lists[article_id].append(target)
        return {identity: tuple(targets) for identity, targets in lists.items()}

    def counts(self) -> Counts:
        """Count what is stored."""
        with self._transaction() as connection:
            rows = connection.execute(select(articles.c.is_stub, func.count()).group_by(articles.c.is_stub))
            by_kind = {bool(stub): int(count) for stub, count in rows}
            lists = connection.scalar(select(func.count(curated.c.article_id.distinct())))
        return Counts(by_kind.get(False, 0), by_kind.get(True, 0), int(lists or 0))

    def articles(self) -> Iterator[Article]:
        """Yield every article and stub in the order of their ids, teasers of absorbed stubs included."""
        with self._transaction() as connection:
            yield from self._read(connection)

    def aliases(self) -> dict[str, str]:
        """Return former id → present id."""
        with self._transaction() as connection:
            return _aliases(connection)

    def curated_lists(self) -> list[CuratedList]:
        """Return all curated lists by article id, targets resolved to present ids where known.

        A target is resolved by id, alias, then canonical URL; one that is not known stays as given.
        """
        with self._transaction() as connection:
            ids = set(connection.scalars(select(articles.c.id)))
            by_url = {
                url: i
                for url, i in connection.execute(
                    select(articles.c.canonical_url, articles.c.id)
                    .where(articles.c.canonical_url.is_not(None))
                    .order_by(articles.c.id.desc())
                )
            }
            rows = connection.execute(select(curated).order_by(curated.c.article_id, curated.c.position)).all()
            former = _aliases(connection)
        lists: dict[str, list[str]] = defaultdict(list)
        for article_id, _, target in rows:
            lists[article_id].append(_resolve(target, ids, former, by_url))
        return [
            CuratedList(article_id, tuple(t for t in dict.fromkeys(targets) if t != article_id))
            for article_id, targets in lists.items()
        ]

    def _read(self, connection: Connection, ids: Collection[str] | None = None) -> Iterator[Article]:
        """Yield all articles, or those of ``ids``, in the order of their ids."""
        extra = defaultdict(list)
        for article_id, teasers in connection.execute(
            select(aliases.c.article_id, aliases.c.teasers).order_by(aliases.c.alias)
        ):
            extra[article_id].extend(teasers)
        for some in (None,) if ids is None else _batched(sorted(ids)):
            query = select(articles).order_by(_by_codepoint(self.engine)).execution_options(yield_per=FETCH)
            for row in connection.execute(query if some is None else query.where(articles.c.id.in_(some))):
                article = _article(row)
                if more := extra.get(article.id):
                    article = replace(article, teasers=tuple(dict.fromkeys((*article.teasers, *more))))
                yield article

    def _put_article(self, connection: Connection, article: Article) -> None:
        matcher = self._known(connection)
        if article.is_stub:
            owner = self._owner(connection, article)
            if owner is None:
                self._write(connection, article)
            else:
                if owner != article.id and matcher.is_stub(article.id):
                    self._absorb(connection, article.id, owner)  # what it was before
                self._alias(connection, article, owner)
            return
        absorbed = matcher.stubs_of(article)
        former = self._stored(connection, article.id) if matcher.is_stub(article.id) else None
        others = (aliases.c.alias == article.id) & (aliases.c.article_id != article.id)
        self._touched.update(connection.scalars(select(aliases.c.article_id).where(others)))
        connection.execute(delete(aliases).where(others))
        self._write(connection, article)
        if former:
            self._alias(connection, former, article.id)
        for stub_id in absorbed:
            self._absorb(connection, stub_id, article.id)

    def _owner(self, connection: Connection, stub: Article) -> str | None:
        """The id of the full article that ``stub`` is a teaser of, if it is known."""
        matcher = self._known(connection)
        if matcher.is_stub(stub.id) is False:
            return stub.id
        former = connection.scalar(select(aliases.c.article_id).where(aliases.c.alias == stub.id))
        return former or matcher.article_of(stub)

    def _write(self, connection: Connection, article: Article) -> None:
        matcher = self._known(connection)
        values = _values(article)
        if matcher.is_stub(article.id) is None:
            connection.execute(insert(articles).values(values))
        else:
            connection.execute(update(articles).where(articles.c.id == article.id).values(values))
        matcher.add(article)
        self._touched.add(article.id)

    def _absorb(self, connection: Connection, stub_id: str, article_id: str) -> None:
        """Let the article take the stub's place: its lists, its teasers and its id as an alias."""
        stub = self._stored(connection, stub_id)
        if not connection.scalar(select(curated.c.position).where(curated.c.article_id == article_id).limit(1)):
            moved = update(curated).where(curated.c.article_id == stub_id).values(article_id=article_id)
            connection.execute(moved)
        connection.execute(delete(articles).where(articles.c.id == stub_id))
        self._known(connection).forget(stub_id)
        self._touched.add(stub_id)
        self._alias(connection, stub, article_id)

    def _alias(self, connection: Connection, stub: Article, article_id: str) -> None:
        before = aliases.c.alias == stub.id
        self._touched.update(connection.scalars(select(aliases.c.article_id).where(before)))
        connection.execute(delete(aliases).where(before))
        values = {"alias": stub.id, "article_id": article_id, "teasers": list(stub.teasers)}
        connection.execute(insert(aliases).values(values))
        self._touched.add(article_id)

    def _stored(self, connection: Connection, identity: str) -> Article:
        return _article(connection.execute(select(articles).where(articles.c.id == identity)).one())

    def _put_list(self, connection: Connection, article_id: str, targets: Sequence[str]) -> None:
        owner = connection.scalar(select(aliases.c.article_id).where(aliases.c.alias == article_id)) or article_id
        connection.execute(delete(curated).where(curated.c.article_id == owner))
        rows = [{"article_id": owner, "position": i, "target": t} for i, t in enumerate(targets, start=1)]
        connection.execute(insert(curated), rows)
        self._touched.add(owner)

    def _known(self, connection: Connection) -> StubMatcher:
        if self._matcher is None:
            rows = connection.execute(select(articles).execution_options(yield_per=FETCH))
            self._matcher = StubMatcher(map(_article, rows))
        return self._matcher

    def _catch_up(self, connection: Connection) -> None:
        """Tell the matcher what other processes changed."""
        if self._matcher is None:
            return
        ids = set(connection.scalars(select(changed.c.article_id).where(changed.c.seq > self._matcher_seq)))
        for some in _batched(sorted(ids)):
            rows = connection.execute(select(articles).where(articles.c.id.in_(some)))
            found = {row.id: _article(row) for row in rows}
            for identity in some:
                if identity in found:
                    self._matcher.add(found[identity])
                elif self._matcher.is_stub(identity) is not None:
                    self._matcher.forget(identity)

    @contextmanager
    def _change(self, live: bool) -> Iterator[tuple[Connection, int]]:
        """A transaction that is one change of the catalog: with its number, and a log of what it touched.

        Its first statement takes the database's write lock, so what it reads is what it changes.
        """
        with self._writing:
            try:
                with self._transaction() as connection:
                    seq = _seq(connection, after=1)
                    self._catch_up(connection)
                    self._touched = set()
                    yield connection, seq
                    self._log(connection, seq, live)
                self._matcher_seq = seq
            except BaseException:
                self._matcher = None  # it may know of rows that were rolled back
                raise

    def _log(self, connection: Connection, seq: int, live: bool) -> None:
        for some in _batched(sorted(self._touched)):
            before = changed.c.article_id.in_(some)
            earlier = set(connection.scalars(select(changed.c.article_id).where(before, changed.c.live)))
            connection.execute(delete(changed).where(before))
            rows = [{"article_id": name, "seq": seq, "live": live or name in earlier} for name in some]
            connection.execute(insert(changed), rows)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all reads within see the catalog as it is now, whatever is written meanwhile; for one thread."""
        if self.engine.url.get_backend_name() == "sqlite" and self.engine.url.database in (None, "", ":memory:"):
            yield  # one connection, in one process: nobody writes meanwhile
            return
        with self._transaction() as connection:
            self._read_by = connection
            try:
                yield
            finally:
                self._read_by = None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._read_by is not None:
            yield self._read_by
            return
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise CatalogError(f"the catalog {self.engine.url} failed ({reason})") from error


def _seq(connection: Connection, after: int = 0) -> int:
    """The number of the newest change, ``after`` so many more."""
    if after:
        step = cast(cast(meta.c.value, Integer) + after, String)
        connection.execute(update(meta).where(meta.c.key == "seq").values(value=step))
    return int(connection.scalar(select(meta.c.value).where(meta.c.key == "seq")) or 0)


def _aliases(connection: Connection) -> dict[str, str]:
    query = select(aliases.c.alias, aliases.c.article_id).where(aliases.c.alias != aliases.c.article_id)
    return {alias: article_id for alias, article_id in connection.execute(query.order_by(aliases.c.alias))}


def _batched(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ``ids`` in parts that a query can name."""
    return (ids[at : at + NAMED] for at in range(0, len(ids), NAMED))


def _by_codepoint(engine: Engine) -> ColumnElement[str]:
    """Order by id as Python orders strings; a PostgreSQL database may have a language's order instead."""
    return articles.c.id.collate("C") if engine.dialect.name == "postgresql" else articles.c.id.expression


def _resolve(target: str, ids: set[str], former: dict[str, str], by_url: dict[str, str]) -> str:
    if target in ids:
        return target
    if target in former:
        return former[target]
    try:
        return by_url.get(canonical_url(target), target)
    except ArticleError:
        return target


def _values(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "url": article.url,
        "canonical_url": canonical_url(article.url) if article.url else None,
        "title": article.title,
        "teasers": list(article.teasers),
        "body": article.body,
        "published_at": article.published_at.isoformat() if article.published_at else None,
        "section": article.section,
        "tags": list(article.tags),
        "language": article.language,
        "image": article.image,
        "extra": dict(article.extra),
        "is_stub": article.is_stub,
    }


def _article(row: Row[Any]) -> Article:
    return Article(
        id=row.id,
        url=row.url,
        title=row.title,
        teasers=tuple(row.teasers),
        body=row.body,
        published_at=parse_time(row.published_at) if row.published_at else None,
        section=row.section,
        tags=tuple(row.tags),
        language=row.language,
        image=row.image,
        extra=row.extra,
    )
