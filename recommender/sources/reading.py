"""From the sources an operator names to a stream of records and rejections."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from recommender.articles import Record, parse_article
from recommender.articles.record import is_too_deep
from recommender.errors import ArticleError, InputError, SourceError, without_password
from recommender.sources import archives
from recommender.sources.addresses import is_address, read_address
from recommender.sources.field_check import LOOKAHEAD, check_fields
from recommender.sources.field_map import FieldMap
from recommender.sources.folders import format_in_folder, left_of_site, read_site, site_format
from recommender.sources.formats import SUFFIXES, Format, format_of
from recommender.sources.items import Entry, Item, LeftOut, Note, Rejected
from recommender.sources.opened import STDIN, Opened, opened
from recommender.sources.options import ReadOptions
from recommender.sources.tables.database import read_database
from recommender.sources.tree import Tree, tree_of

Source = str | Path
Found = Item | Rejected
Told = Callable[[LeftOut | Note], None]
Progress = Callable[[str], None]

MAX_LOOKAHEAD = 32 * 1024**2
"""Characters of the records that are looked at before the first is read."""
MAX_BLANK = 1024**2
UNREAD = "a file of a kind that is not read"


def read(
    sources: Sequence[Source],
    *,
    options: ReadOptions = ReadOptions(),
    told: Told = lambda _: None,
    progress: Progress = lambda _: None,
) -> Iterator[Record | Rejected]:
    """Yield every record of ``sources`` in order, and a Rejected for each that cannot be used.

    A source is a file, a folder, an archive, an address on the web or the URL of a database; ``-`` is standard input.
    A folder is read as a site where it is one, else file by file in sorted order. What is left out on purpose, files of
    an unknown kind in a folder among it, and what is to be known of a whole source goes to ``told``; an unknown kind
    that was named outright is rejected, and so is whatever is no regular file (see ``opened``). An id seen twice is
    yielded twice, the second time with a warning: whoever stores them keeps the later one. Nothing is raised for bad
    input: the rest is always read. ``progress`` is told how far a site is fetched.
    """
    places: dict[str, str] = {}
    for source in sources:
        for item in _checked(_read_source(source, options, progress), options):
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
            found += _files_of_tree(tree_of(path), options)
        elif path.is_file():
            found.append(path)
    return found


def _files_of_tree(tree: Tree, options: ReadOptions) -> list[Path]:
    site = site_format(tree, options)
    unread = set(left_of_site(tree, site)[1]) if site else set()
    files = (tree.path(file) for file in tree.files if file not in unread)
    return [file for file in files if file.is_file() and (site or _is_read(file, options))]


def _is_read(file: Path, options: ReadOptions) -> bool:
    try:
        with opened(file) as source:
            return format_in_folder(source, options) is not None
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


def _read_source(source: Source, options: ReadOptions, progress: Progress) -> Iterator[Found]:
    """Read one source; an error ends it, and is yielded as what was found last."""
    place = str(source)
    try:
        if is_address(place):
            yield from read_address(place, options, partial(_read_format, options=options), progress)
        elif "://" in place:
            yield from _mapped(read_database(place, options), options, without_password(place))
        elif place != STDIN and Path(source).is_dir():
            yield from _read_tree(tree_of(Path(source)), options)
        else:
            yield from _read_file(Path(source), place, options)
    except (OSError, EOFError, SourceError) as error:
        yield _unreadable(error, place)


def _unreadable(error: Exception, place: str) -> Rejected:
    return Rejected(error if isinstance(error, SourceError) else SourceError(f"cannot be read ({error})", place))


def _read_file(path: Path, place: str, options: ReadOptions) -> Iterator[Found]:
    if place != STDIN and not (path.exists() or path.is_symlink()):
        raise SourceError("no such file or folder", place)
    with opened(path, place) as source:
        if archives.fits(source):
            with archives.unpacked(source) as tree:
                yield from _read_tree(tree, options, inside=True)
            return
        if not source.head.strip() and source.name == path.name:
            _ = source.read_all(MAX_BLANK)  # raises where it is damaged, or has no end
            raise SourceError("the file is empty: no article in it", place)
        found = format_of(source, options)
        if found is None:
            raise SourceError(_no_reader(path, source), place)
        yield from _read_format(source, found, options)


def _no_reader(path: Path, source: Opened) -> str:
    if path.suffix.lower() == ".gz" and source.name == path.name:
        return "it is called .gz and is no gzip, nor anything else that is read"
    return f"no reader for this kind of file; known: {', '.join(SUFFIXES)}"


def _read_tree(tree: Tree, options: ReadOptions, *, inside: bool = False) -> Iterator[Found]:
    """Read a folder: as one site where it is one, else its files; archives in it too, unless ``inside`` of one."""
    files: Sequence[Path] = tree.files
    if site := site_format(tree, options):
        yield from _mapped_if_asked(read_site(tree, options, site), options, tree.place)
        files, others = left_of_site(tree, site)
        yield from (LeftOut(UNREAD, tree.place_of(file)) for file in others)
    for file in files:
        place = tree.place_of(file)
        try:
            with opened(tree.path(file), place) as source:
                if archives.fits(source) and not inside:
                    with archives.unpacked(source) as inner:
                        yield from _read_tree(inner, options, inside=True)
                    continue
                found = format_in_folder(source, options)
                if not source.head.strip() and file.name.lower().endswith(SUFFIXES):
                    yield Rejected(SourceError("the file is empty: no article in it", place))
                elif found is None:
                    yield LeftOut(UNREAD, place)
                else:
                    yield from _read_format(source, found, options)
        except (OSError, EOFError, SourceError) as error:
            if file.name.lower().endswith(SUFFIXES):
                yield _unreadable(error, place)
            else:
                yield LeftOut(UNREAD, place)


def _read_format(source: Opened, form: Format, options: ReadOptions) -> Iterator[Found]:
    """Read one document in a format that is known."""
    items = form.read(source, options)
    mapped = _mapped(items, options, source.place) if form.free else _mapped_if_asked(items, options, source.place)
    yield from _never_empty(mapped, source.place)
    if form.window:
        told = "a feed shows the newest articles only: what it shows no more is kept"
        yield Note(told, source.place, partial=True)


def _mapped_if_asked(items: Iterator[Item], options: ReadOptions, place: str) -> Iterator[Found]:
    return _mapped(items, options, place) if options.fields or options.date_format else items


def _mapped(items: Iterator[Item], options: ReadOptions, place: str) -> Iterator[Found]:
    """Rename the fields of entries as ``options`` say, or as is usual, once the first of them were looked at.

    Raises SourceError where a field is mapped to what none of them has.
    """
    fields = FieldMap.of(options)
    first, error = _first_of(items)
    records = [item.fields for item in first if isinstance(item, Entry) and _is_record(item)]
    yield from check_fields(records, fields, place)
    for item in chain(first, items):
        yield _renamed(item, fields)
    if error:
        raise error


def _renamed(item: Item, fields: FieldMap) -> Item:
    """Return an entry under the contract's names; one that is no record, or nested too deep, is refused later."""
    if isinstance(item, Entry) and _is_record(item):
        return replace(item, fields=fields.apply(item.fields))
    return item


def _is_record(entry: Entry) -> bool:
    return isinstance(entry.fields, Mapping) and not is_too_deep(entry.fields)


def _size(item: Item) -> int:
    """About how many characters an item holds."""
    if not isinstance(item, Entry) or not isinstance(item.fields, Mapping):
        return 0
    return sum(len(value) for value in item.fields.values() if isinstance(value, str | list | dict))


def _first_of(items: Iterator[Item]) -> tuple[list[Item], Exception | None]:
    """Return the items that are looked at before any is used, and what ended the reading, if it ended so early."""
    first, size = list[Item](), 0
    try:
        for item in items:
            first.append(item)
            size += _size(item)
            if len(first) >= LOOKAHEAD or size > MAX_LOOKAHEAD:
                break
    except (OSError, EOFError, SourceError) as error:
        return first, error
    return first, None


def _never_empty(items: Iterable[Found], place: str) -> Iterator[Found]:
    empty = True
    for item in items:
        empty = False
        yield item
    if empty:
        yield Rejected(SourceError("the file is empty: no article in it", place))
