"""The snapshot in service, with its tail: notices by itself what is published or changed, and serves it at once."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread

from index.live.change_signal import ChangeSignal
from index.live.opener import Opener
from index.live.tail import Tail
from index.store.manifest import read_manifest
from index.store.publish import snapshots_folder
from index.store.snapshot import Snapshot
from recommender.catalog import Catalog, Origin
from recommender.errors import CatalogError, CatalogLostError, NoSnapshotError, SnapshotError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Served:
    """What is served: ``now``, which is ``whole`` as of ``moment``. ``whole`` is ``base`` with its ``tail``.

    ``base`` is as it was opened. There is no ``tail`` before its changes were read for the first time.
    """

    base: Snapshot | None = None
    tail: Tail | None = None
    whole: Snapshot | None = None
    now: Snapshot | None = None
    moment: datetime | None = None

    def show(self, whole: Snapshot | None, moment: datetime) -> None:
        """Serve ``whole`` as of ``moment``; without it, what is served already."""
        shown = self.now
        if whole is not None and whole is not self.whole:
            self.whole = shown = whole
        elif self.moment is not None and moment < self.moment:
            shown = self.whole  # the clock was set back: what was over may be in force again
        self.moment = moment
        if shown is not None:
            self.now = shown.in_force_at(moment)  # in one step: nobody sees again what is over


@dataclass(slots=True)
class Followed:
    """How far the catalog's changes are followed: all that were announced until ``signal`` showed ``token``.

    ``fault`` says why they could not be read the last time, None if they could.
    """

    signal: ChangeSignal | None = None
    token: bytes | None = None
    fault: CatalogError | None = None


class Live:
    """Holds the store's current snapshot and its tail. A request takes ``snapshot()`` once and uses only that.

    A snapshot that cannot be opened never replaces a good one: the old stays in service, and the new is tried again now
    and then, or at once when another becomes current. Nor do changes that cannot be read. Without a ``catalog`` there
    is no tail. What editors decided for a time ends within ``poll_seconds`` of that time, by ``clock``, and holds again
    if the clock is set back.

    Two locks: whoever opens a snapshot holds ``_opening``, for long, and changes only ``_opener``. Whoever changes
    ``_served`` or ``_followed`` holds ``_following``; requests read both without a lock, one field at a time.
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
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._opening = Lock()
        self._opener = Opener(store)
        self._following = Lock()
        self._served = Served()
        self._followed = Followed()
        self._stop = Event()
        self._thread: Thread | None = None

    def snapshot(self) -> Snapshot:
        """Return the snapshot in service. Raises SnapshotError while there is none."""
        snapshot = self._served.now
        if snapshot is None:
            raise self.problem or NoSnapshotError(f"{self.store}: nothing is published yet")
        return snapshot

    @property
    def problem(self) -> SnapshotError | None:
        """Why the snapshot that is current could not be opened the last time; None if it could."""
        return self._opener.problem

    @property
    def failures(self) -> int:
        """How often a snapshot could not be opened."""
        return self._opener.failures

    @property
    def behind(self) -> bool:
        """Whether changes of the catalog could not be read the last time: they are stored, and not served yet."""
        return self._followed.fault is not None

    @property
    def lost(self) -> CatalogLostError | None:
        """Why the catalog is not the one that the snapshot was built from, while it is not: nothing may be written."""
        fault = self._followed.fault
        return fault if isinstance(fault, CatalogLostError) else None

    @property
    def confirmed_at(self) -> datetime:
        """When a build last ended well, also one that found nothing to change. Raises SnapshotError without any."""
        built = self.snapshot().manifest.built_at
        return max(built, self._opener.confirmed_at or built)

    def has_changes(self) -> bool:
        """Say whether some process announced a change that is not followed here yet; costs next to nothing."""
        followed = self._followed
        return followed.signal is not None and followed.signal.token() != followed.token

    async def caught_up(self) -> Snapshot:
        """Return the snapshot in service, with every change that was announced. Raises SnapshotError."""
        if self.has_changes():
            await asyncio.to_thread(self._catch_up)
        return self.snapshot()

    def notify(self) -> None:
        """Announce a change of the catalog to every process that serves this store."""
        if self._followed.signal is None:
            self._followed.signal = ChangeSignal(self.store)
        self._followed.signal.notify()

    def refresh(self) -> None:
        """Open the snapshot that is current now, unless it is in service already, and follow its tail. Never raises."""
        with self._opening:
            found = self._opener.newer_than(self._served.base)  # takes long: who only follows does not wait for it
            with self._following:
                if found is not None:
                    self._served.base, self._served.tail = found, None
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

    def _follow(self) -> None:
        served, followed = self._served, self._followed
        if served.base is None:
            return
        whole = served.base if served.tail is None else None
        token = followed.token
        try:
            if self.catalog is not None:
                self._listen()
                # Before reading: what changes meanwhile is announced again.
                token = followed.signal.token() if followed.signal else None
                whole = self._with_tail(served.base, self.catalog)
                followed.fault = None
        except CatalogError as error:
            if str(error) != str(followed.fault):
                log.warning("changes cannot be read: %s", error)
            followed.fault = error
        finally:
            served.show(whole, self._clock())
            # Only now: a request that comes while changes are read waits for them, and is not answered from before.
            # Also where they cannot be read: the poll tries again, and no request waits for such a catalog.
            followed.token = token

    def _with_tail(self, base: Snapshot, catalog: Catalog) -> Snapshot:
        """Return ``base`` with its tail as it is now. Raises CatalogError."""
        served = self._served
        if served.tail is None:
            served.tail = Tail(base, catalog, self._origin(base))
        elif self.lost:
            served.tail.resume(self._origin(base))
        return served.tail.now()

    def _origin(self, base: Snapshot) -> Origin | None:
        """Return what ``base`` was built from, by its manifest on disk, which a later build may have renewed."""
        try:
            entry = read_manifest(snapshots_folder(self.store) / base.manifest.version).catalog
        except SnapshotError:
            return None
        return entry.origin if entry else None

    def _listen(self) -> None:
        """Map the change signal; of a store that is read-only here, log once how its changes are noticed."""
        before = self._followed.signal
        if before is not None and not before.silent:
            return
        signal = self._followed.signal = ChangeSignal(self.store)
        if before is None and not signal.writable:
            how = f"are looked for every {self._poll_seconds:g} s" if signal.silent else "are heard of at once"
            log.info("%s is read-only here: nothing can be changed; changes made elsewhere %s", self.store, how)

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            try:
                if self._opener.worth_trying():
                    self.refresh()
                else:
                    self.follow()
            except Exception:  # whatever it is: a server that looks no more would go stale in silence
                log.exception("looking for what is new failed, and is tried again")
