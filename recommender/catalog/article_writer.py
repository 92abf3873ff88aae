"""How articles and stubs get into the catalog's tables, and how a stub and the article it announces become one.

A stub is what a page's related list told of. When exactly one article fits it, the article takes its place: the
stub's id becomes an alias of the article, and its teaser one more of the article's. When several fit, or none, it stays
a stub. That is decided anew whenever an article comes, changes or goes, so their order does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, insert, select, update

from recommender.articles import Article
from recommender.articles.article import ALIASES
from recommender.batches import batched
from recommender.catalog.changelog import Change, newest, touched_since, waits
from recommender.catalog.former_names import declare, names_like, owner_of
from recommender.catalog.rows import FETCH, NAMED, article_of, present_id, values_of
from recommender.catalog.stub_matcher import StubMatcher
from recommender.catalog.tables import aliases, articles, curated, overrides


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal took away: the article, or, where an ``alias`` of it was named, that alias only."""

    article_id: str
    alias: bool


class ArticleWriter:
    """Writes articles and lists where they belong. Remembers their texts from one change to the next.

    ``ambiguous``: stub → the articles that fit it, where several do, of the stubs that were looked at so far.
    """

    def __init__(self) -> None:
        self.ambiguous: dict[str, tuple[str, ...]] = {}
        self._matcher: StubMatcher | None = None
        self._seq = 0

    def put(self, change: Change, article: Article) -> None:
        """Store ``article``, which may be a stub; same id means update."""
        if article.is_stub:
            self._put_stub(change, article)
            return
        matcher = self._known(change.connection)
        concerned = matcher.stubs_near(article.id)
        others = (aliases.c.alias == article.id) & (aliases.c.article_id != article.id)
        change.touched.update(change.connection.scalars(select(aliases.c.article_id).where(others)))
        change.connection.execute(delete(aliases).where(others))
        former = _stored(change.connection, article.id) if matcher.is_stub(article.id) is not None else None
        self._write(change, article if former is None else _updated(former, article), former)
        if former is not None and former.is_stub:
            _alias(change, former, article.id)  # its teaser stays
        for stub_id in sorted(concerned | matcher.stubs_near(article.id)):
            self._match(change, stub_id)

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

    def remove(self, change: Change, identity: str) -> Removal | None:
        """Remove the article with this id and all that is only about it, the stubs in its place among them.

        An alias is taken from its article, with the teaser it brought, or from what it declares; the article stays.
        None: there is neither.
        """
        matcher = self._known(change.connection)
        concerned = matcher.stubs_near(identity)
        taken = list(change.connection.scalars(select(aliases.c.alias).where(aliases.c.article_id == identity)))
        if change.connection.execute(delete(articles).where(articles.c.id == identity)).rowcount:
            for name in (identity, *taken):
                self._forget(name)
            change.touched.add(identity)
            change.removed.add(identity)
            for stub_id in sorted(concerned.difference(taken, {identity})):
                self._match(change, stub_id)
            return Removal(identity, alias=False)
        owner = change.connection.scalar(select(aliases.c.article_id).where(aliases.c.alias == identity))
        if owner is None:
            return self._undeclare(change, identity)
        change.connection.execute(delete(aliases).where(aliases.c.alias == identity))
        self._forget(identity)
        change.touched.update((identity, owner))
        return Removal(owner, alias=True)

    def _undeclare(self, change: Change, identity: str) -> Removal | None:
        owner = owner_of(change.connection, identity)
        article = _stored(change.connection, owner) if owner is not None else None
        if article is None:
            return None
        left = {**article.extra, ALIASES: list(names_like(article, identity))}
        self._write(change, replace(article, extra=left), article)
        return Removal(article.id, alias=True)

    def learn(self, connection: Connection) -> None:
        """Read the texts of every stub and article, unless they were read before."""
        if self._matcher is None:
            self._seq = newest(connection)
            self._known(connection)

    def catch_up(self, change: Change) -> None:
        """Read what other processes changed, before ``change`` goes on."""
        since, self._seq = self._seq, change.seq
        if self._matcher is None:
            return
        for some in batched(sorted(touched_since(change.connection, since)), NAMED):
            rows = change.connection.execute(select(articles).where(articles.c.id.in_(some)))
            absorbed = change.connection.execute(select(aliases).where(aliases.c.alias.in_(some)))
            found = {row.alias: _absorbed(row.alias, row.teasers) for row in absorbed}
            found |= {row.id: article_of(row) for row in rows}
            for identity in some:
                if identity in found:
                    self._matcher.add(found[identity])
                else:
                    self._forget(identity)

    def forget(self) -> None:
        """Remember nothing: after a change that was rolled back."""
        self._matcher = None
        self.ambiguous.clear()

    def _put_stub(self, change: Change, stub: Article) -> None:
        matcher = self._known(change.connection)
        if matcher.is_stub(stub.id) is False:  # an article that came under the stub's own id
            _alias(change, stub, stub.id)
            return
        if change.connection.scalar(select(aliases.c.alias).where(aliases.c.alias == stub.id)) is None:
            self._write(change, stub, _stored(change.connection, stub.id))
        else:
            matcher.add(stub)
        self._match(change, stub.id)

    def _match(self, change: Change, stub_id: str) -> None:
        """Let the one article that fits take the stub's place; where none or several fit, let it be a stub again."""
        matcher = self._known(change.connection)
        fitting = matcher.articles_of(stub_id)
        self.ambiguous.pop(stub_id, None)
        row = change.connection.execute(select(aliases).where(aliases.c.alias == stub_id)).one_or_none()
        if len(fitting) == 1:
            if row is None:
                self._absorb(change, stub_id, fitting[0])
            elif row.article_id != fitting[0]:
                _alias(change, _absorbed(stub_id, row.teasers), fitting[0])
            return
        if fitting:
            self.ambiguous[stub_id] = tuple(fitting)
        if row is not None:
            change.connection.execute(delete(aliases).where(aliases.c.alias == stub_id))
            change.touched.add(row.article_id)
            self._write(change, _absorbed(stub_id, row.teasers), None)

    def _write(self, change: Change, article: Article, former: Article | None) -> None:
        """Store ``article`` where ``former`` is stored now."""
        if former is None:
            change.connection.execute(insert(articles).values(values_of(article)))
        elif former == article:
            if change.live and waits(change.connection, article.id):
                change.touched.add(article.id)
            return
        else:
            change.connection.execute(update(articles).where(articles.c.id == article.id).values(values_of(article)))
        declare(change.connection, article, former)
        self._known(change.connection).add(article)
        change.touched.add(article.id)

    def _absorb(self, change: Change, stub_id: str, article_id: str) -> None:
        """Let the article take the stub's place: its id as an alias, its teaser, and what editors decided for it."""
        stub = _stored(change.connection, stub_id)
        if stub is None:
            return
        for table in (curated, overrides):
            owned = select(table.c.article_id).where(table.c.article_id == article_id).limit(1)
            if change.connection.scalar(owned) is None:
                moved = update(table).where(table.c.article_id == stub_id)
                change.connection.execute(moved.values(article_id=article_id))
        change.connection.execute(delete(articles).where(articles.c.id == stub_id))
        change.touched.add(stub_id)
        _alias(change, stub, article_id)

    def _forget(self, identity: str) -> None:
        self.ambiguous.pop(identity, None)
        if self._matcher is not None:
            self._matcher.forget(identity)

    def _known(self, connection: Connection) -> StubMatcher:
        if self._matcher is None:
            self._matcher = StubMatcher()
            for row in connection.execute(select(aliases).where(aliases.c.alias != aliases.c.article_id)):
                self._matcher.add(_absorbed(row.alias, row.teasers))
            for row in connection.execute(select(articles).execution_options(yield_per=FETCH)):
                self._matcher.add(article_of(row))
        return self._matcher


def _updated(former: Article, article: Article) -> Article:
    """Return what is to be stored of ``article`` in place of ``former``: all of it, if no body would be lost.

    One without a body never takes a stored body away, nor anything else that it does not say: a feed tells less than
    the page, and is read more often.
    """
    if former.is_stub or article.body or not former.body:
        return article
    told: Mapping[str, object] = {
        name: getattr(article, name) or getattr(former, name)
        for name in ("url", "title", "published_at", "section", "tags", "language", "image")
    }
    teasers = tuple(dict.fromkeys((*former.teasers, *article.teasers)))
    return replace(article, body=former.body, teasers=teasers, extra={**former.extra, **article.extra}, **told)  # type: ignore[arg-type]


def _absorbed(stub_id: str, teasers: Sequence[str]) -> Article:
    """Return the stub as it was before an article took its place."""
    return Article(id=stub_id, teasers=tuple(teasers), is_stub=True)


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


def _stored(connection: Connection, identity: str) -> Article | None:
    row = connection.execute(select(articles).where(articles.c.id == identity)).one_or_none()
    return None if row is None else article_of(row)
