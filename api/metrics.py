"""What Prometheus can ask at ``/metrics``. Labels are route templates and fixed words, never what a client sent."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.caching import Document
from api.histograms import BatchHistogram, WithHistograms
from index.live.live import Live
from index.live.watch import read_status
from index.store.snapshot import Snapshot
from recommender.errors import SnapshotError

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LENGTHS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 50, 100)
WORKERS = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable: the folder in which several worker processes add up their numbers."""
Noted = tuple[str, int, float, Document | None]
"""An answer: its route, its status, the seconds it took, and what the route said of it."""

router = APIRouter(include_in_schema=False)


class Metrics:
    """The numbers of one process: requests, the cache of answers, lists; and the facts about its snapshot.

    ``hits`` counts answers from memory since the last ``fold``, ``noted`` holds all answers since then. ``registry``
    has all of it as Prometheus asks for it; where several worker processes share a folder, the sums of their numbers.
    """

    def __init__(self, live: Live) -> None:
        self._facts = SnapshotFacts(live)
        counters = CollectorRegistry()
        self._requests = BatchHistogram(
            "related_request_seconds",
            "Time to answer, by route and class of status.",
            ["route", "status"],
            SECONDS,
            counters,
        )
        answers = Counter(
            "related_cached_answers",
            "GETs of articles and lists: from memory (hit), computed (miss), or computed by an equal request (shared).",
            ["result"],
            registry=counters,
        )
        self._lists = BatchHistogram(
            "related_list_length",
            "Items of the related lists served; thin: fewer than asked for.",
            ["status"],
            LENGTHS,
            counters,
        )
        self._fillers = Counter(
            "related_fallback_items",
            "Items that only fill a list up; related_list_length_sum counts all.",
            registry=counters,
        )
        self.cache = {result: answers.labels(result) for result in ("hit", "miss", "shared")}
        for status in ("ok", "thin"):
            self._lists.observe((status,), ())  # so that both are there from the start
        self.hits = 0
        self.noted: list[Noted] = []
        self.registry = CollectorRegistry()
        several = WORKERS in os.environ
        counted = MultiProcessCollector(None) if several else counters  # type: ignore[no-untyped-call]
        self.registry.register(WithHistograms(counted.collect, (self._requests, self._lists)))
        self.registry.register(self._facts)
        if not several:
            ProcessCollector(registry=self.registry)

    def fold(self) -> None:
        """Count what was noted: many answers at once take a small part of the time that one by one they take."""
        noted, self.noted = self.noted, []
        hits, self.hits = self.hits, 0
        self.cache["hit"].inc(hits)
        times: dict[tuple[str, int], list[float]] = defaultdict(list)
        lengths: dict[str, list[float]] = defaultdict(list)
        fillers = 0
        for route, status, seconds, document in noted:
            times[route, status // 100].append(seconds)
            if document is not None and document.length is not None:
                lengths["thin" if document.thin else "ok"].append(document.length)
                fillers += document.fillers
        for (route, group), values in times.items():
            self._requests.observe((route, f"{group}xx"), values)
        for fullness, values in lengths.items():
            self._lists.observe((fullness,), values)
        self._fillers.inc(fillers)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return the numbers as text, of all worker processes together, and its media type."""
        self.fold()
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type


class SnapshotFacts(Collector):
    """The facts about what is in service, as they are at each request for the numbers."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def collect(self) -> Iterable[Metric]:
        """Yield whether there is a snapshot, failures to open one, and the facts about the one in service."""
        try:
            snapshot = self._live.snapshot()
        except SnapshotError:
            snapshot = None
        yield GaugeMetricFamily("related_snapshot_in_service", "1 if lists can be served.", snapshot is not None)
        yield CounterMetricFamily(
            "related_snapshot_failures", "Snapshots that could not be opened, tries counted.", self._live.failures
        )
        if snapshot is not None:
            yield from _facts(snapshot)
        yield from _sources(read_status(self._live.store))

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are checked when they are collected."""
        return ()


def _sources(status: Mapping[str, Mapping[str, Any]]) -> Iterable[Metric]:
    """What ``related-index watch`` wrote down of each source; nothing where none is watched."""
    read = GaugeMetricFamily("related_source_read_age_seconds", "Time since a source was read.", labels=["source"])
    well = GaugeMetricFamily("related_source_ok", "1 if it could be read whole then.", labels=["source"])
    held = GaugeMetricFamily("related_source_articles", "Articles that it held then.", labels=["source"])
    now = datetime.now(UTC)
    for name, each in status.items():
        read.add_metric([name], (now - datetime.fromisoformat(each["read_at"])).total_seconds())
        well.add_metric([name], not each["error"])
        held.add_metric([name], each["articles"])
    return (read, well, held) if status else ()


def _facts(snapshot: Snapshot) -> Iterable[Metric]:
    found, now = snapshot.manifest, datetime.now(UTC)
    yield InfoMetricFamily(
        "related_snapshot", "The snapshot in service.", {"version": found.version, "model": found.model.name}
    )
    yield GaugeMetricFamily("related_snapshot_articles", "Articles in it, without stubs.", found.articles)
    yield GaugeMetricFamily("related_snapshot_stubs", "Stubs in it.", found.stubs)
    yield GaugeMetricFamily(
        "related_snapshot_age_seconds", "Time since it was built.", (now - found.built_at).total_seconds()
    )
    yield GaugeMetricFamily("related_tail_articles", "Articles changed or removed since then.", snapshot.tail_size)
    yield GaugeMetricFamily("related_pending_articles", "Articles that wait to be embedded.", len(snapshot.pending))
    newest = snapshot.corpus.directory.newest(now)  # that of the manifest is as old as the build
    if newest is not None:
        age = (now - newest).total_seconds()
        yield GaugeMetricFamily("related_newest_article_age_seconds", "Age of its newest article.", age)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return the numbers for Prometheus. Like the probes it waits for no thread."""
    found: Metrics = request.app.state.metrics
    content, media_type = found.exposition(request.headers.get("accept", ""))
    return Response(content, headers={"Content-Type": media_type})
