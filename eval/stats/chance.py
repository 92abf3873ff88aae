"""What a random ranking must score: the exact mean and variance of nDCG@k, to check the harness by."""

from dataclasses import dataclass

import numpy as np

from eval.task.task import Task

BAND = 3.29
"""Standard deviations either side: a correct harness leaves this band once in a thousand runs."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected mean nDCG@k of a random ranking over all queries, and the band around it."""

    mean: float
    low: float
    high: float


def expected_ndcg(task: Task, k: int) -> Expected:
    """Return what ``random`` must score on ``task``.

    With R relevant among N candidates, place i holds a relevant one with probability p = R/N, and two
    places covary by -p(1-p)/(N-1): sampling without replacement.
    """
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    means, variances = [], []
    for query in task.queries:
        count = int(task.allowed(query.row).sum())
        p = len(query.answers) / count
        d = discounts[: min(k, count)]
        ideal = discounts[: min(k, len(query.answers))].sum()
        spread = p * (1 - p)
        cross = d.sum() ** 2 - (d**2).sum()
        variance = spread * (d**2).sum() - (spread / (count - 1) * cross if count > 1 else 0.0)
        means.append(p * d.sum() / ideal)
        variances.append(max(0.0, variance) / ideal**2)
    mean = float(np.mean(means))
    deviation = float(np.sqrt(np.sum(variances)) / len(means))
    return Expected(mean, max(0.0, mean - BAND * deviation), mean + BAND * deviation)
