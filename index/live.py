"""The snapshot in service: notices a newly published one by itself and swaps it in between requests."""

import logging
import time
from pathlib import Path
from threading import Event, Lock, Thread

from index.publish import current_version, open_current, version_or_none
from index.snapshot import Snapshot
from recommender.errors import NoSnapshotError, SnapshotError

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""How long a snapshot that could not be opened is left alone, unless another becomes current."""


class Live:
    """Holds the store's current snapshot. A request takes ``snapshot()`` once and uses only that.

    A snapshot that cannot be opened never replaces a good one: the old stays in service, ``problem`` says
    why, and it is tried again now and then, or at once when another becomes current.
    """

    def __init__(self, store: Path, poll_seconds: float = 0.5) -> None:
        self.store = store
        self.problem: SnapshotError | None = None
        self._poll_seconds = poll_seconds
        self._failed: tuple[str | None, float] | None = None
        self._snapshot: Snapshot | None = None
        self._refreshing = Lock()
        self._stop = Event()
        self._thread: Thread | None = None

    def snapshot(self) -> Snapshot:
        """Return the snapshot in service. Raises SnapshotError while there is none."""
        snapshot = self._snapshot
        if snapshot is None:
            raise self.problem or NoSnapshotError(f"{self.store}: nothing is published yet")
        return snapshot

    def refresh(self) -> None:
        """Open the snapshot that is current now, unless it is in service already. Never raises."""
        with self._refreshing:
            try:
                if self._snapshot is None or current_version(self.store) != self._snapshot.version:
                    self._snapshot = open_current(self.store)
                    log.info("snapshot %s is in service", self._snapshot.version)
                self.problem = self._failed = None
            except SnapshotError as error:
                self._failed = (version_or_none(self.store), time.monotonic())
                if str(error) != str(self.problem):
                    log.warning("no new snapshot: %s", error)
                self.problem = error

    def start(self) -> None:
        """Open what is current, and go on looking in a thread."""
        self.refresh()
        self._stop.clear()
        self._thread = Thread(target=self._watch, name="snapshot-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            if self._worth_trying():
                self.refresh()

    def _worth_trying(self) -> bool:
        """Not again and again the same damaged snapshot: reading it whole costs more than a poll."""
        if self._failed is None or time.monotonic() - self._failed[1] >= RETRY_SECONDS:
            return True
        return version_or_none(self.store) != self._failed[0]
