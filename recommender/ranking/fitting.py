"""Fitting a ranker to what editors picked: weights by a listwise loss, then a calibrated scale.

The weights minimise the cross entropy between each editor's list and the softmax of the sums over its pool
(ListNet's top-one loss: Cao et al., 2007), shrunk towards a prior and never negative. Then one slope and one bias
make the logistic of the sum a probability (Platt, 1999); a second bias serves where no list is known at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from recommender.corpus.encoder import Matrix
from recommender.errors import RankerError
from recommender.ranking.ranker import Ranker, features
from recommender.ranking.signals import RELATIVE, SIGNALS

SHRINK = 300.0
"""Pull of a relative signal's weights towards the prior: half of it times the squared distance is added to the loss."""
SHRINK_ABSOLUTE = 100.0
"""Pull of the weights of a signal that is not relative: such signals are mostly 0, and their weights larger."""
TOP = 20
"""The scale is calibrated on the best so many of each pool: those that may ever be shown."""
SLOPE_FROM = 0.05
DECIMALS = 4

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One query's pool: ``inputs`` ``(m, s, 2)`` float32 as the weights see them, ``picked`` ``(m,)`` bool.

    ``weight`` is what the query counts in a fit.
    """

    inputs: Matrix
    picked: npt.NDArray[np.bool_]
    weight: float = 1.0

    @classmethod
    def from_signals(cls, signals: Matrix, picked: npt.NDArray[np.bool_], weight: float = 1.0) -> "Example":
        """Return the example of a pool's ``(m, s)`` signals."""
        return cls(features(signals), picked, weight)


def fit(
    examples: Sequence[Example],
    prior: Ranker,
    origin: str,
    *,
    shrink: float = 1.0,
    without: frozenset[str] = frozenset(),
) -> Ranker:
    """Return the calibrated ranker that fits ``examples``, drawn towards ``prior`` (``shrink`` times SHRINK).

    Signals named in ``without`` weigh 0. Raises RankerError if no example has a picked candidate in its pool.
    """
    used = [example for example in examples if example.picked.any()]
    if not used:
        raise RankerError("no list has a picked article among its candidates: there is nothing to learn from")
    start = prior.weights.astype(np.float64)
    start[[name in without for name in SIGNALS]] = 0.0
    pull = np.where(RELATIVE[:, None], SHRINK, SHRINK_ABSOLUTE) * np.full((1, 2), shrink)
    bounds = [(0.0, 0.0 if name in without else None) for name in SIGNALS for _ in range(2)]
    loss = _Loss(used, np.maximum(start, 0.0).ravel(), pull.ravel())
    weights = minimize(loss, loss.prior, jac=True, method="L-BFGS-B", bounds=bounds).x.reshape(-1, 2)
    slope, bias = _calibrate(used, weights)
    alone = _calibrate(used, weights * RELATIVE[:, None], slope)[1]
    named = dict(zip(SIGNALS, np.round(weights * slope, DECIMALS).tolist(), strict=True))
    return Ranker.from_weights(named, round(bias, DECIMALS), origin, bias_alone=round(alone, DECIMALS))


class _Loss:
    """The loss of flat weights and its gradient."""

    def __init__(self, examples: Sequence[Example], prior: Vector, pull: Vector) -> None:
        sizes = np.array([len(example.picked) for example in examples])
        self.prior = prior
        self._pull = pull
        self._inputs = np.concatenate([e.inputs.reshape(len(e.inputs), -1) for e in examples])
        self._starts = np.cumsum(sizes) - sizes
        self._pool = np.repeat(np.arange(len(sizes)), sizes)
        shares = [e.picked * (e.weight / e.picked.sum()) for e in examples]
        self._targets = np.concatenate(shares)
        self._weights = np.array([e.weight for e in examples])

    def __call__(self, weights: Vector) -> tuple[float, Vector]:
        sums = (self._inputs @ weights.astype(np.float32)).astype(np.float64)
        sums -= np.maximum.reduceat(sums, self._starts)[self._pool]
        powers = np.exp(sums)
        totals = np.add.reduceat(powers, self._starts)
        entropy = -(self._targets * (sums - np.log(totals)[self._pool])).sum()
        error = powers * (self._weights / totals)[self._pool] - self._targets
        away = weights - self.prior
        gradient = (error.astype(np.float32) @ self._inputs).astype(np.float64) + self._pull * away
        return float(entropy + 0.5 * (self._pull * away**2).sum()), gradient


def _calibrate(examples: Sequence[Example], weights: Vector, slope: float | None = None) -> tuple[float, float]:
    """Return (slope, bias) of the logistic that fits the top of each pool, by weighted maximum likelihood.

    A ``slope`` that is given stays as it is.
    """
    sums, picked, counts = [], [], []
    for example in examples:
        total = (example.inputs * weights.astype(np.float32)).sum(axis=(1, 2), dtype=np.float64)
        best = np.argsort(-total, kind="stable")[:TOP]
        sums.append(total[best])
        picked.append(example.picked[best])
        counts.append(np.full(len(best), example.weight))
    x, y, w = np.concatenate(sums), np.concatenate(picked).astype(np.float64), np.concatenate(counts)

    def loss(at: Vector) -> tuple[float, Vector]:
        logits = at[0] * x + at[1]
        error = w * (expit(logits) - y)
        value = (w * (np.logaddexp(0.0, logits) - y * logits)).sum()
        # one picked and one unpicked pair at nothing known: keeps the slope finite where all agree
        return float(value + 0.5 * (at**2).sum() * 1e-3), np.array([error @ x, error.sum()]) + 1e-3 * at

    bounds = [(SLOPE_FROM, None) if slope is None else (slope, slope), (None, None)]
    found = minimize(loss, np.array([slope or 1.0, -3.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), float(found[1])
