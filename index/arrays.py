"""The arrays of a snapshot: which files they are, written from a corpus and read back only if they fit together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.corpus import VIEWS, Corpus
from recommender.errors import SnapshotError
from recommender.lexical import LexicalModel
from recommender.passages import Passages
from recommender.terms import BagModel, Lexicon, TermRows

SPARSE = ("whole", "brief", "title", "names", "tags")
"""The fields of TermRows, each in three files."""
ARRAYS: dict[str, type[np.generic]] = {
    "views.npy": np.float32,
    "passages.npy": np.int8,
    "passage_scales.npy": np.float32,
    "passage_ends.npy": np.int64,
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
"""``terms.json``: the columns of the sparse arrays: ``terms``, ``stop_words``, ``names``, ``tags``."""


def arrays_of(corpus: Corpus) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of ``corpus`` by file name, as they are to be written."""
    lexicon, passages = corpus.lexicon, corpus.passages
    found: dict[str, npt.NDArray[Any]] = {
        "views.npy": corpus.views,
        "passages.npy": passages.codes,
        "passage_scales.npy": passages.scales,
        "passage_ends.npy": passages.ends,
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
        words, rank, passages = len(terms["terms"]), self["components.npy"].shape[-1], len(self["passages.npy"])
        expected: dict[str, tuple[int, ...]] = {
            "views.npy": (count, len(VIEWS), dim),
            "passages.npy": (passages, dim),
            "passage_scales.npy": (passages,),
            "passage_ends.npy": (count + 1,),
            "fused.npy": (count, dim + rank),
            "centre.npy": (dim,),
            "components.npy": (words, rank),
            "idf.npy": (words,),
            "names_idf.npy": (len(terms["names"]),),
            "tags_idf.npy": (len(terms["tags"]),),
            **{f"{name}_data.npy": (self[f"{name}_data.npy"].size,) for name in SPARSE},
            **{f"{name}_indices.npy": (self[f"{name}_data.npy"].size,) for name in SPARSE},
            **{f"{name}_indptr.npy": (count + 1,) for name in SPARSE},
        }
        for name, shape in expected.items():
            if self[name].shape != shape:
                raise SnapshotError(f"{self.folder / name}: has shape {self[name].shape}, expected {shape}")
        self._check_ends("passage_ends.npy", passages)
        for name in SPARSE:  # SciPy believes its row pointers where a matrix is empty
            self._check_ends(f"{name}_indptr.npy", self[f"{name}_data.npy"].size)

    def passages(self) -> Passages:
        """Return the passages' vectors."""
        return Passages(self["passages.npy"], self["passage_scales.npy"], self["passage_ends.npy"])

    def terms(self) -> TermRows:
        """Return the bags of terms. Raises ValueError where one is no sound CSR matrix."""
        widths = {"names": len(self["names_idf.npy"]), "tags": len(self["tags_idf.npy"])}
        return TermRows(**{name: self._sparse(name, widths.get(name, len(self["idf.npy"]))) for name in SPARSE})

    def lexicon(self, terms: Terms) -> Lexicon:
        """Return the fitted models behind the terms."""
        return Lexicon(
            LexicalModel(terms["terms"], terms["stop_words"], self["idf.npy"], self["components.npy"]),
            BagModel(terms["names"], self["names_idf.npy"]),
            BagModel(terms["tags"], self["tags_idf.npy"]),
        )

    def _check_ends(self, name: str, count: int) -> None:
        ends = self[name]
        if ends[0] != 0 or ends[-1] != count or (ends[1:] < ends[:-1]).any():
            raise SnapshotError(f"{self.folder / name}: does not divide {count:,} entries among the articles")

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
