"""The task that every system is evaluated on: queries, candidates, and the curated lists as relevance judgements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from eval.task.left_out import Reason, counted, reason, sentence
from index.store.snapshot import Snapshot
from recommender.articles import Article
from recommender.corpus.corpus import Query
from recommender.errors import EvaluationError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.pool import Mask
from recommender.ranking.request import Filters, RelatedRequest
from recommender.recommender import Recommender


class AsOf(StrEnum):
    """Which candidates a query may see: those no newer than it, or all (the archive case)."""

    PUBLISHED = "published"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Judged:
    """One query: the article's row, and the rows its editor picked, in the editor's order.

    ``confirmed`` and ``refuted`` are rows the editor did not list, which a person later judged related or not.
    """

    row: int
    relevant: tuple[int, ...]
    confirmed: tuple[int, ...] = ()
    refuted: tuple[int, ...] = ()

    @property
    def answers(self) -> tuple[int, ...]:
        """All rows that count as related: the editor's, then those that were confirmed."""
        return (*self.relevant, *self.confirmed)


@dataclass(frozen=True)
class Task:
    """An evaluation's inputs. ``articles`` are the corpus's, in the order of its rows.

    ``unanswerable`` counts the curated lists none of whose articles may be recommended (not in the
    corpus, newer than the query, or a copy of it): nothing can be measured on those. ``left_out`` counts them by
    reason.
    """

    snapshot: Snapshot
    articles: Sequence[Article]
    as_of: AsOf
    queries: tuple[Judged, ...]
    unanswerable: int
    targets: int
    known_targets: int
    left_out: Mapping[Reason, int] = field(default_factory=dict)

    @property
    def left_out_sentence(self) -> str:
        """Which lists are left out and why, in words; empty for none."""
        return sentence(self.left_out, len(self.queries) + self.unanswerable)

    @cached_property
    def recommender(self) -> Recommender:
        """The snapshot's recommender without pins: a pin is itself the editor's answer, which is what is looked for."""
        return self.snapshot.recommender.without_pins()

    def knowing(self, curated: CuratedLists) -> Recommender:
        """Return ``recommender`` with ``curated`` in place of its curated lists."""
        return replace(self.recommender, curated=curated)

    def query(self, row: int) -> Query:
        """Return the query of the article at ``row``."""
        return self.snapshot.corpus.query(row)

    def filters(self, row: int) -> Filters:
        """Return the filters of the query at ``row``: under the date rule, nothing newer than it.

        Any language: where an editor picked across languages, that is the judgement.
        """
        moment = self.snapshot.corpus.cards[row].published_at if self.as_of is AsOf.PUBLISHED else None
        return Filters(language=("*",), published_before=moment)

    def allowed(self, row: int) -> Mask:
        """Return ``(n,)`` bool, the candidates of the query at ``row``, as the API would exclude them."""
        return self.recommender.eligible(self.query(row), RelatedRequest(filters=self.filters(row)))

    def name(self, row: int) -> str:
        """Return the id of the article at ``row``."""
        return self.snapshot.corpus.cards[row].id


def qrels_of(task: Task, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return query → document → 1 related, 0 judged not, where ``names`` are the ids by row."""
    return {
        names[q.row]: {**{names[row]: 1 for row in q.answers}, **{names[row]: 0 for row in q.refuted}}
        for q in task.queries
    }


def make_task(snapshot: Snapshot, articles: Sequence[Article], lists: Mapping[str, Sequence[str]], as_of: AsOf) -> Task:
    """Return the task whose queries are ``lists`` (article id → listed ids). Raises EvaluationError without a query."""
    corpus = snapshot.corpus
    draft = Task(snapshot, articles, as_of, (), 0, 0, 0)
    queries, reasons, targets, known = list[Judged](), list[Reason](), 0, 0
    for identity in sorted(lists):
        row = corpus.row(identity)
        found = [corpus.find(target) for target in lists[identity]]
        targets += len(found)
        known += sum(target is not None for target in found)
        mask = draft.allowed(row)
        relevant = tuple(dict.fromkeys(r for r in found if r is not None and mask[r]))
        if relevant:
            queries.append(Judged(row, relevant))
        else:
            reasons.append(reason(corpus, row, found))
    if not queries:
        raise EvaluationError(
            f"none of the {len(lists):,} curated lists holds an article that may be recommended: nothing to evaluate;"
            f" {sentence(counted(reasons), len(lists))}"
        )
    return Task(snapshot, articles, as_of, tuple(queries), len(reasons), targets, known, counted(reasons))
