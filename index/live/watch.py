"""Watching sources: what changed in them since the last reading goes the way of a PUT, what disappeared of a DELETE."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import orjson

from index.live.writer import Writer
from recommender.articles import Record
from recommender.batches import batched
from recommender.catalog.source_log import SourceLog, digest_of
from recommender.errors import RecommenderError, SourceError, without_password
from recommender.files import replace_file
from recommender.sources import LeftOut, Note, ReadOptions, Rejected, read

log = logging.getLogger(__name__)

BATCH = 50
"""Records that are stored and embedded together: so many are served at once."""
MAX_SHRINK = 0.2
"""A larger share of a source's articles is not removed in one round, unless that is asked for."""
STATUS = "sources.json"


@dataclass(frozen=True, slots=True)
class Round:
    """What one reading of one source came to.

    ``absent``: articles that it held before and not now; all of them are ``removed``, or none, and ``kept`` says why.
    ``error``: why it could not be read, or not to its end.
    """

    articles: int
    stored: int
    removed: int
    absent: int
    rejected: int
    kept: str
    error: str
    seconds: float

    def __str__(self) -> str:
        said = [f"{self.articles:,} articles, {self.stored:,} new or changed, {self.removed:,} removed"]
        if self.rejected:
            said.append(f"{self.rejected:,} rejected")
        if self.kept:
            said.append(f"{self.absent:,} that are not in it any more are kept: {self.kept}")
        if self.error:
            said.append(f"failed: {self.error}")
        return f"{'; '.join(said)} ({self.seconds:.1f} s)"


@dataclass(slots=True)
class _Reading:
    """What is found while a source is read."""

    articles: int = 0
    rejected: int = 0
    partial: str = ""
    error: str = ""

    def told(self, item: LeftOut | Note) -> None:
        if isinstance(item, Note) and item.partial:
            self.partial = item.text


class Watch:
    """Reads one source again and again; ``stop`` ends a reading early.

    ``force``: whatever disappeared is removed, however much that is.
    """

    def __init__(
        self,
        source: str,
        options: ReadOptions,
        writer: Writer,
        held: SourceLog,
        stop: Event,
        *,
        force: bool = False,
    ) -> None:
        self._stop = stop
        self.source = source
        self._options = options
        self._writer = writer
        self._held = held
        self._force = force

    def round(self) -> Round:
        """Read the source, store what is new or changed, remove what is gone; an error ends it and is said.

        Nothing is removed unless the source was read whole, is complete (a feed is not: it shows the newest entries),
        and lost no more than MAX_SHRINK of its articles.
        """
        started, reading, stored, removed = time.monotonic(), _Reading(), 0, 0
        before, seen = {}, dict[str, str]()
        gone: set[str] = set()
        kept = ""
        try:
            before = self._held.digests(self.source)
            for some in batched(self._changed(reading, before, seen), BATCH):
                self._writer.put(some)
                self._held.note(self.source, {record.article.id: seen[record.article.id] for record in some})
                stored += len(some)
            gone = before.keys() - seen.keys()
            kept = self._why_kept(reading, gone, before) if gone else ""
            if gone and not kept:
                removed = self._remove(gone)
        except RecommenderError as error:
            reading.error = reading.error or str(error)
        seconds = time.monotonic() - started
        return Round(
            reading.articles, stored, removed, len(gone), reading.rejected, kept, reading.error, round(seconds, 3)
        )

    def _changed(self, reading: _Reading, before: dict[str, str], seen: dict[str, str]) -> Iterator[Record]:
        """Yield the records that are not as they were; all are put down in ``seen``."""
        for item in read([self.source], options=self._options, told=reading.told):
            if self._stop.is_set():
                reading.error = "interrupted"
                return
            if isinstance(item, Rejected):
                reading.rejected += 1
                if isinstance(item.error, SourceError) and not reading.error:
                    reading.error = str(item.error)  # which the round's own line says
                else:
                    log.warning("%s", item.error)
                continue
            reading.articles += 1
            digest = seen[item.article.id] = digest_of(item)
            if before.get(item.article.id) != digest:
                yield item
        if not reading.articles and not reading.error:
            reading.error = f"{without_password(self.source)}: it holds no article"

    def _why_kept(self, reading: _Reading, gone: set[str], before: dict[str, str]) -> str:
        """Why what is ``gone`` may not be removed; empty: it may."""
        if reading.error:
            return "the source was not read whole"
        if reading.partial:
            return reading.partial
        if self._force:
            return ""
        if reading.rejected:
            return "they may be among those that were rejected (--force removes them)"
        if len(gone) > max(1, MAX_SHRINK * len(before)):
            return f"they are more than {MAX_SHRINK:.0%} of the {len(before):,} it held (--force removes them)"
        return ""

    def _remove(self, gone: set[str]) -> int:
        """Remove articles that are in no other source either, and return how many."""
        only_here = sorted(gone - self._held.elsewhere(self.source, gone))
        for identity in only_here:
            self._writer.remove(identity)
            self._held.note(self.source, {}, [identity])
        self._held.note(self.source, {}, gone)
        return len(only_here)


def read_all(watches: Sequence[Watch], store: Path, stop: Event) -> bool:
    """Read every source once, log a line of each, and say whether all could be read; ``stop`` ends it in between."""
    well = True
    for each in watches:
        if stop.is_set():
            break
        done = each.round()
        log.log(logging.WARNING if done.error else logging.INFO, "%s: %s", without_password(each.source), done)
        note_status(store, each.source, done)
        well = well and not done.error
    return well


def note_status(store: Path, source: str, done: Round) -> None:
    """Write down what became of ``source`` for /metrics and operators, in one step. Raises OSError."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    status, name = read_status(store), without_password(source)
    succeeded = status.get(name, {}).get("succeeded_at") if done.error else now
    status[name] = {"read_at": now, "succeeded_at": succeeded, **asdict(done)}
    replace_file(store / STATUS, orjson.dumps(status, option=orjson.OPT_INDENT_2), 0o644)


def read_status(store: Path) -> dict[str, dict[str, object]]:
    """Return what became of each source when it was read last, by its name; empty where none was watched yet."""
    try:
        found = orjson.loads((store / STATUS).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
