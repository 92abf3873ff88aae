"""Reader of JSON documents: a list of articles, an object that holds one somewhere, several documents in one file.

Files of any size are read as a stream. Where the articles stand is found by what articles have, or said by
``ReadOptions.path``.
"""

import re
from collections.abc import Iterator, Mapping

from recommender.errors import ArticleError, SourceError, shown
from recommender.sources.encodings import LEGACY, AsUtf8, encoding_of
from recommender.sources.field_map import FieldMap
from recommender.sources.items import Entry, Item, Note
from recommender.sources.json_choice import Choice
from recommender.sources.json_scanner import Scanner
from recommender.sources.json_values import decode, error_message, has_body, holds_articles, likeness
from recommender.sources.json_walk import Found, Walk, first_keys
from recommender.sources.jsonl import MAX_BARREN
from recommender.sources.opened import HEAD, Opened
from recommender.sources.options import ReadOptions

_LINES = 20
_LIST = re.compile(r"\s*\[(?:\s*\[)*\s*(?:\{\s*[\"}]|\]\s*\Z)")
_OBJECT = re.compile(r"\s*\{\s*(?:\"|\}\s*\Z)")


def fits(source: Opened) -> bool:
    """Say whether ``source`` is JSON and not JSON lines, by how it begins.

    A line that is an article by itself is one of JSON lines; an object that holds a list of articles is none.
    """
    encoding = encoding_of(source.head)
    text = source.head.decode("utf-8" if encoding == LEGACY else encoding, "replace").removeprefix("\ufeff")
    if _LIST.match(text):
        return True
    return bool(_OBJECT.match(text)) and not _is_lines(text, len(source.head) < HEAD)


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield the articles of the documents in ``source``. Places count from 0: ``articles[12]`` is the thirteenth.

    An item that cannot be read is an ArticleError, whatever it is, and costs no other. A file that is cut off is read
    up to there, and a Note says so. Raises SourceError where it is not clear which list is that of the articles, where
    nothing stands at ``options.path``, or where what stands between items is no JSON.
    """
    encoding = encoding_of(source.head)
    file = AsUtf8(source.file, encoding) if encoding.startswith(("utf-16", "utf-32")) else source.file
    walk = Walk(Scanner(file, source.place), tuple(FieldMap.of(options).paths.values()))
    choice = Choice(source.place)
    number = barren = 0
    for found in walk.at(options.path) if options.path else choice.of(walk.all()):
        number += 1
        item = _item(found, source.place)
        yield item
        barren = barren + 1 if isinstance(item, ArticleError) else 0
        if barren >= MAX_BARREN:
            raise SourceError(f"{barren:,} values in a row are no articles: the rest is not read", source.place)
    if options.path and not number and not walk.cut:
        keys = ", ".join(walk.keys) or "none, it is no object"
        raise SourceError(f"nothing stands at `{options.path}`; the first keys are {keys}", source.place)
    if choice.others:
        yield Note(f"not read, but also like articles: {choice.others}; --path reads one", source.place)
    if walk.cut:
        yield Note(f"the file is cut off within {walk.cut}: what stands before was read", source.place, partial=True)


def _item(found: Found, place: str) -> Item:
    place = f"{place}: {found.place.removesuffix(': ')}" if found.place else place
    if found.error:
        return ArticleError(found.error, place)
    if not isinstance(found.value, Mapping):
        return ArticleError(f"expected a JSON object, found {shown(found.value)}", place)
    if message := error_message(found.value):
        return ArticleError(message, place)
    return Entry(found.value, place, (found.note,) if found.note else ())


def _is_lines(text: str, is_all: bool) -> bool:
    """Say whether ``text``, which begins an object, is JSON lines; ``is_all``: it is the whole file.

    They are what most of its lines are by themselves.
    """
    lines = [line for line in text.split("\n")[: None if is_all else -1] if line.strip()][:_LINES]
    if not lines:  # one long line: as far as it goes
        return likeness(dict.fromkeys(first_keys(text), "")) > 0
    objects = [value for value in map(_decoded, lines) if isinstance(value, Mapping)]
    if 2 * len(objects) <= len(lines):
        return False
    return any((likeness(value) and has_body(value)) or not holds_articles(value) for value in objects)


def _decoded(line: str) -> object:
    try:
        return decode(line.encode("utf-8", "replace"))[0]
    except ValueError:
        return None
