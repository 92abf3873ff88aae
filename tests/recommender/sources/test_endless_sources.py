"""Sources that never end, or never begin: an error that names them, in bounded time and memory."""

import gzip
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from recommender.sources import jsonl, opened
from tests.recommender.makers import lines, split

GOOD = b'{"id": "good", "title": "T"}\n'
MIB = 1024**2

READ = """
import json, re, sys
from pathlib import Path
from recommender.sources import Rejected, read
def peak():  # not ru_maxrss: a child begins with its parent's
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
found, rejected, first, last, ignored = 0, 0, "", "", []
for item in read([Path(sys.argv[1])], told=lambda item: ignored.append(Path(item.place).name)):
    if isinstance(item, Rejected):
        rejected, last = rejected + 1, str(item.error)
        first = first or last
    else:
        found += 1
grown = peak() - before
print(json.dumps([found, rejected, first, last, ignored, grown / 1024]))
"""


class Outcome(NamedTuple):
    found: int
    rejected: int
    first: str
    last: str
    ignored: list[str]
    grown: float
    """MiB of memory at most."""


def read_in_child(path: Path) -> Outcome:
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    outcome = Outcome(*json.loads(done.stdout))
    seconds = time.monotonic() - started
    print(f"{path.name}: {outcome.grown:.0f} MiB, {seconds:.1f} s, {outcome.last}")  # noqa: T201
    return outcome


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(name: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(name)


def listening(path: Path) -> None:
    place = socket.socket(socket.AF_UNIX)
    here = os.open(path.parent, os.O_RDONLY)
    place.bind(f"/proc/self/fd/{here}/{path.name}")  # the whole path may be too long for a socket's
    os.close(here)
    place.close()


def sparse(head: bytes, size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(head)
            file.truncate(size)

    return make


def bomb(part: bytes, head: bytes = GOOD) -> Callable[[Path], None]:
    """A gzip of two hundred times ``part``, which are unpacked one after the other."""
    return lambda path: path.write_bytes(gzip.compress(head) + 200 * gzip.compress(part, 6)) and None


LONG = b'{"id": "a", "title": "T", "body": "' + b"x" * 20_000 + b'"}\n'
NOTHING = {
    "pipe.jsonl": (fifo, "a named pipe (FIFO)"),
    "pipe.jsonl.gz": (fifo, "a named pipe (FIFO)"),
    "pipe.txt": (fifo, "a named pipe (FIFO)"),
    "zero.jsonl": (device("/dev/zero"), "a device"),
    "zero.ndjson.gz": (device("/dev/zero"), "a device"),
    "random.txt": (device("/dev/urandom"), "a device"),
    "null.jsonl": (device("/dev/null"), "a device"),
    "tty.jsonl": (device("/dev/ptmx"), "a device"),
    "socket.jsonl": (listening, "a socket"),
    "socket.txt": (listening, "a socket"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_regular_file_is_not_opened(name: str, tmp_path: Path) -> None:
    make, kind = NOTHING[name]
    make(tmp_path / name)
    started = time.monotonic()
    for named in (tmp_path / name, tmp_path):
        found, errors = split([named])
        assert found == []
        assert [str(error) for error in errors] == [f"{tmp_path / name}: it is {kind}, expected a regular file"]
    assert time.monotonic() - started < 5


def test_a_folder_with_such_things_is_read_without_them(tmp_path: Path) -> None:
    for number, (make, _) in enumerate(NOTHING.values()):
        make(tmp_path / f"{number}{list(NOTHING)[number]}")
    fifo(tmp_path / "pipe")
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "again").symlink_to(tmp_path)
    lines(tmp_path / "good.jsonl", [{"id": "good", "title": "T"}])
    outcome = read_in_child(tmp_path)
    assert (outcome.found, outcome.rejected, outcome.ignored) == (1, len(NOTHING) + 1, ["pipe"])


ENDLESS = {
    "one-line.jsonl": (sparse(GOOD, 1 << 40), 1, ":2: the line is longer than 1,073,741,824 bytes"),
    "two-gb.jsonl": (sparse(GOOD + b'{"id": "b", "title": "', 2 << 30), 1, ":2: the line is longer than"),
    "page.txt": (sparse(b"Title\n", 1 << 40), 0, "the file is larger than the limit of 8,000,000 bytes"),
    "zeros.jsonl.gz": (bomb(bytes(16 * MIB)), 1, ": the gzip stream unpacks to more than 200 times its size"),
    "blank.jsonl.gz": (bomb(b"\n" * 16 * MIB), 1, ":100001: 100,000 lines in a row hold no article"),
    "rubbish.jsonl.gz": (bomb(b"x\n" * 8 * MIB), 1, ":100001: 100,000 lines in a row hold no article"),
    "articles.jsonl.gz": (bomb(LONG * 800), None, "the gzip stream unpacks to more than 200 times its size"),
    "nested.jsonl": (lambda p: p.write_bytes(GOOD + b"[" * 15 * MIB + b"\n"), 1, ":2: not valid JSON"),
    "objects.jsonl": (lambda p: p.write_bytes(GOOD + b'{"a":' * 3 * MIB + b"\n"), 1, ":2: not valid JSON"),
    "wide.jsonl": (lambda p: p.write_bytes(GOOD + b"[" + b"0," * 7 * MIB + b"0]\n"), 1, ":2: expected a JSON object"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_does_not_end_is_read_so_far(name: str, tmp_path: Path) -> None:
    make, found, message = ENDLESS[name]
    make(tmp_path / name)
    outcome = read_in_child(tmp_path / name)
    assert message in outcome.last
    assert outcome.last.startswith(f"{tmp_path / name}:")
    assert 0 < outcome.grown < 300
    assert found is None or outcome.found == found


def test_a_file_over_the_limit_is_read_up_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "MAX_FILE", 3 * len(GOOD))
    monkeypatch.setattr(opened, "RATIO_FROM", 0)
    for name, write in (("a.jsonl", Path.write_bytes), ("a.jsonl.gz", lambda p, d: p.write_bytes(gzip.compress(d)))):
        path = tmp_path / name
        write(path, GOOD * 3)
        assert not split([path])[1]
        write(path, GOOD * 4)
        found, errors = split([path])
        assert len(found) == 3
        assert str(errors[0]) == f"{path}: the file holds more than {3 * len(GOOD):,} bytes: the rest is not read"


def test_ordinary_archives_are_no_bombs(tmp_path: Path) -> None:
    """As much text as gzip makes little of, and many lines in a row that are no articles."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(LONG * 800))  # a thousand to one, but little
    found, errors = split([path])
    assert len(found) == 800
    assert not errors
    path = tmp_path / "b.jsonl"
    path.write_bytes(b"{}\n" * (jsonl.MAX_BARREN - 1) + GOOD + b"\n" * (jsonl.MAX_BARREN - 1) + GOOD)
    found, errors = split([path])
    assert len(found) == 2
    assert len(errors) == jsonl.MAX_BARREN - 1
