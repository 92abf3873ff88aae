"""One label of each of many articles, such as its section, kept as numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Categorical:
    """The labels of n articles: ``numbers`` ``(n,)`` int64, -1 for no label; ``codes`` label → number."""

    numbers: npt.NDArray[np.int64]
    codes: Mapping[str, int]

    @classmethod
    def from_labels(cls, labels: Sequence[str]) -> Self:
        """Number ``labels`` in alphabetical order; the empty string is no label."""
        codes = {name: code for code, name in enumerate(sorted({*labels} - {""}))}
        return cls(np.array([codes.get(label, -1) for label in labels], dtype=np.int64), codes)

    def extended(self, labels: Sequence[str]) -> "Categorical":
        """Return these labels followed by ``labels``; numbers that are given stay."""
        codes = dict(self.codes)
        for label in labels:
            if label:
                codes.setdefault(label, len(codes))
        new = np.array([codes.get(label, -1) for label in labels], dtype=np.int64)
        return Categorical(np.concatenate([self.numbers, new]), codes)

    def number(self, label: str) -> int:
        """Return the number of ``label``, -1 if no article has it."""
        return self.codes.get(label, -1)

    def where(self, fits: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """Return ``(n,)``: the articles whose label ``fits``, called once for each label; "" stands for none."""
        table = np.zeros(len(self.codes) + 1, dtype=bool)  # the last is for -1
        table[[code for name, code in self.codes.items() if fits(name)]] = True
        table[-1] = fits("")
        return np.asarray(table[self.numbers])
