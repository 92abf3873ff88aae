"""The arrays of a snapshot: which files they are, written from a corpus and read back only if they fit together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.corpus.corpus import Corpus
from recommender.corpus.fingerprints import Fingerprints, Rarity
from recommender.corpus.lexical import LexicalModel
from recommender.corpus.lexicon import BagModel, Lexicon
from recommender.corpus.quantized import VIEWS, QuantizedVectors
from recommender.corpus.terms import SHORT, TermRows
from recommender.errors import SnapshotError

SPARSE = ("whole", "short")
"""The fields of TermRows, each in three files."""
ARRAYS: dict[str, type[np.generic]] = {
    "packed.npy": np.int8,
    "packed_scales.npy": np.float32,
    "packed_ends.npy": np.int64,
    "fingerprints.npy": np.uint32,
    "fingerprint_ends.npy": np.int64,
    "shared_words.npy": np.uint32,
    "shared_words_holders.npy": np.int32,
    "fused.npy": np.float32,
    "centre.npy": np.float32,
    "components.npy": np.float32,
    "idf.npy": np.float32,
    "names_idf.npy": np.float32,
    "tags_idf.npy": np.float32,
    **{f"{name}_data.npy": np.float32 for name in SPARSE},
    **{f"{name}_indices.npy": np.int32 for name in SPARSE},
    **{f"{name}_indptr.npy": np.int64 for name in SPARSE},
}
"""File → what it holds."""

Terms = Mapping[str, tuple[str, ...]]
"""``terms.json``: the columns of the sparse arrays: ``terms``, ``names``, ``tags``; and of what the words were made.

``stop_words`` and ``languages`` as LexicalModel has them; ``function_words`` holds the version of all lists.
"""


def arrays_of(corpus: Corpus) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of ``corpus`` by file name, as they are to be written."""
    lexicon, quantized, fingerprints = corpus.lexicon, corpus.quantized, corpus.fingerprints
    found: dict[str, npt.NDArray[Any]] = {
        "packed.npy": quantized.codes,
        "packed_scales.npy": quantized.scales,
        "packed_ends.npy": quantized.ends,
        "fingerprints.npy": fingerprints.words,
        "fingerprint_ends.npy": fingerprints.ends,
        "shared_words.npy": fingerprints.rarity.shared,
        "shared_words_holders.npy": fingerprints.rarity.holders,
        "fused.npy": corpus.fused,
        "centre.npy": corpus.fusion.centre,
        "components.npy": lexicon.words.components,
        "idf.npy": lexicon.words.idf,
        "names_idf.npy": lexicon.names.idf,
        "tags_idf.npy": lexicon.tags.idf,
    }
    for name in SPARSE:
        rows = getattr(corpus.terms, name)
        for part in ("data", "indices", "indptr"):
            found[f"{name}_{part}.npy"] = getattr(rows, part)
    return {name: np.ascontiguousarray(array, dtype=ARRAYS[name]) for name, array in found.items()}


@dataclass(frozen=True, slots=True)
class ArrayFiles:
    """The arrays in a snapshot's ``folder``, memory-mapped. ``check`` them before anything is made of them."""

    folder: Path
    arrays: Mapping[str, npt.NDArray[Any]]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map every array. Raises SnapshotError naming the file that is none, or of another type, or not finite."""
        return cls(folder, {name: _array(folder / name, dtype) for name, dtype in ARRAYS.items()})

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.arrays[name]

    def check(self, count: int, dim: int, terms: Terms) -> None:
        """Check every shape for ``count`` articles and vectors of ``dim``. Raises SnapshotError naming the file."""
        words, rank, vectors = len(terms["terms"]), self["components.npy"].shape[-1], len(self["packed.npy"])
        expected: dict[str, tuple[int, ...]] = {
            "packed.npy": (vectors, dim),
            "packed_scales.npy": (vectors,),
            "packed_ends.npy": (count + 1,),
            "fingerprints.npy": (self["fingerprints.npy"].size,),
            "fingerprint_ends.npy": (count + 1,),
            "shared_words.npy": (self["shared_words.npy"].size,),
            "shared_words_holders.npy": (self["shared_words.npy"].size,),
            "fused.npy": (count, dim + rank),
            "centre.npy": (dim,),
            "components.npy": (words, rank),
            "idf.npy": (words,),
            "names_idf.npy": (len(terms["names"]),),
            "tags_idf.npy": (len(terms["tags"]),),
            **{f"{name}_data.npy": (self[f"{name}_data.npy"].size,) for name in SPARSE},
            **{f"{name}_indices.npy": (self[f"{name}_data.npy"].size,) for name in SPARSE},
            "whole_indptr.npy": (count + 1,),
            "short_indptr.npy": (count * len(SHORT) + 1,),
        }
        for name, shape in expected.items():
            if self[name].shape != shape:
                raise SnapshotError(f"{self.folder / name}: has shape {self[name].shape}, expected {shape}")
        self._check_ends("packed_ends.npy", vectors, least=len(VIEWS))
        self._check_ends("fingerprint_ends.npy", self["fingerprints.npy"].size)
        self._check_rising("fingerprints.npy", self["fingerprint_ends.npy"])
        self._check_rising("shared_words.npy", np.zeros(0, np.int64))
        self._check_holders(count)
        for name in SPARSE:  # SciPy believes its row pointers where a matrix is empty
            self._check_ends(f"{name}_indptr.npy", self[f"{name}_data.npy"].size)

    def quantized(self) -> QuantizedVectors:
        """Return the vectors of views and passages."""
        return QuantizedVectors(self["packed.npy"], self["packed_scales.npy"], self["packed_ends.npy"])

    def fingerprints(self) -> Fingerprints:
        """Return the words of the articles, and how rare each is."""
        ends = self["fingerprint_ends.npy"]
        rarity = Rarity(len(ends) - 1, self["shared_words.npy"], self["shared_words_holders.npy"])
        return Fingerprints(self["fingerprints.npy"], ends, rarity)

    def terms(self) -> TermRows:
        """Return the bags of terms. Raises ValueError where one is no sound CSR matrix."""
        words = len(self["idf.npy"])
        width = words + len(self["names_idf.npy"]) + len(self["tags_idf.npy"])
        return TermRows(self._sparse("whole", words), self._sparse("short", width))

    def lexicon(self, terms: Terms) -> Lexicon:
        """Return the fitted models behind the terms."""
        return Lexicon(
            LexicalModel(
                terms["terms"], terms["stop_words"], self["idf.npy"], self["components.npy"], terms["languages"]
            ),
            BagModel(terms["names"], self["names_idf.npy"]),
            BagModel(terms["tags"], self["tags_idf.npy"]),
        )

    def _check_ends(self, name: str, count: int, least: int = 0) -> None:
        ends = self[name]
        if ends[0] != 0 or ends[-1] != count or (ends[1:] < ends[:-1]).any() or (np.diff(ends) < least).any():
            raise SnapshotError(f"{self.folder / name}: does not divide {count:,} entries among the articles")

    def _check_rising(self, name: str, ends: npt.NDArray[np.int64]) -> None:
        """Words are looked up by bisection: they must rise, but for where the next article begins."""
        words = self[name]
        falls = np.flatnonzero(words[1:] <= words[:-1]) + 1
        if not np.isin(falls, ends).all():
            raise SnapshotError(f"{self.folder / name}: words that do not rise")

    def _check_holders(self, count: int) -> None:
        name = "shared_words_holders.npy"
        if not ((self[name] > 1) & (self[name] <= count)).all():
            raise SnapshotError(f"{self.folder / name}: expected numbers from 2 to {count:,}, the articles there are")

    def _sparse(self, name: str, width: int) -> sp.csr_matrix:
        parts = tuple(self[f"{name}_{part}.npy"] for part in ("data", "indices", "indptr"))
        rows = sp.csr_matrix(parts, (len(parts[2]) - 1, width))
        rows.check_format(full_check=True)
        return rows


def _array(path: Path, dtype: type[np.generic]) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode="r")  # unlike np.load: .npy or nothing
    except Exception as error:  # NumPy parses the header as Python, and fails in as many ways
        raise SnapshotError(f"{path}: no array ({error})") from error
    if array.dtype != dtype:
        raise SnapshotError(f"{path}: holds {array.dtype}, expected {np.dtype(dtype)}")
    if not np.isfinite(array).all():
        raise SnapshotError(f"{path}: a number in it is not finite")
    return array
