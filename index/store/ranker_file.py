"""A site's own ranker, kept in its store: fitted by ``related-eval tune``, served from the next build on."""

from pathlib import Path

from index.store.filesystem import FileSystem
from recommender.ranking.ranker import Ranker, read_weights

NAME = "ranker.json"


def read_ranker(store: Path) -> Ranker | None:
    """Return the store's own ranker, None if it has none. Raises RankerError naming the file if it is damaged."""
    path = store / NAME
    return read_weights(path) if path.exists() else None


def write_ranker(store: Path, ranker: Ranker, filesystem: FileSystem | None = None) -> Path:
    """Put ``ranker`` in the place of the store's, whole or not at all, and return its path."""
    filesystem = filesystem or FileSystem()
    path, draft = store / NAME, store / f".{NAME}.new"
    filesystem.remove(draft)
    filesystem.write(draft, lambda sink: sink.write(ranker.to_json()))
    filesystem.replace(draft, path)
    filesystem.sync_folder(store)
    return path


def forget_ranker(store: Path) -> bool:
    """Go back to the ranker that is shipped; say whether there was another."""
    try:
        (store / NAME).unlink()
    except FileNotFoundError:
        return False
    return True
