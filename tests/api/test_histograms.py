"""Histograms that take many observations at once, against the library's own, which takes one at a time."""

import random

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from api.histograms import BatchHistogram, WithHistograms

BOUNDS = (0, 2**-10, 0.25, 1, 10)
"""Numbers that add up without rounding, in any order."""


def lines(registry: CollectorRegistry) -> list[str]:
    """What Prometheus would read, but for when a series began."""
    return [line for line in generate_latest(registry).decode().splitlines() if "_created{" not in line]


def test_they_say_what_the_librarys_own_say() -> None:
    rng = random.Random(5)
    ours, theirs, store = CollectorRegistry(), CollectorRegistry(), CollectorRegistry()
    batch = BatchHistogram("seconds", "Time.", ["route", "status"], BOUNDS, store)
    ours.register(WithHistograms(store.collect, [batch]))
    single = Histogram("seconds", "Time.", ["route", "status"], buckets=BOUNDS, registry=theirs)
    assert lines(ours) == lines(theirs), "without a series"
    for _ in range(20):
        route, status = rng.choice("ab"), rng.choice(["2xx", "4xx"])
        observed = [rng.choice([*BOUNDS, 0.25 + 2**-20, 11.0, 0.125]) for _ in range(rng.randrange(50))]
        batch.observe((route, status), observed)
        child = single.labels(route, status)
        for value in observed:
            child.observe(value)
        assert lines(ours) == lines(theirs)


def test_a_series_may_be_there_before_anything_is_observed() -> None:
    ours, store = CollectorRegistry(), CollectorRegistry()
    batch = BatchHistogram("lengths", "Lengths.", ["status"], BOUNDS, store)
    ours.register(WithHistograms(store.collect, [batch]))
    batch.observe(("ok",), ())
    assert ours.get_sample_value("lengths_bucket", {"status": "ok", "le": "+Inf"}) == 0
    assert ours.get_sample_value("lengths_count", {"status": "ok"}) == 0
    assert ours.get_sample_value("lengths_created", {"status": "ok"})
    assert ours.get_sample_value("lengths_count", {"status": "thin"}) is None
