"""The snapshot in service, with its tail: notices what is published or changed by itself, and swaps it in between
requests.
"""  # noqa: D205 - one sentence

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread

from index.live.change_signal import ChangeSignal
from index.live.tail import Tail
from index.store.manifest import read_manifest
from index.store.publish import confirmed_at, current_version, open_current, snapshots_folder, version_or_none
from index.store.snapshot import Snapshot
from recommender.catalog import Catalog, Origin
from recommender.errors import CatalogError, CatalogLostError, NoSnapshotError, SnapshotError

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""How long a snapshot that could not be opened is left alone, unless another becomes current."""


class Live:
    """Holds the store's current snapshot and its tail. A request takes ``snapshot()`` once and uses only that.

    A snapshot that cannot be opened never replaces a good one: the old stays in service, ``problem`` says
    why, ``failures`` counts the tries, and it is tried again now and then, or at once when another becomes
    current. So are changes that cannot be read; ``lost`` says why the catalog is not the right
    one, while it is not: then nothing may be written. Without a ``catalog`` there is no tail. What editors decided for
    a time ends within ``poll_seconds`` of that time, by ``clock``, and holds again if that is set back.
    """

    def __init__(
        self,
        store: Path,
        poll_seconds: float = 0.5,
        catalog: Catalog | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self.catalog = catalog
        self.problem: SnapshotError | None = None
        self.failures = 0
        self.lost: CatalogLostError | None = None
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._failed: tuple[str | None, float] | None = None
        self._unread: str | None = None
        self._signal: ChangeSignal | None = None
        self._heard: bytes | None = None
        self._base: Snapshot | None = None
        self._tail: Tail | None = None
        self._whole: Snapshot | None = None
        self._snapshot: Snapshot | None = None
        self._moment: datetime | None = None
        self._opening = Lock()
        self._following = Lock()
        self._confirmed: datetime | None = None
        self._stop = Event()
        self._thread: Thread | None = None

    def snapshot(self) -> Snapshot:
        """Return the snapshot in service. Raises SnapshotError while there is none."""
        snapshot = self._snapshot
        if snapshot is None:
            raise self.problem or NoSnapshotError(f"{self.store}: nothing is published yet")
        return snapshot

    @property
    def behind(self) -> bool:
        """Whether changes of the catalog could not be followed the last time: they are stored, and not served yet."""
        return self._unread is not None

    @property
    def confirmed_at(self) -> datetime:
        """When a build last ended well, also one that found nothing to change. Raises SnapshotError without any."""
        built = self.snapshot().manifest.built_at
        return max(built, self._confirmed or built)

    def has_changes(self) -> bool:
        """Say whether some process announced a change that is not followed here yet; costs next to nothing."""
        return self._signal is not None and self._signal.token() != self._heard

    async def caught_up(self) -> Snapshot:
        """Return the snapshot in service, with every change that was announced. Raises SnapshotError."""
        if self.has_changes():
            await asyncio.to_thread(self._catch_up)
        return self.snapshot()

    def notify(self) -> None:
        """Announce a change of the catalog to every process that serves this store."""
        if self._signal is None:
            self._signal = ChangeSignal(self.store)
        self._signal.notify()

    def refresh(self) -> None:
        """Open the snapshot that is current now, unless it is in service already, and follow its tail. Never raises."""
        with self._opening:
            found = self._opened()  # takes long: nobody who has a change to follow waits for it
            with self._following:
                if found is not None:
                    self._base, self._tail = found, None
                self._follow()

    def follow(self) -> None:
        """Follow the tail of the snapshot in service up to now. Never raises."""
        with self._following:
            self._follow()

    def _catch_up(self) -> None:
        """Follow what was announced, unless it was followed meanwhile."""
        with self._following:
            if self.has_changes():
                self._follow()

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

    def _opened(self) -> Snapshot | None:
        """Return what is current now, unless it is in service already or cannot be opened."""
        found = None
        try:
            if self._base is None or current_version(self.store) != self._base.manifest.version:
                found = open_current(self.store)
                log.info("snapshot %s is in service", found.manifest.version)
            self._confirmed = confirmed_at(self.store)
            self.problem = self._failed = None
        except SnapshotError as error:
            self.failures += not isinstance(error, NoSnapshotError)
            self._failed = (version_or_none(self.store), time.monotonic())
            if str(error) != str(self.problem):
                log.warning("no new snapshot: %s", error)
            self.problem = error
        return found

    def _follow(self) -> None:
        if self._base is None:
            return
        now: Snapshot | None = self._base if self._tail is None else None
        heard = self._heard
        try:
            if self.catalog is not None:
                self._listen()
                # Before reading: what changes meanwhile is announced again.
                heard = self._signal.token() if self._signal else None
                now = self._changed(self._base, self.catalog)
                self._unread = self.lost = None
        except CatalogError as error:
            self.lost = error if isinstance(error, CatalogLostError) else None
            if str(error) != self._unread:
                log.warning("changes cannot be read: %s", error)
            self._unread = str(error)
        finally:
            self._serve(now)
            # Only now: a request that comes while changes are read waits for them, and is not answered from before.
            # Also where they cannot be read: the poll tries again, and no request waits for such a catalog.
            self._heard = heard

    def _changed(self, base: Snapshot, catalog: Catalog) -> Snapshot:
        """The snapshot with its tail as it is now. Raises CatalogError."""
        if self._tail is None:
            self._tail = Tail(base, catalog, self._origin(base))
        elif self.lost:
            self._tail.resume(self._origin(base))
        return self._tail.now()

    def _serve(self, now: Snapshot | None) -> None:
        """Put ``now`` in service, or what is in service already, as of this moment."""
        serving, moment = self._snapshot, self._clock()
        if now is not None and now is not self._whole:
            self._whole = serving = now
        elif self._moment is not None and moment < self._moment:
            serving = self._whole  # the clock was set back: what was over may be in force again
        self._moment = moment
        if serving is not None:
            self._snapshot = serving.in_force_at(moment)  # in one step: nobody sees again what is over

    def _origin(self, base: Snapshot) -> Origin | None:
        """What ``base`` was built from, by its manifest as it is now: a build may have renewed that."""
        try:
            entry = read_manifest(snapshots_folder(self.store) / base.manifest.version).catalog
        except SnapshotError:
            return None
        return entry.origin if entry else None

    def _listen(self) -> None:
        """Have a bell; of a store that cannot be written here say once how its changes come."""
        before = self._signal
        if before is None or before.silent:
            self._signal = ChangeSignal(self.store)
        if before is None and self._signal and not self._signal.writable:
            how = f"are looked for every {self._poll_seconds:g} s" if self._signal.silent else "are heard of at once"
            log.info("%s is read-only here: nothing can be changed; changes made elsewhere %s", self.store, how)

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            try:
                if self._worth_trying():
                    self.refresh()
                else:
                    self.follow()
            except Exception:  # whatever it is: a server that looks no more would go stale in silence
                log.exception("looking for what is new failed, and is tried again")

    def _worth_trying(self) -> bool:
        """Not again and again the same damaged snapshot: reading it whole costs more than a poll."""
        if self._failed is None or time.monotonic() - self._failed[1] >= RETRY_SECONDS:
            return True
        return version_or_none(self.store) != self._failed[0]
