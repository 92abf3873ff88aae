"""How the time of a call grows with its input, on a machine that does other things too."""

import time
from collections.abc import Callable

FLOOR = 0.05
"""Seconds below which a time says nothing."""
TRIES = 5


def best_time(call: Callable[[], object]) -> float:
    """Return the shortest of TRIES times, in seconds: what other work of the machine adds is left out."""
    times = []
    for _ in range(TRIES):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def grows_linearly(call: Callable[[int], object], size: int) -> bool:
    """Say whether ten times the ``size`` takes ``call`` at most forty times as long, or less than FLOOR.

    A linear call takes ten times as long, a quadratic one a hundred times; in between is room for a busy machine.
    """
    return best_time(lambda: call(10 * size)) <= max(FLOOR, 40 * best_time(lambda: call(size)))
