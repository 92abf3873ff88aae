"""Articles and stubs that arrive in the catalog, and how a stub and the article behind it become one.

Whichever arrives second, the article stays, the stub's id becomes an alias of it, and its teaser is kept.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from recommender.articles import Article
from recommender.catalog.changelog import Change, newest, touched_since, waits
from recommender.catalog.rows import FETCH, article_of, batched, present_id, values_of
from recommender.catalog.stubs import StubMatcher
from recommender.catalog.tables import aliases, articles, curated, overrides


class Arrivals:
    """Writes articles and lists where they belong. Remembers which stubs there are, from one change to the next."""

    def __init__(self) -> None:
        self._matcher: StubMatcher | None = None
        self._seq = 0

    def put(self, change: Change, article: Article) -> None:
        """Store ``article``, which may be a stub; same id means update."""
        matcher = self._known(change.connection)
        if article.is_stub:
            owner = self._owner(change.connection, article)
            if owner is None:
                self._write(change, article)
            else:
                if owner != article.id and matcher.is_stub(article.id):
                    self._absorb(change, article.id, owner)  # what it was before
                _alias(change, article, owner)
            return
        absorbed = matcher.stubs_of(article)
        former = _stored(change.connection, article.id) if matcher.is_stub(article.id) else None
        others = (aliases.c.alias == article.id) & (aliases.c.article_id != article.id)
        change.touched.update(change.connection.scalars(select(aliases.c.article_id).where(others)))
        change.connection.execute(delete(aliases).where(others))
        self._write(change, article)
        if former:
            _alias(change, former, article.id)
        for stub_id in absorbed:
            self._absorb(change, stub_id, article.id)

    def put_list(self, change: Change, article_id: str, targets: Sequence[str]) -> None:
        """Store the curated list of an article, given by its id or a former id; an empty one is none."""
        owner = present_id(change.connection, article_id)
        mine = curated.c.article_id == owner
        stored = change.connection.scalars(select(curated.c.target).where(mine).order_by(curated.c.position)).all()
        if list(stored) == list(targets):
            return  # with the article, if that is to be served at once
        change.connection.execute(delete(curated).where(mine))
        rows = [{"article_id": owner, "position": i, "target": t} for i, t in enumerate(targets, start=1)]
        if rows:
            change.connection.execute(insert(curated), rows)
        change.touched.add(owner)

    def remove(self, change: Change, identity: str) -> bool:
        """Remove the article with this id or former id, and all that is only about it; say whether there was one."""
        name = present_id(change.connection, identity)
        found = bool(change.connection.execute(delete(articles).where(articles.c.id == name)).rowcount)
        if found:
            self._known(change.connection).forget(name)
            change.touched.add(name)
            change.removed.add(name)
        return found

    def learn(self, connection: Connection) -> None:
        """Learn of every stub and article, unless that is known."""
        if self._matcher is None:
            self._seq = newest(connection)
            self._known(connection)

    def catch_up(self, change: Change) -> None:
        """Learn what other processes changed, before ``change`` goes on."""
        since, self._seq = self._seq, change.seq
        if self._matcher is None:
            return
        for some in batched(sorted(touched_since(change.connection, since))):
            rows = change.connection.execute(select(articles).where(articles.c.id.in_(some)))
            found = {row.id: article_of(row) for row in rows}
            for identity in some:
                if identity in found:
                    self._matcher.add(found[identity])
                elif self._matcher.is_stub(identity) is not None:
                    self._matcher.forget(identity)

    def forget(self) -> None:
        """Remember nothing: after a change that was rolled back."""
        self._matcher = None

    def _owner(self, connection: Connection, stub: Article) -> str | None:
        """The id of the full article that ``stub`` is a teaser of, if it is known."""
        matcher = self._known(connection)
        if matcher.is_stub(stub.id) is False:
            return stub.id
        former = connection.scalar(select(aliases.c.article_id).where(aliases.c.alias == stub.id))
        return former or matcher.article_of(stub)

    def _write(self, change: Change, article: Article) -> None:
        matcher = self._known(change.connection)
        values = values_of(article)
        if matcher.is_stub(article.id) is None:
            change.connection.execute(insert(articles).values(values))
        elif _stored(change.connection, article.id) == article:
            if change.live and waits(change.connection, article.id):
                change.touched.add(article.id)
            return
        else:
            change.connection.execute(update(articles).where(articles.c.id == article.id).values(values))
        matcher.add(article)
        change.touched.add(article.id)

    def _absorb(self, change: Change, stub_id: str, article_id: str) -> None:
        """Let the article take the stub's place: its id as an alias, its teasers, and what editors decided for it."""
        stub = _stored(change.connection, stub_id)
        for table in (curated, overrides):
            owned = select(table.c.article_id).where(table.c.article_id == article_id).limit(1)
            if change.connection.scalar(owned) is None:
                moved = update(table).where(table.c.article_id == stub_id)
                change.connection.execute(moved.values(article_id=article_id))
        change.connection.execute(delete(articles).where(articles.c.id == stub_id))
        self._known(change.connection).forget(stub_id)
        change.touched.add(stub_id)
        _alias(change, stub, article_id)

    def _known(self, connection: Connection) -> StubMatcher:
        if self._matcher is None:
            rows = connection.execute(select(articles).execution_options(yield_per=FETCH))
            self._matcher = StubMatcher(map(article_of, rows))
        return self._matcher


def _alias(change: Change, stub: Article, article_id: str) -> None:
    before = aliases.c.alias == stub.id
    values = {"alias": stub.id, "article_id": article_id, "teasers": list(stub.teasers)}
    stored = change.connection.execute(select(aliases).where(before)).mappings().one_or_none()
    if stored is not None:
        if dict(stored) == values:
            return
        change.touched.add(stored["article_id"])
    change.connection.execute(delete(aliases).where(before))
    change.connection.execute(insert(aliases).values(values))
    change.touched.add(article_id)


def _stored(connection: Connection, identity: str) -> Article:
    return article_of(connection.execute(select(articles).where(articles.c.id == identity)).one())
