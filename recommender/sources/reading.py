"""From the sources an operator names to a stream of records and rejections."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from recommender.articles import Record, parse_article
from recommender.errors import ArticleError, InputError, SourceError
from recommender.sources import archives
from recommender.sources.formats import FORMATS, SUFFIXES, Format, format_named, format_of
from recommender.sources.items import Entry, Item, LeftOut, Note, Rejected
from recommender.sources.opened import STDIN, Opened, opened
from recommender.sources.options import ReadOptions
from recommender.sources.tree import Tree, tree_of

Source = str | Path
Found = Item | Rejected
Told = Callable[[LeftOut | Note], None]

UNREAD = "a file of a kind that is not read"


def read(
    sources: Sequence[Source], *, options: ReadOptions = ReadOptions(), told: Told = lambda _: None
) -> Iterator[Record | Rejected]:
    """Yield every record of ``sources`` in order, and a Rejected for each that cannot be used.

    A source is a file, a folder or an archive; ``-`` is standard input. A folder is walked in sorted order. What is
    left out on purpose, files of an unknown kind in a folder among it, and what is to be known of a whole source goes
    to ``told``; an unknown kind that was named outright is rejected, and so is whatever is no regular file (see
    ``opened``). An id seen twice is yielded twice, the second time with a warning: whoever stores them keeps the later
    one. Nothing is raised for bad input: the rest is always read.
    """
    places: dict[str, str] = {}
    for source in sources:
        for item in _checked(_read_source(source, options), options):
            if isinstance(item, LeftOut | Note):
                told(item)
                continue
            if isinstance(item, Rejected):
                yield item
                continue
            identity = item.article.id
            if identity in places:
                said = f"the id {identity!r} was seen at {places[identity]} already: this later one is kept"
                item = replace(item, warnings=(*item.warnings, said))
            places[identity] = item.place
            yield item


def files_of(sources: Sequence[Source], options: ReadOptions = ReadOptions()) -> list[Path]:
    """Return the files that ``read`` reads of ``sources``, in its order."""
    found: list[Path] = []
    for path in map(Path, sources):
        if path.is_dir():
            tree = tree_of(path)
            found += [file for file in map(tree.path, tree.files) if file.is_file() and _is_read(file, options)]
        elif path.is_file():
            found.append(path)
    return found


def _is_read(file: Path, options: ReadOptions) -> bool:
    try:
        with opened(file) as source:
            return format_of(source, options) is not None
    except (OSError, SourceError):
        return False


def _checked(items: Iterable[Found], options: ReadOptions) -> Iterator[Record | Rejected | LeftOut | Note]:
    """Make Records of entries; what is none is rejected."""
    for item in items:
        if isinstance(item, InputError):
            yield Rejected(item)
        elif isinstance(item, Entry):
            try:
                yield _record(item, options)
            except ArticleError as error:
                yield Rejected(error)
        else:
            yield item


def _record(entry: Entry, options: ReadOptions) -> Record:
    record = parse_article(entry.fields, entry.place, curated_key=options.curated_key, site_url=options.site_url)
    if not (entry.notes or entry.stubs):
        return record
    return replace(record, stubs=entry.stubs, warnings=(*entry.notes, *record.warnings))


def _read_source(source: Source, options: ReadOptions) -> Iterator[Found]:
    """Read one source; an error ends it, and is yielded as what was found last."""
    place = str(source)
    try:
        if place != STDIN and Path(source).is_dir():
            yield from _read_tree(tree_of(Path(source)), options)
        else:
            yield from _read_file(Path(source), place, options)
    except (OSError, EOFError, SourceError) as error:
        yield Rejected(error if isinstance(error, SourceError) else SourceError(f"cannot be read ({error})", place))


def _read_file(path: Path, place: str, options: ReadOptions) -> Iterator[Found]:
    if place != STDIN and not (path.exists() or path.is_symlink()):
        raise SourceError("no such file or folder", place)
    with opened(path, place) as source:
        if archives.fits(source):
            with archives.unpacked(source) as tree:
                yield from _read_tree(tree, options, inside=True)
            return
        found = format_of(source, options)
        if found is None and source.head.strip():
            if path.suffix.lower() == ".gz" and source.name == path.name:
                raise SourceError("it is called .gz and is no gzip, nor anything else that is read", place)
            raise SourceError(f"no reader for this kind of file; known: {', '.join(SUFFIXES)}", place)
        yield from _never_empty(found.read(source, options) if found else (), place)


def _read_tree(tree: Tree, options: ReadOptions, *, inside: bool = False) -> Iterator[Found]:
    """Read the files of a folder; archives in it are read too, unless it is ``inside`` of one."""
    for file in tree.files:
        place = tree.place_of(file)
        try:
            with opened(tree.path(file), place) as source:
                if archives.fits(source) and not inside:
                    with archives.unpacked(source) as inner:
                        yield from _read_tree(inner, options, inside=True)
                    continue
                found = _format_in_tree(source, options)
                if found is None:
                    yield LeftOut(UNREAD, place)
                else:
                    yield from _never_empty(found.read(source, options), place)
        except (OSError, EOFError, SourceError) as error:
            if file.name.lower().endswith(SUFFIXES):
                told = error if isinstance(error, SourceError) else SourceError(f"cannot be read ({error})", place)
                yield Rejected(told)
            else:
                yield LeftOut(UNREAD, place)


def _format_in_tree(source: Opened, options: ReadOptions) -> Format | None:
    if options.format:
        named = format_named(options.format)
        return named if named.fits(source) else None
    found = format_of(source, options)
    if found is None and not source.head and source.name.lower().endswith(SUFFIXES):
        return FORMATS[0]  # empty, and to be named so
    return found


def _never_empty(items: Iterable[Item], place: str) -> Iterator[Found]:
    empty = True
    for item in items:
        empty = False
        yield item
    if empty:
        yield Rejected(SourceError("the file is empty: no article in it", place))
