"""Histograms for Prometheus that take many observations at once.

The library's own Histogram takes one at a time, which costs about as much as a cached answer does. Here each bucket is
one of the library's counters, which several worker processes add up as any others; histograms are made of them when
they are asked for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

IN_BUCKET, ADDED = "_in_bucket", "_added"
"""What the names of the counters end with: observations in one bucket alone, and the sum of what was observed."""
Labels = tuple[str, ...]


class BatchHistogram:
    """One histogram, kept in counters of ``store``. ``bounds`` are the upper bounds of its buckets, rising.

    ``labels`` are the names of its labels.
    """

    def __init__(
        self, name: str, text: str, labels: Sequence[str], bounds: Sequence[float], store: CollectorRegistry
    ) -> None:
        self.name = name
        self._text = text
        self._labels = tuple(labels)
        self._bounds = np.array(bounds, dtype=np.float64)
        self._ends = [*(str(float(bound)) for bound in bounds), "+Inf"]
        self._in_bucket = Counter(f"{name}{IN_BUCKET}", text, [*labels, "le"], registry=store)
        self._added = Counter(f"{name}{ADDED}", text, labels, registry=store)
        self._series: dict[Labels, tuple[list[Counter], Counter]] = {}

    def observe(self, values: Labels, observed: Sequence[float]) -> None:
        """Add what was ``observed`` under these values of the labels; nothing, to have the series there with zeros."""
        if values not in self._series:
            in_bucket = [self._in_bucket.labels(*values, end) for end in self._ends]
            self._series[values] = in_bucket, self._added.labels(*values)
        in_bucket, added = self._series[values]
        for bucket, count in enumerate(np.bincount(np.searchsorted(self._bounds, observed)).tolist()):
            if count:
                in_bucket[bucket].inc(count)
        added.inc(sum(observed))

    def family(self, in_bucket: Metric, added: Metric) -> Metric:
        """Return the histogram that the two counters come to."""
        counts: dict[Labels, dict[str, float]] = defaultdict(dict)
        for sample in in_bucket.samples:
            if sample.name.endswith("_total"):
                counts[self._values(sample.labels)][sample.labels["le"]] = sample.value
        found = HistogramMetricFamily(self.name, self._text, labels=self._labels)
        for sample in added.samples:
            values = self._values(sample.labels)
            if sample.name.endswith("_total"):
                up_to = np.cumsum([counts[values].get(end, 0.0) for end in self._ends]).tolist()
                found.add_metric(values, list(zip(self._ends, up_to, strict=True)), sample.value)
            elif sample.name.endswith("_created"):
                found.add_sample(f"{self.name}_created", sample.labels, sample.value)
        return found

    def _values(self, labels: dict[str, str]) -> Labels:
        return tuple(labels[name] for name in self._labels)


class WithHistograms(Collector):
    """The metrics that ``counted`` yields, with the ``histograms`` in place of the counters that they are kept in."""

    def __init__(self, counted: Callable[[], Iterable[Metric]], histograms: Sequence[BatchHistogram]) -> None:
        self._counted = counted
        self._histograms = {f"{each.name}{IN_BUCKET}": each for each in histograms}

    def collect(self) -> Iterator[Metric]:
        """Yield them as they are now."""
        metrics = {metric.name: metric for metric in self._counted()}
        sums = {f"{each.name}{ADDED}" for each in self._histograms.values()}
        for name, metric in metrics.items():
            if histogram := self._histograms.get(name):
                yield histogram.family(metric, metrics[f"{histogram.name}{ADDED}"])
            elif name not in sums:
                yield metric

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are checked when they are collected."""
        return ()
