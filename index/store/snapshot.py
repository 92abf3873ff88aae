"""A snapshot, open for queries: one build of the catalog, as it is served at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from index.candidates.neighbours import IndexKind
from index.store.manifest import Manifest
from recommender.articles import UrlIndex
from recommender.articles.card import Card
from recommender.corpus.corpus import Corpus
from recommender.editors.overrides import Editorial
from recommender.ranking.curated import CuratedLists
from recommender.ranking.pool import Candidates
from recommender.ranking.ranker import Ranker
from recommender.recommender import Recommender


@dataclass(frozen=True, repr=False)
class Snapshot:
    """One immutable build, open for queries. ``lists`` are the curated lists by article id, ``curated`` by row.

    ``editorial`` is what editors decided, ``ahead`` how many articles are hidden because they are dated ahead; see
    ``in_force_at`` for both.

    With a tail of later changes (index.live.tail), ``seq`` numbers the newest of them. ``pending`` holds, by id, the
    articles that are stored but not embedded yet; ``stale`` is a digest of them and of what is served in their place.
    ``tail_size`` counts changed and removed articles.
    """

    manifest: Manifest
    corpus: Corpus
    neighbours: Candidates
    kind: IndexKind
    ranker: Ranker
    lists: Mapping[str, tuple[str, ...]]
    curated: CuratedLists
    editorial: Editorial = field(default_factory=Editorial)
    seq: int | None = None
    pending: Mapping[str, Card] = field(default_factory=dict)
    stale: str = ""
    tail_size: int = 0
    ahead: int = 0

    def __repr__(self) -> str:
        return f"Snapshot({self.version}, {len(self.corpus):,} articles)"

    @cached_property
    def recommender(self) -> Recommender:
        """What recommends from this snapshot."""
        return Recommender(self.corpus, self.neighbours, self.ranker, self.curated, self.editorial)

    def with_lists(self, lists: Mapping[str, tuple[str, ...]]) -> "Snapshot":
        """Return the snapshot as it would be if ``lists`` were the curated lists."""
        return replace(self, lists=lists, curated=CuratedLists.from_lists(self.corpus, lists))

    def waiting(self, identity: str) -> Card | None:
        """Return the article with this id or URL that is stored and not in the corpus yet, if there is one."""
        identity = self.corpus.directory.aliases.get(identity, identity)
        if identity in self.pending:
            return self.pending[identity]
        found = UrlIndex((card.url, name) for name, card in self.pending.items() if card.url).find(identity)
        return None if found is None else self.pending[found]

    def in_force_at(self, now: datetime) -> "Snapshot":
        """Return the snapshot as it is to be served at ``now``; itself, if time changes nothing in it.

        What editors decided until a moment that has passed is dropped; articles dated ahead are hidden till their date.
        """
        seen = self.seen_at(now)
        if self._next_end is None or now < self._next_end:
            return seen
        return replace(seen, editorial=self.editorial.in_force_at(now))

    def seen_at(self, now: datetime) -> "Snapshot":
        """Return the snapshot with every article hidden that is dated ahead of ``now``; itself, if just those are."""
        ahead = self.corpus.directory.count_ahead(now) if now < self._newest else 0
        return self if ahead == self.ahead else replace(self, corpus=self.corpus.as_of(now), ahead=ahead)

    @property
    def version(self) -> str:
        """What answers name as ``index_version``: every change of the tail makes another, and whatever time changes.

        MANIFEST[.SEQ[-STALE]][~DECISIONS THAT EXPIRED][+ARTICLES DATED AHEAD].
        """
        over = f"~{self.editorial.expired}" if self.editorial.expired else ""
        over += f"+{self.ahead}" if self.ahead else ""
        if self.seq is None:
            return f"{self.manifest.version}{over}"
        waiting = f"-{self.stale}" if self.stale else ""
        return f"{self.manifest.version}.{self.seq}{waiting}{over}"

    @cached_property
    def _next_end(self) -> datetime | None:
        """When the next of the editors' decisions expires; kept, because every poll needs it."""
        return self.editorial.next_end

    @cached_property
    def _newest(self) -> datetime:
        """The newest date of an article: from then on nothing is dated ahead."""
        dates = (card.published_at for card in self.corpus.cards)
        return max((date for date in dates if date), default=datetime.min.replace(tzinfo=UTC))
