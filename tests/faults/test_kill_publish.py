"""kill -9 of a real process at every file-system event of a publish: the old snapshot or the new one, never a mix."""

import os
import shutil
import signal
import traceback
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from index.store.filesystem import FileSystem
from index.store.publish import locked, open_current, publish
from index.store.writing import Contents
from tests.faults.publishing import WRONG, Edition, Publisher, assert_mended, violation

SURVIVED = 0

# What Python 3.12 says of any fork beside other threads; the child here only publishes, and dies.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


class Dying(FileSystem):
    """Kills its process at the event of that number."""

    def __init__(self, last: int) -> None:
        self.left = last

    def event(self, operation: str, path: Path) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def publish_in_child(store: Path, source: Contents, publisher: Publisher, last: int) -> bool:
    """Publish in a process of its own that dies at event ``last``; return whether it got there."""
    child = os.fork()
    if child == 0:
        try:
            with locked(store):
                publisher(store, source, keep=1, filesystem=Dying(last))
            os._exit(SURVIVED)
        except BaseException:  # nothing of this process's may go on in pytest
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == SURVIVED
    return False


def kill_everywhere(
    fresh_store: Callable[[], Path],
    edition: Edition,
    publisher: Publisher,
    allowed: Collection[Edition | None],
    then: Callable[[Path], None] = lambda _store: None,
) -> tuple[int, list[str]]:
    """Kill the publish at event 1, 2, … until it survives; return how many events there were, and the violations."""
    found = []
    number = 1
    while publish_in_child(store := fresh_store(), edition.source, publisher, number):
        if problem := violation(store, allowed):
            found.append(f"event {number}: {problem}")
        then(store)
        number += 1
    if problem := violation(store, [edition]):
        found.append(f"undisturbed: {problem}")
    return number - 1, found


def test_every_event_of_an_update(
    fresh_store: Callable[[], Path],
    events: int,
    old: Edition,
    new: Edition,
    later: Edition,
    capsys: pytest.CaptureFixture[str],
) -> None:
    served = []

    def then(store: Path) -> None:
        served.append(open_current(store).version)
        assert_mended(store, later)

    killed, found = kill_everywhere(fresh_store, new, publish, [old, new], then)
    with capsys.disabled():
        print(f"\nkilled at each of {killed} events of an update: {len(found)} violations")  # noqa: T201
    assert killed == events >= 20
    assert found == []
    # The switch happens once, and there is no way back.
    switch = served.index(new.version)
    assert served == [old.version] * switch + [new.version] * (events - switch)
    assert 0 < switch < events


@pytest.mark.slow
def test_every_event_of_the_first_publish(tmp_path: Path, new: Edition, later: Edition) -> None:
    def nothing() -> Path:
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
        return tmp_path / "store"

    events, found = kill_everywhere(nothing, new, publish, [None, new], lambda store: assert_mended(store, later))
    assert events >= 20
    assert found == []


@pytest.mark.slow
def test_every_event_of_a_publish_of_what_is_there(
    fresh_store: Callable[[], Path], old: Edition, later: Edition
) -> None:
    events, found = kill_everywhere(fresh_store, old, publish, [old], lambda store: assert_mended(store, later))
    assert events >= 20
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("damaged", ["packed.npy", "manifest.json"])
def test_every_event_of_a_repair_can_be_repaired(
    fresh_store: Callable[[], Path], old: Edition, later: Edition, damaged: str
) -> None:
    """There is nothing good to keep in service here, but nothing may be in the next build's way."""

    def damaged_store() -> Path:
        store = fresh_store()
        (store / "snapshots" / old.version / damaged).write_bytes(b"")
        return store

    events = 0
    while publish_in_child(store := damaged_store(), old.source, publish, events + 1):
        assert_mended(store, old if events % 2 else later, old.version if damaged == "manifest.json" else "")
        events += 1
    assert events >= 20
    assert violation(store, [old]) is None


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_publisher_is_found_out(
    fresh_store: Callable[[], Path], events: int, old: Edition, new: Edition, wrong: Publisher
) -> None:
    """The checks above are able to fail. Late events suffice: that is where the wrong ones differ."""
    for number in range(events - 20, 2 * events):
        if not publish_in_child(store := fresh_store(), new.source, wrong, number):
            break
        if violation(store, [old, new]):
            return
    pytest.fail("no kill did any harm")
