"""Two snapshots compared: what an operator reads before switching from one to the other."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from eval.catalogue.beyond import gini
from eval.catalogue.lists import Lists, related_lists, rounded, title_of
from eval.compare.churn import Churn, ListChange, churn, most_changed, pairs_of
from eval.compare.matching import GONE, matched
from index.store.manifest import NAME, Manifest
from index.store.publish import CURRENT, open_current, snapshots_folder
from index.store.reading import open_snapshot
from index.store.snapshot import Snapshot
from recommender.articles.directory import Rows
from recommender.errors import EvaluationError, SnapshotError

FITTED = {"version", "built_at", "files", "semantic_scale", "lexical_scale"}
"""Entries that differ in the manifests of any two builds, and are not compared."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two snapshots: its name in the output, and figures of its lists (see eval.catalogue.beyond.Beyond)."""

    name: str
    version: str
    built_at: str
    articles: int
    coverage: float
    gini: float
    largest: int
    orphans: int


@dataclass(frozen=True, slots=True)
class Change:
    """One entry in which the manifests differ; None where one of them does not have it."""

    what: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One article, and in how many lists it stands before and after; None where that snapshot lacks it."""

    id: str
    title: str
    before: int | None
    after: int | None

    @property
    def rise(self) -> int:
        """How many more lists hold it."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Turnover:
    """What happens to the articles, counted, each with the greatest movements (ties by id).

    ``edited``: in both snapshots with another text. ``orphaned``: in both, in a list of a and in none of b.
    ``hubs``: whose in-degree rose most, new articles included.
    """

    common: int
    edited: int
    added: int
    removed: int
    orphaned: int
    hubs: tuple[Moved, ...]
    new_orphans: tuple[Moved, ...]
    added_articles: tuple[Moved, ...]
    removed_articles: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """From snapshot ``a`` to snapshot ``b``, over their related lists of length k.

    ``lists`` and ``changed`` are about the articles in both: the same id, or an id that became another's former id.
    """

    k: int
    a: Side
    b: Side
    manifests: tuple[Change, ...]
    lists: Churn
    changed: tuple[ListChange, ...]
    articles: Turnover

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name, for JSON: dictionaries and lists, numbers rounded to six digits."""
        return {name: rounded(value) for name, value in asdict(self).items()}


def open_either(path: Path) -> Snapshot:
    """Open the snapshot in the folder ``path``, or the one that the store ``path`` serves. Raises SnapshotError."""
    now = datetime.now(UTC)
    try:
        if (path / NAME).exists():
            return open_snapshot(path).in_force_at(now)
        if (path / CURRENT).exists() or snapshots_folder(path).is_dir():
            return open_current(path).in_force_at(now)
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read ({error.strerror})") from error
    raise SnapshotError(f"{path}: neither a snapshot (it has no {NAME}) nor a store (it has no {CURRENT})")


def diff_snapshots(
    a: Snapshot,
    b: Snapshot,
    k: int = 10,
    top: int = 10,
    on_article: Callable[[int], None] = lambda _: None,
    *,
    names: tuple[str, str] = ("A", "B"),
) -> Diff:
    """Return what changes from ``a`` to ``b`` in the lists of length ``k``, with at most ``top`` examples of each kind.

    ``on_article`` is called for every list, of ``a`` and then of ``b``; ``names`` are those of the output.
    Raises EvaluationError if they have no article in common or ``k`` is below 1.
    """
    to_b = matched(a.corpus, b.corpus)
    common = np.flatnonzero(to_b != GONE)
    if not len(common):
        raise EvaluationError(f"{names[0]} and {names[1]} have no article in common: there is nothing to compare")
    to_a = np.full(len(b.corpus), GONE)
    to_a[to_b[common]] = common
    lists_a, lists_b = related_lists(a, k, on_article), related_lists(b, k, on_article)
    pairs = pairs_of(lists_a, lists_b, to_b)
    return Diff(
        k,
        _side(names[0], a, lists_a),
        _side(names[1], b, lists_b),
        manifest_changes(a.manifest, b.manifest),
        churn(pairs, to_a),
        most_changed(pairs, a.corpus, b.corpus, to_a, top),
        _turnover(a, b, to_b, lists_a.in_degree, lists_b.in_degree, top),
    )


def manifest_changes(a: Manifest, b: Manifest) -> tuple[Change, ...]:
    """Return the entries in which two manifests differ (model, counts, weights, index …), in the manifest's order.

    Those of FITTED are left out: the version, the time, the files, and the scales fitted anew to every corpus.
    """
    said_a, said_b = (_leaves("", m.model_dump(mode="json", exclude=FITTED)) for m in (a, b))
    names = dict.fromkeys([*said_a, *said_b])
    return tuple(Change(n, said_a.get(n), said_b.get(n)) for n in names if said_a.get(n) != said_b.get(n))


def _leaves(name: str, value: object) -> dict[str, str]:
    if isinstance(value, dict):
        return {k: v for key, item in value.items() for k, v in _leaves(f"{name} {key}".lstrip(), item).items()}
    if isinstance(value, float):
        return {name: f"{value:.6g}"}
    return {name: "none" if value is None else str(value)}


def _side(name: str, snapshot: Snapshot, lists: Lists) -> Side:
    degrees = lists.in_degree
    return Side(
        name,
        snapshot.manifest.version,
        snapshot.manifest.built_at.isoformat(),
        len(degrees),
        float((degrees > 0).mean()),
        gini(degrees),
        int(degrees.max()),
        int((degrees == 0).sum()),
    )


def _turnover(a: Snapshot, b: Snapshot, to_b: Rows, before: Rows, after: Rows, top: int) -> Turnover:
    cards_a, cards_b = a.corpus.cards, b.corpus.cards
    both = {int(there): here for here, there in enumerate(to_b) if there != GONE}
    in_b = [
        Moved(card.id, title_of(card), int(before[both[row]]) if row in both else None, int(after[row]))
        for row, card in enumerate(cards_b)
    ]
    removed = [
        Moved(card.id, title_of(card), int(before[row]), None) for row, card in enumerate(cards_a) if to_b[row] == GONE
    ]
    added = [moved for moved in in_b if moved.before is None]
    orphaned = [moved for moved in in_b if moved.before and not moved.after]
    return Turnover(
        common=len(both),
        edited=sum(cards_a[here].text_sha256 != cards_b[there].text_sha256 for there, here in both.items()),
        added=len(added),
        removed=len(removed),
        orphaned=len(orphaned),
        hubs=_first((moved for moved in in_b if moved.rise > 0), top),
        new_orphans=_first(orphaned, top),
        added_articles=_first(added, top),
        removed_articles=_first(removed, top),
    )


def _first(moved: Iterable[Moved], top: int) -> tuple[Moved, ...]:
    return tuple(sorted(moved, key=lambda m: (-abs(m.rise), m.id))[:top])
