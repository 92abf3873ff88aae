"""The Nth file-system call of a publish fails, once or from then on: what is in service stays whole."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from index.store.filesystem import FileSystem
from index.store.publish import locked, open_current, publish
from recommender.errors import PublishError
from tests.faults.publishing import WRONG, Edition, Publisher, assert_mended, violation


class Failing(FileSystem):
    """Raises ``code`` at the event of that number, or at every one from there on."""

    def __init__(self, first: int, code: int, *, for_ever: bool, named: bool = True) -> None:
        self.first, self.code, self.for_ever, self.named = first, code, for_ever, named
        self.events = 0
        self.path = Path()

    def event(self, operation: str, path: Path) -> None:
        self.events += 1
        if self.events == self.first or (self.for_ever and self.events > self.first):
            self.path = path
            raise OSError(self.code, os.strerror(self.code), *([str(path)] if self.named else []))


def fail_everywhere(
    fresh_store: Callable[[], Path], old: Edition, new: Edition, later: Edition, code: int, *, for_ever: bool
) -> int:
    """Fail the call 1, 2, … until the publish succeeds; return how many calls there were."""
    number = 0
    while True:
        number += 1
        store = fresh_store()
        disk = Failing(number, code, for_ever=for_ever)
        with locked(store):
            try:
                publish(store, new.source, keep=1, filesystem=disk)
            except PublishError as error:
                said = str(error)
            else:
                break
        assert violation(store, [old, new]) is None
        assert said == f"{disk.path}: {os.strerror(code)}; in service is {open_current(store).version}"
        assert_mended(store, later)
    assert violation(store, [new]) is None
    assert disk.events == number - 1
    return number - 1


def test_every_call_fails_once(fresh_store: Callable[[], Path], old: Edition, new: Edition, later: Edition) -> None:
    assert fail_everywhere(fresh_store, old, new, later, errno.EIO, for_ever=False) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_every_call_fails_in_every_way(
    fresh_store: Callable[[], Path], old: Edition, new: Edition, later: Edition, code: int, for_ever: bool
) -> None:
    calls = fail_everywhere(fresh_store, old, new, later, code, for_ever=for_ever)
    print(f"\n{errno.errorcode[code]} at each of {calls} calls, for ever: {for_ever}")  # noqa: T201
    assert calls >= 20


@pytest.mark.parametrize("number", [1, 2, 10])
def test_an_error_without_a_path_still_names_one(fresh_store: Callable[[], Path], new: Edition, number: int) -> None:
    """``os.fsync`` and ``write`` raise without a file name."""
    store = fresh_store()
    disk = Failing(number, errno.EIO, for_ever=False, named=False)
    with pytest.raises(PublishError, match=f"^{store}/snapshots.*: Input/output error"), locked(store):
        publish(store, new.source, keep=1, filesystem=disk)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_publisher_is_found_out(
    fresh_store: Callable[[], Path], old: Edition, new: Edition, wrong: Publisher
) -> None:
    """The checks above are able to fail."""
    found = []
    for number in range(1, 1_000):
        store = fresh_store()
        disk = Failing(number, errno.EIO, for_ever=False)
        try:
            wrong(store, new.source, keep=1, filesystem=disk)
        except OSError:
            found.append(violation(store, [old, new]))
        if disk.events < number:
            break
    assert len(found) >= 20
    assert any(found)
