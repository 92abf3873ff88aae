"""The catalog: the durable store of articles, curated lists and editors' decisions, the source of truth.

Articles and curated lists are written in article_writer, where a stub and the article behind it become one, and read in
article_reader; what editors decided is in editorial_rows, and vectors are cached in vector_cache.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from typing import Self

from sqlalchemy import URL, Engine

from recommender.articles import Article, CuratedList, Record
from recommender.catalog import article_reader, editorial_rows
from recommender.catalog.article_reader import Changes, Counts
from recommender.catalog.article_writer import ArticleWriter, Removal
from recommender.catalog.changelog import Change, Changelog, newest, newest_live
from recommender.catalog.database import has_log, open_engine
from recommender.catalog.former_names import Clash, clashes
from recommender.catalog.identity import Origin, stamped
from recommender.catalog.read_only_file import is_read_only
from recommender.catalog.rows import former_ids, present_id
from recommender.catalog.upgrade import Upgrade
from recommender.editors.overrides import Editorial, Overrides
from recommender.errors import CatalogError


class Catalog:
    """One open catalog. Every write is one transaction: it happened whole or not at all.

    ``upgraded`` says what opening it did to a catalog of an earlier schema; None: it was of the present one.
    ``was_open``: another process has it open, or left it so.
    ``read_only``: it cannot be written here, and every write raises CatalogError.
    """

    def __init__(self, engine: Engine, upgraded: Upgrade | None = None, *, was_open: bool = False) -> None:
        self.engine = engine
        self.upgraded = upgraded
        self.read_only = is_read_only(engine.url)
        self._log = Changelog(engine, was_open=was_open, read_only=self.read_only)
        self._writer = ArticleWriter()
        self._writing = Lock()

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
            return cls.open_at(URL.create("sqlite", database=str(place / "catalog.sqlite")))
        return cls.open_at(place)

    @classmethod
    def open_at(cls, url: str | URL) -> Self:
        """Open the catalog at ``url``; see ``open``."""
        upgraded: list[Upgrade] = []
        was_open = has_log(url)
        engine = open_engine(url, upgraded.append)
        return cls(engine, upgraded[0] if upgraded else None, was_open=was_open)

    def close(self) -> None:
        """Close every connection."""
        self._log.close()

    def stamp(self) -> Origin:
        """Return the origin of a snapshot that is built now: the newest live change, and which catalog has it."""
        with self._writing, self._log.note() as connection:
            return stamped(connection, newest_live(connection))

    def trust(self, origin: Origin) -> None:
        """Take the catalog for the right one if it is that of ``origin``, and no older. Raises CatalogLostError."""
        self._log.trust(origin)

    def put(self, records: Sequence[Record], *, live: bool = False) -> int:
        """Store ``records`` (and the stubs they bring) in one transaction; same id means update.

        A record without a body never takes a stored body away, nor what else it does not say. One that says nothing of
        a curated list leaves a stored one as it is. What is stored already is no change. ``live``: they are to be
        served before the next build. Return the number of the change.
        """
        with self._change(live) as change:
            for record in records:
                for article in (*record.stubs, record.article):
                    self._writer.put(change, article)
                if record.related is not None:
                    self._writer.put_list(change, record.article.id, record.related)
        return change.seq

    def prepare(self) -> None:
        """Read what writes must know of every article, so that the first need not wait for it; change nothing."""
        with self._writing:
            self._log.require_sound()
            with self._log.transaction() as connection:
                self._writer.learn(connection)

    def with_body(self, ids: Collection[str]) -> set[str]:
        """Return those of ``ids`` whose articles are stored with a body."""
        with self._log.transaction() as connection:
            return {article.id for article in article_reader.stored(connection, ids) if article.body}

    def ambiguous_stubs(self) -> dict[str, tuple[str, ...]]:
        """Return, by stub id, the articles that fit a stub, where several do; of the stubs this process looked at."""
        return dict(self._writer.ambiguous)

    def remove(self, identity: str) -> Removal | None:
        """Remove the article with this id, its list and its aliases; say what was removed, None: there was nothing.

        It stays named in the lists of others, and stands there again if it comes back. Where ``identity`` is an alias,
        that alone is taken from its article, which stays.
        """
        with self._log.transaction() as connection:
            if not list(article_reader.stored(connection, [present_id(connection, identity)])):
                return None  # without a change, which everybody would have to follow
        with self._change(live=True) as change:
            return self._writer.remove(change, identity)

    def put_overrides(self, identity: str, overrides: Overrides) -> None:
        """Store what an editor decided for the article with this id or former id; empty overrides are none.

        Raises UnknownArticleError.
        """
        with self._change(live=True) as change:
            editorial_rows.put_overrides(change.connection, identity, overrides)

    def overrides_of(self, identity: str) -> Overrides:
        """Return what is decided for the article with this id or former id. Raises UnknownArticleError."""
        with self._log.transaction() as connection:
            return editorial_rows.overrides_for(connection, identity)

    def put_rules(self, text: str) -> None:
        """Store the site's rules; empty: none. Raises RulesError if they cannot be read, and stores nothing."""
        Editorial.from_text(text, {})
        with self._change(live=True) as change:
            editorial_rows.put_rules(change.connection, text)

    def rules(self) -> str:
        """Return the site's rules as they were stored; empty: none."""
        with self._log.transaction() as connection:
            return editorial_rows.rules(connection)

    def editorial(self) -> Editorial:
        """Return all that editors decided. Raises CatalogError if stored rules or overrides cannot be read."""
        with self._log.transaction() as connection:
            return editorial_rows.editorial(connection)

    def seq(self) -> int:
        """Return the number of the newest change."""
        with self._log.transaction() as connection:
            return newest(connection)

    def changes(self, since: int, before: Changes | None = None) -> Changes:
        """Return what is live of the changes numbered above ``since``.

        An article that was not touched since it was read ``before`` is not read again.
        """
        with self._log.transaction() as connection:
            return article_reader.changes(connection, since, before)

    def lists_of(self, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the curated list of each of ``ids``, targets as they were given; empty where there is none."""
        with self._log.transaction() as connection:
            return article_reader.lists_of(connection, ids)

    def counts(self) -> Counts:
        """Count what is stored."""
        with self._log.transaction() as connection:
            return article_reader.counts(connection)

    def articles(self) -> Iterator[Article]:
        """Yield every article and stub in the order of their ids, teasers of absorbed stubs included."""
        with self._log.transaction() as connection:
            yield from article_reader.stored(connection)

    def articles_of(self, ids: Collection[str]) -> dict[str, Article]:
        """Return those of ``ids`` that are there, by id."""
        with self._log.transaction() as connection:
            return {article.id: article for article in article_reader.stored(connection, ids)}

    def aliases(self) -> dict[str, str]:
        """Return former id or address → present id."""
        with self._log.transaction() as connection:
            return former_ids(connection)

    def clashes(self) -> list[Clash]:
        """Return the former ids and addresses that articles declare and that are another article's."""
        with self._log.transaction() as connection:
            return list(clashes(connection))

    def curated_lists(self) -> list[CuratedList]:
        """Return all curated lists by article id, targets resolved to present ids where known.

        A target is resolved by id, alias, then canonical URL; one that is not known stays as given.
        """
        with self._log.transaction() as connection:
            return article_reader.curated_lists(connection)

    def reading(self) -> AbstractContextManager[None]:
        """Let all reads within see the catalog as it is now, whatever is written meanwhile; for one thread."""
        return self._log.reading()

    def boilerplate_decisions(self) -> dict[str, bool]:
        """Return which text editors confirmed as boilerplate and which they refused, by its key (see Block.keys)."""
        with self._log.transaction() as connection:
            return editorial_rows.boilerplate_decisions(connection)

    def decide_boilerplate(self, keys: Iterable[str], verdict: bool | None) -> None:
        """Store for the next build that the text with one of ``keys`` is boilerplate, or is none; None: undecided."""
        with self._change(live=False) as change:
            decided = editorial_rows.boilerplate_decisions(change.connection)
            for key in keys:
                decided.pop(key, None)
                if verdict is not None:
                    decided[key] = verdict
            editorial_rows.put_boilerplate_decisions(change.connection, decided)

    @contextmanager
    def _change(self, live: bool) -> Iterator[Change]:
        with self._writing:
            try:
                with self._log.change(live) as change:
                    self._writer.catch_up(change)
                    yield change
            except BaseException:
                self._writer.forget()  # it may know of rows that were rolled back
                raise
