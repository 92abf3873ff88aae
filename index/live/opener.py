"""Opening the snapshot that is current in a store, again and again, as often as it is worth it."""

import logging
import time
from datetime import datetime
from pathlib import Path

from index.store.publish import confirmed_at, current_version, open_current, version_or_none
from index.store.snapshot import Snapshot
from recommender.errors import NoSnapshotError, SnapshotError

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""How long a snapshot that could not be opened is left alone, unless another becomes current."""


class Opener:
    """Opens what is current in ``store``. One thread at a time.

    ``problem`` says why the last try failed, None if it did not; ``failures`` counts the tries that did, without those
    that found nothing published. ``confirmed_at`` is when a build last ended well, as far as is known.
    """

    def __init__(self, store: Path) -> None:
        self.problem: SnapshotError | None = None
        self.failures = 0
        self.confirmed_at: datetime | None = None
        self._store = store
        self._failed: tuple[str | None, float] | None = None  # version and time of the last try, if it failed

    def newer_than(self, served: Snapshot | None) -> Snapshot | None:
        """Return what is current now; None if it is ``served`` already or cannot be opened. Never raises."""
        found = None
        try:
            if served is None or current_version(self._store) != served.manifest.version:
                found = open_current(self._store)
                log.info("snapshot %s is in service", found.manifest.version)
            self.confirmed_at = confirmed_at(self._store)
            self.problem = self._failed = None
        except SnapshotError as error:
            self.failures += not isinstance(error, NoSnapshotError)
            self._failed = (version_or_none(self._store), time.monotonic())
            if str(error) != str(self.problem):
                log.warning("no new snapshot: %s", error)
            self.problem = error
        return found

    def worth_trying(self) -> bool:
        """Say whether to try now: the same damaged snapshot only now and then, for reading it whole costs much."""
        if self._failed is None or time.monotonic() - self._failed[1] >= RETRY_SECONDS:
            return True
        return version_or_none(self._store) != self._failed[0]
