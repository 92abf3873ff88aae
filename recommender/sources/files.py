"""From the paths an operator names to a stream of records and rejections."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recommender.articles import Record
from recommender.errors import ArticleError, InputError, SourceError
from recommender.sources import jsonl, page
from recommender.sources.options import ReadOptions

Reader = Callable[[Path, ReadOptions], Iterator[Record | ArticleError]]

READERS: tuple[tuple[str, Reader], ...] = (
    (".jsonl", jsonl.read),
    (".jsonl.gz", jsonl.read),
    (".ndjson", jsonl.read),
    (".ndjson.gz", jsonl.read),
    (".txt", page.read),
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record or file that could not be used; ``error`` names value, expectation and place."""

    error: InputError


def read(
    paths: Sequence[Path],
    *,
    options: ReadOptions = ReadOptions(),
    on_ignored: Callable[[Path], None] = lambda _: None,
) -> Iterator[Record | Rejected]:
    """Yield every record of ``paths`` in order, and a Rejected for each that cannot be used.

    A folder is walked in sorted order; its files of an unknown kind go to ``on_ignored``, while an unknown kind named
    outright is rejected, and so is whatever is no regular file (see ``opened``). An id seen twice is yielded twice, the
    second time with a warning: whoever stores them keeps the later one. Nothing is raised for bad input: the rest is
    always read.
    """
    places: dict[str, str] = {}
    for path in paths:
        for item in _read_path(path, options, on_ignored):
            if isinstance(item, Rejected):
                yield item
                continue
            identity = item.article.id
            if identity in places:
                said = f"the id {identity!r} was seen at {places[identity]} already: this later one is kept"
                item = replace(item, warnings=(*item.warnings, said))
            places[identity] = item.place
            yield item


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return the files that ``read`` reads of ``paths``, in its order."""
    return [file for path in paths for file in _files(path) if file.is_file() and (path == file or _reader(file))]


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if not p.is_dir()) if path.is_dir() else [path]


def _read_path(path: Path, options: ReadOptions, on_ignored: Callable[[Path], None]) -> Iterator[Record | Rejected]:
    for file in _files(path):
        if reader := _reader(file):
            yield from _read_file(file, reader, options)
        elif path.is_dir():
            on_ignored(file)
        elif path.exists():
            known = ", ".join(suffix for suffix, _ in READERS)
            yield Rejected(SourceError(f"no reader for this kind of file; known: {known}", str(path)))
        else:
            yield Rejected(SourceError("no such file or folder", str(path)))


def _read_file(path: Path, reader: Reader, options: ReadOptions) -> Iterator[Record | Rejected]:
    found = 0
    try:
        items: Iterable[Record | ArticleError] = reader(path, options)
        for item in items:
            found += 1
            yield Rejected(item) if isinstance(item, InputError) else item
    except (OSError, EOFError, SourceError) as error:
        found += 1
        yield Rejected(error if isinstance(error, SourceError) else SourceError(f"cannot be read ({error})", str(path)))
    if not found:
        yield Rejected(SourceError("the file is empty: no article in it", str(path)))


def _reader(path: Path) -> Reader | None:
    name = path.name.lower()
    return next((reader for suffix, reader in READERS if name.endswith(suffix)), None)
