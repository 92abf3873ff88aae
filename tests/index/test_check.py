from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from index.build import build
from index.check import Finding, check, self_recall
from index.store.publish import current_version, snapshots_folder
from index.store.snapshot import Snapshot
from recommender.articles import Article, Record
from recommender.articles.directory import Rows
from recommender.catalog import Catalog
from recommender.corpus.quantized import Column
from recommender.errors import NoSnapshotError, SnapshotError
from recommender.ranking.pool import Mask
from tests.index.samples import EDITORIAL, ENCODER, FILES, articles


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put(articles(9))
        build(tmp_path, catalog, ENCODER, kind="hnsw")
        yield catalog


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


def test_a_whole_store(tmp_path: Path, stored: Catalog) -> None:
    found = by_name(check(tmp_path, stored))
    assert all(finding.well for finding in found.values())
    # Five lists of two; the last one's targets are a009 and a010, which nobody knows.
    assert found["curated lists"].detail == "5 lists, 8 of 10 targets known"
    assert found["articles"].detail == "9 articles, 0 stubs"
    assert found["files"].detail.startswith(f"{len(FILES)} files, ")
    assert found["hnsw index"].detail == "recall@10 1.000 against brute force"
    assert found["snapshots"].detail == f"1 kept, {current_version(tmp_path)} in service"
    assert found["catalog"].detail == "as in the snapshot"


def test_a_catalog_that_has_moved_on(tmp_path: Path, stored: Catalog) -> None:
    stored.put([Record(Article(id="new", title="New"), "")])
    edited = next(article for article in stored.articles() if article.body)
    stored.put([Record(replace(edited, body=f"{edited.body} Corrected on Tuesday."), "")])
    found = by_name(check(tmp_path, stored))
    assert [what for what, finding in found.items() if not finding.well] == ["catalog"]
    assert found["catalog"].detail == "2 articles or lists differ; run: related-index build"


def test_editors_who_have_moved_on(tmp_path: Path, stored: Catalog) -> None:
    assert by_name(check(tmp_path, stored))["editors"].detail == "overrides of 0 articles, no site rules"
    stored.put_overrides("a001", EDITORIAL.overrides["a001"])
    found = by_name(check(tmp_path, stored))
    assert [what for what, finding in found.items() if not finding.well] == ["editors"]
    assert found["editors"].detail == "overrides or rules differ; run: related-index build"
    build(tmp_path, stored, ENCODER, kind="hnsw")
    assert by_name(check(tmp_path, stored))["editors"] == Finding(
        "editors", True, "overrides of 1 articles, no site rules"
    )


def test_a_store_that_cannot_be_opened(tmp_path: Path, stored: Catalog) -> None:
    with pytest.raises(NoSnapshotError):
        check(tmp_path / "other", stored)
    (snapshots_folder(tmp_path) / current_version(tmp_path) / "idf.npy").write_bytes(b"")
    with pytest.raises(SnapshotError, match=r"idf\.npy: damaged"):
        check(tmp_path, stored)


class Partly:
    """Neighbours of which the first ``wrong`` are left out."""

    kind = "exact"

    def __init__(self, snapshot: Snapshot, wrong: int) -> None:
        self._snapshot = snapshot
        self._wrong = wrong

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask) -> tuple[Rows, Column]:
        rows, similar = self._snapshot.neighbours.search(vector, k + self._wrong, allowed)
        return rows[self._wrong :], similar[self._wrong :]


@pytest.mark.parametrize(("wrong", "expected"), [(0, 1.0), (1, 0.9), (3, 0.7), (10, 0.0)])
def test_recall_counts_what_is_missing(optech: Snapshot, wrong: int, expected: float) -> None:
    partly = replace(optech, neighbours=Partly(optech, wrong))  # type: ignore[arg-type]
    assert self_recall(partly) == pytest.approx(expected, abs=0.002)
