"""The tail: what changed in the catalog since the snapshot was built, in memory beside it.

The snapshot's own models turn changed articles into vectors and terms, so that they are in every list at once; so is
what editors decide. The next build takes them into a new snapshot, and fits the models anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.store.snapshot import Snapshot
from recommender.articles import Article, loose_url_key, url_key_or_none
from recommender.articles.card import Card
from recommender.articles.directory import Rows
from recommender.batches import batched
from recommender.catalog import Catalog, Changes, Origin
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.corpus import LOOKUP_ARTICLES
from recommender.corpus.encoder import Matrix
from recommender.corpus.live_corpus import LiveCorpus, joined, nothing
from recommender.corpus.quantized import Column
from recommender.corpus.views import views
from recommender.errors import CatalogLostError, EncoderError
from recommender.ranking.pool import Candidates, Mask
from recommender.text import sha256


class Tail:
    """Follows the changes of ``catalog`` since ``base`` was built. One thread at a time."""

    def __init__(self, base: Snapshot, catalog: Catalog, origin: Origin | None = None) -> None:
        """Raise CatalogLostError unless ``catalog`` is the one that ``base`` was built from, and no older.

        ``origin`` says which one that is; without it, the manifest of ``base`` does.
        """
        entry = base.manifest.catalog
        self.require(catalog, origin or (entry.origin if entry else None))
        self._base = base
        self._catalog = catalog
        model = base.manifest.model
        self._vectors = VectorCache(catalog.engine, KnownOnly(model.name, model.revision, model.dim))
        self._read: dict[
            str, tuple[Article, int]
        ] = {}  # the articles in _corpus, and after which change they were read
        self._corpus = nothing(base.corpus)
        self._changes: Changes | None = None
        self._texts: dict[str, tuple[Article, tuple[str, ...]]] = {}  # articles without vectors yet, and their texts
        self._waiting = _unresolved(base)
        self._seq = base.manifest.seq
        self._now = base

    @staticmethod
    def require(catalog: Catalog, origin: Origin | None) -> None:
        """Raise CatalogLostError unless ``catalog`` is that of ``origin``, and no older; None: nothing is known."""
        if origin:
            catalog.trust(origin)

    def resume(self, origin: Origin | None) -> None:
        """Follow the catalog again after it was lost, from its first change. Raises CatalogError if it is not back."""
        self.require(self._catalog, origin)
        self._seq, self._changes = -1, None

    def now(self) -> Snapshot:
        """Return the snapshot with all changes that can be served, the others ``pending``.

        It holds all that editors decided, also what has expired (see Snapshot.in_force_at).

        Raises CatalogError; CatalogLostError if the catalog is another, or holds fewer changes than the snapshot.
        """
        newest, built = self._catalog.seq(), self._base.manifest.seq
        if newest < built:
            raise CatalogLostError(
                f"the catalog has seen {newest:,} changes, the snapshot {built:,}: it is not, or no longer, the one the"
                " snapshot was built from; build again"
            )
        if newest != self._seq or self._now.pending:
            changes = self._changes = self._catalog.changes(self._base.manifest.seq, self._changes)
            pending = self._update_corpus(changes)
            if changes.seq != self._seq or pending != self._now.pending:
                self._now = self._with(changes, pending)
                self._seq = changes.seq
        return self._now

    def _update_corpus(self, changes: Changes) -> dict[str, Card]:
        """Let the corpus of the tail hold the changed articles that have vectors; return the others' cards, by id.

        Of those others it keeps the text before, unless the article was removed in between.
        """
        ids, corpus = {article.id for article in changes.articles}, self._base.corpus
        read = {
            name: (article, number)
            for name, (article, number) in self._read.items()
            if name in ids and changes.removed.get(name, 0) <= number
        }
        unread = [article for article in changes.articles if article.id not in read or read[article.id][0] != article]
        pending = {article.id: corpus.card(article) for article in self._without_vectors(unread)}
        fresh = [article for article in unread if article.id not in pending]
        read |= {article.id: (article, changes.seq) for article in fresh}
        if fresh or read.keys() != self._read.keys():
            new = [corpus.transform(some, self._vectors.lookup) for some in batched(fresh, LOOKUP_ARTICLES)]
            self._corpus = joined([self._corpus, *new], read)
        self._read = read
        return pending

    def _without_vectors(self, articles: Sequence[Article]) -> list[Article]:
        """Return those of ``articles`` of which some text has no vector yet, and remember their texts until it has."""
        strip, known = self._base.corpus.boilerplate.strip, self._texts
        self._texts = {}
        for article in articles:
            found = known.get(article.id)
            if found is None or found[0] != article:
                found = article, views(strip(article)).texts
            self._texts[article.id] = found
        missing = set(self._vectors.missing(text for _, texts in self._texts.values() for text in texts))
        return [article for article, texts in self._texts.values() if not missing.isdisjoint(texts)]

    def _with(self, changes: Changes, pending: dict[str, Card]) -> Snapshot:
        """Return the base with ``changes``, but those that are ``pending``."""
        base, editorial = self._base, changes.editorial.with_current_ids(changes.aliases)
        if not changes.articles and not changes.gone:
            if editorial == base.editorial:
                return base
            return replace(base, seq=changes.seq, editorial=editorial)
        gone = changes.gone | (changes.removed.keys() & pending.keys() - self._read.keys())
        if not self._read and not gone:
            waiting = len(changes.articles)
            return replace(
                base,
                seq=changes.seq,
                pending=pending,
                stale=self._stale(pending),
                editorial=editorial,
                tail_size=waiting,
            )
        tail = self._corpus
        corpus = LiveCorpus.from_base(base.corpus, tail, gone, changes.aliases)
        lists = self._catalog.lists_of(self._renewed(changes))
        return replace(
            base,
            corpus=corpus,
            neighbours=LiveNeighbours(base.neighbours, len(base.corpus), tail.fused, corpus.directory.id_rank),
            lists={**base.lists, **lists},
            curated=base.curated.with_changes(corpus, lists),
            seq=changes.seq,
            pending=pending,
            stale=self._stale(pending),
            editorial=editorial,
            tail_size=len(changes.articles) + len(changes.gone),
        )

    def _stale(self, pending: dict[str, Card]) -> str:
        """Return a digest of which articles are pending, and of what is served in their place; empty if none are.

        It is part of the version, for processes may serve different texts in the place of a pending article.
        """
        served = [(name, *self._read.get(name, ())[:1]) for name in sorted(pending)]
        return sha256(repr(served))[:8] if served else ""

    def _renewed(self, changes: Changes) -> set[str]:
        """Return the ids of the articles whose curated lists are to be read again.

        Those that changed, those whose lists name one of them, and those whose lists name something that was not known.
        """
        base = self._base.corpus.directory
        changed = {article.id for article in changes.articles} | changes.gone
        named = {alias for alias, name in changes.aliases.items() if name in changed}
        names = changed | named | {article.url for article in changes.articles if article.url}
        rows = {row for name in names for row in (base.row_of(name), base.find(name)) if row is not None}  # so far
        owners = self._base.curated.naming(np.array(sorted(rows), dtype=np.int64))
        keys = _keys(names)
        waiting = {owner for key in keys for owner in self._waiting.get(key, ())}
        return changed | waiting | {base.cards[row].id for row in (*rows, *owners.tolist())}


class LiveNeighbours:
    """The candidates of a snapshot and its tail: its own are found by its index, the tail's by comparing with each."""

    def __init__(self, base: Candidates, count: int, tail: Matrix, order: npt.NDArray[np.float64]) -> None:
        self._base = base
        self._count = count
        self._tail = tail
        self._order = order

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask) -> tuple[Rows, Column]:
        """Return ``min(k, allowed.sum())`` allowed rows and their inner products, highest first, ties by id."""
        rows, similar = self._base.search(vector, k, allowed[: self._count])
        late = np.flatnonzero(allowed[self._count :])
        rows = np.concatenate([rows, late + self._count])
        similar = np.concatenate([similar, (self._tail @ vector)[late]])  # to copy those rows first takes far longer
        best = np.lexsort((self._order[rows], -similar))[:k]
        return rows[best], similar[best]


@dataclass(slots=True)
class KnownOnly:
    """Names the encoder of a snapshot, to look up in the vector cache what it has encoded; it encodes nothing."""

    name: str
    revision: str
    dim: int

    def encode(self, texts: object) -> Matrix:
        """Refuse. Raises EncoderError."""
        raise EncoderError(f"{self.name} is not loaded here")


def _unresolved(base: Snapshot) -> dict[str, set[str]]:
    """Return what lists of ``base`` name and it does not know: id or canonical URL → ids of the lists' owners."""
    found: dict[str, set[str]] = defaultdict(set)
    for owner, targets in base.lists.items():
        for key in _keys(target for target in targets if base.corpus.find(target) is None):
            found[key].add(owner)
    return dict(found)


def _keys(names: Iterable[str]) -> set[str]:
    """Return the names, and the loose forms of those that are addresses: a list too many does no harm."""
    keys = set()
    for name in names:
        keys.add(name)
        if address := url_key_or_none(name):
            keys.add(loose_url_key(address))
    return keys
