"""``python -m index`` with an encoder that stops for ever at a given chunk of texts, to be killed there.

Run as ``slow_build.py CHUNK_TO_STOP_AT FILE_TO_SAY_SO_IN arguments of related-index …``.
"""

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from index import cli
from recommender.catalog import vector_cache as vectors
from recommender.corpus.encoder import Encoder, HashEncoder, Matrix

CHUNK = 8


class StoppingEncoder(HashEncoder):
    """The hash encoder, up to the chunk it stops at."""

    def __init__(self, stop_at: int, said: Path) -> None:
        super().__init__()
        self.stop_at, self.said, self.chunks = stop_at, said, 0

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return what the hash encoder returns, or never."""
        self.chunks += 1
        if self.chunks == self.stop_at:
            self.said.touch()
            time.sleep(300)
        return super().encode(texts)


def main() -> None:
    """Run the command line with that encoder."""
    stop_at, said = int(sys.argv[1]), Path(sys.argv[2])
    sys.argv[1:3] = []
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal, however the tests were started

    def make_encoder(_model: str) -> Encoder:
        return StoppingEncoder(stop_at, said)

    cli.make_encoder = make_encoder
    vectors.CHUNK = CHUNK
    cli.main()


if __name__ == "__main__":
    main()
