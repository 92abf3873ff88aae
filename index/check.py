"""Checking a store: is the snapshot in service whole, and is it the catalog's latest state?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.store.publish import open_current, snapshots_folder
from index.store.retention import Held, held
from index.store.snapshot import Snapshot
from recommender.catalog import Catalog

SAMPLE = 200
RECALL_AT = 10
MIN_RECALL = 0.95


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: what, whether it is well, and the figure or reason."""

    what: str
    well: bool
    detail: str


def check(store: Path, catalog: Catalog) -> list[Finding]:
    """Check the current snapshot of ``store``; raises SnapshotError if it cannot be opened at all."""
    snapshot = open_current(store)
    manifest = snapshot.manifest
    size = sum(entry.size for entry in manifest.files.values())
    recall = self_recall(snapshot)
    resolved, targets = _resolved(snapshot)
    changed = _changed(snapshot, catalog)
    return [
        Finding("files", True, f"{len(manifest.files)} files, {size / 1e6:,.1f} MB, every SHA-256 as in the manifest"),
        Finding("articles", True, f"{manifest.articles:,} articles, {manifest.stubs:,} stubs"),
        Finding("curated lists", True, f"{manifest.curated_lists:,} lists, {resolved:,} of {targets:,} targets known"),
        Finding(
            f"{manifest.index} index", recall >= MIN_RECALL, f"recall@{RECALL_AT} {recall:.3f} against brute force"
        ),
        Finding(
            "catalog",
            not changed,
            f"{changed:,} articles or lists differ; run: related-index build" if changed else "as in the snapshot",
        ),
        _decided(snapshot, catalog),
        Finding("snapshots", True, _kept(held(snapshots_folder(store)), manifest.version)),
    ]


def _kept(found: Held, current: str) -> str:
    unreadable = f"; {', '.join(map(str, found.unreadable))} cannot be read" if found.unreadable else ""
    return f"{len(found.readable)} kept, {current} in service{unreadable}"


def self_recall(snapshot: Snapshot) -> float:
    """Return the mean recall@10 of the index against brute-force numpy, over a seeded sample of articles."""
    fused = snapshot.corpus.fused
    rows = np.random.default_rng(0).permutation(len(fused))[:SAMPLE]
    everything = np.ones(len(fused), dtype=bool)
    k = min(RECALL_AT, len(fused))
    shares = []
    for row in rows:
        exact = np.argsort(-(fused @ fused[row]), kind="stable")[:k]
        found, _ = snapshot.neighbours.search(fused[row], k, everything)
        # Rows that tie with the last exact one are as good as it.
        worst = float((fused[exact] @ fused[row]).min()) - 1e-4
        shares.append(float((fused[found] @ fused[row] >= worst).sum()) / k)
    return float(np.mean(shares))


def _resolved(snapshot: Snapshot) -> tuple[int, int]:
    targets = [target for ids in snapshot.lists.values() for target in ids]
    return sum(snapshot.corpus.find(target) is not None for target in targets), len(targets)


def _decided(snapshot: Snapshot, catalog: Catalog) -> Finding:
    """Whether the snapshot holds what editors decided as the catalog has it."""
    held = snapshot.editorial
    same = held == catalog.editorial()
    detail = f"overrides of {len(held.overrides):,} articles, {'site' if held.text else 'no site'} rules"
    return Finding("editors", same, detail if same else "overrides or rules differ; run: related-index build")


def _changed(snapshot: Snapshot, catalog: Catalog) -> int:
    """How many articles and curated lists of the catalog are not as the snapshot holds them, or are missing."""
    now = {snapshot.corpus.card(article) for article in catalog.articles()}
    lists = {(item.article_id, item.targets) for item in catalog.curated_lists()}
    cards = {card.id for card in now ^ set(snapshot.corpus.cards)}
    return len(cards) + len({key for key, _ in lists ^ set(snapshot.lists.items())})
