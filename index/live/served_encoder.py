"""The encoder of the snapshot in service: made when the first text arrives, and only if it is that very model."""

from collections.abc import Callable
from threading import Lock

from index.store.manifest import ModelEntry
from recommender.corpus.encoder import Encoder, make_encoder
from recommender.errors import EncoderError


class ServedEncoder:
    """Keeps one encoder, that of the snapshot in service."""

    def __init__(self, make: Callable[[str], Encoder] = make_encoder) -> None:
        self._make = make
        self._encoder: Encoder | None = None
        self._lock = Lock()

    def encoder(self, model: ModelEntry) -> Encoder:
        """Return the encoder of ``model``. Raises EncoderError if it is not to be had in that revision."""
        with self._lock:
            known = self._encoder
            if known is None or (known.name, known.revision) != (model.name, model.revision):
                known = self._make(model.name)
                if known.revision != model.revision:
                    raise EncoderError(
                        f"the snapshot was built with {model.name}@{model.revision}, installed is @{known.revision}"
                    )
                self._encoder = known
            return known
