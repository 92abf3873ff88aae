"""What the catalog's tables say of articles and curated lists; each function reads within one transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from recommender.articles import Article, CuratedList, UrlIndex
from recommender.batches import batched
from recommender.catalog import editorial_rows
from recommender.catalog.changelog import live_since, newest, removed_since
from recommender.catalog.rows import FETCH, NAMED, article_of, by_codepoint, former_ids
from recommender.catalog.tables import aliases, articles, curated
from recommender.editors.overrides import Editorial


@dataclass(frozen=True, slots=True)
class Changes:
    """What is live and not yet built: ``seq`` numbers the newest change of the catalog.

    ``articles`` as they are now, by id; ids that are ``gone``; ids that were ``removed`` meanwhile, by which change,
    though they may be back; all ``aliases``; everything that editors decided; ``numbers``: the newest change of each
    article, by id.
    """

    seq: int
    articles: tuple[Article, ...]
    gone: frozenset[str]
    removed: dict[str, int]
    aliases: dict[str, str]
    editorial: Editorial
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the catalog holds: full articles, stubs, curated lists."""

    articles: int
    stubs: int
    curated_lists: int


def stored(connection: Connection, ids: Collection[str] | None = None) -> Iterator[Article]:
    """Yield all articles and stubs, or those of ``ids``, in the order of their ids.

    The teasers of the stubs whose place an article took follow its own.
    """
    for some in (None,) if ids is None else batched(sorted(ids), NAMED):
        query = select(articles).order_by(by_codepoint(connection.engine)).execution_options(yield_per=FETCH)
        former = select(aliases.c.article_id, aliases.c.teasers).order_by(aliases.c.alias)
        if some is not None:
            query, former = query.where(articles.c.id.in_(some)), former.where(aliases.c.article_id.in_(some))
        extra = defaultdict(list)
        for article_id, teasers in connection.execute(former):
            extra[article_id].extend(teasers)
        for row in connection.execute(query):
            article = article_of(row)
            if more := extra.get(article.id):
                article = replace(article, teasers=tuple(dict.fromkeys((*article.teasers, *more))))
            yield article


def changes(connection: Connection, since: int, before: Changes | None = None) -> Changes:
    """Return what is live of the changes numbered above ``since``.

    An article that was not touched since it was read ``before`` is not read again.
    """
    seq, numbers = newest(connection), live_since(connection, since)
    read = before.numbers if before else {}
    same = {name for name, number in numbers.items() if read.get(name) == number}
    kept = [article for article in before.articles if article.id in same] if before else []
    found = sorted((*kept, *stored(connection, numbers.keys() - same)), key=lambda article: article.id)
    gone = frozenset(numbers.keys() - {article.id for article in found})
    removed = removed_since(connection, since)
    former, editorial = former_ids(connection), editorial_rows.editorial(connection)
    return Changes(seq, tuple(found), gone, removed, former, editorial, numbers)


def counts(connection: Connection) -> Counts:
    """Count what is stored."""
    rows = connection.execute(select(articles.c.is_stub, func.count()).group_by(articles.c.is_stub))
    by_kind = {bool(stub): int(count) for stub, count in rows}
    lists = connection.scalar(select(func.count(curated.c.article_id.distinct())))
    return Counts(by_kind.get(False, 0), by_kind.get(True, 0), int(lists or 0))


def lists_of(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the curated list of each of ``ids``, targets as they were given; empty where there is none."""
    lists: dict[str, list[str]] = {identity: [] for identity in ids}
    for some in batched(sorted(ids), NAMED):
        query = select(curated).where(curated.c.article_id.in_(some))
        for article_id, _, target in connection.execute(query.order_by(curated.c.article_id, curated.c.position)):
            lists[article_id].append(target)
    return {identity: tuple(targets) for identity, targets in lists.items()}


def curated_lists(connection: Connection) -> list[CuratedList]:
    """Return all curated lists by article id, targets as present ids: by id, alias, then URL, else as given."""
    ids = set(connection.scalars(select(articles.c.id)))
    known = select(articles.c.url_key, articles.c.id).where(articles.c.url_key.is_not(None))
    by_url = UrlIndex((url, name) for url, name in connection.execute(known.order_by(articles.c.id)))
    former = former_ids(connection)
    for name, article_id in former.items():
        by_url.add(name, article_id)
    lists: dict[str, list[str]] = defaultdict(list)
    for article_id, _, target in connection.execute(select(curated).order_by(curated.c.article_id, curated.c.position)):
        lists[article_id].append(_resolve(target, ids, former, by_url))
    return [
        CuratedList(article_id, tuple(t for t in dict.fromkeys(targets) if t != article_id))
        for article_id, targets in lists.items()
    ]


def _resolve(target: str, ids: set[str], former: dict[str, str], by_url: UrlIndex[str]) -> str:
    if target in ids:
        return target
    if target in former:
        return former[target]
    return by_url.find(target) or target
