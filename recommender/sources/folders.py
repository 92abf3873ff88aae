"""A folder: read as one site where it is one, of Markdown or of built pages, else file by file."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from recommender.sources import html, markdown
from recommender.sources.formats import Format, format_named, format_of
from recommender.sources.html.tree import SUFFIXES as PAGES
from recommender.sources.items import Item
from recommender.sources.jsonl import SUFFIXES as LINES
from recommender.sources.markdown.pages import SUFFIXES as TEXTS
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.sources.tree import Tree

SITES = {"markdown": (markdown.read_tree, frozenset(TEXTS)), "html": (html.read_tree, frozenset(PAGES))}
"""The formats in which the files of a folder belong together, and their suffixes."""


def site_format(tree: Tree, options: ReadOptions) -> str:
    """Return the format of SITES in which ``tree`` is read as one; empty if its files are read one by one.

    Of Markdown and pages, what there is more of: what a generator reads often lies beside a few pages, and what it has
    built beside a few notes.
    """
    if options.format:
        return options.format if options.format in SITES else ""
    pages = _count(tree, PAGES)
    if markdown.fits_tree(tree) and _count(tree, TEXTS) >= pages:
        return "markdown"
    return "html" if pages else ""


def read_site(tree: Tree, options: ReadOptions, name: str) -> Iterator[Item]:
    """Yield what the reader of the format ``name`` of SITES makes of ``tree``."""
    return SITES[name][0](tree, options)


def left_of_site(tree: Tree, name: str) -> tuple[list[PurePath], list[PurePath]]:
    """Return the files of ``tree`` that its reader does not look at: those that are articles all the same, the others.

    The former are JSON lines, which no generator reads or writes by accident.
    """
    others = [file for file in tree.files if file.suffix.lower() not in SITES[name][1]]
    lines = [file for file in others if file.name.lower().removesuffix(".gz").endswith(LINES)]
    return list(lines), [file for file in others if file not in set(lines)]


def format_in_folder(source: Opened, options: ReadOptions) -> Format | None:
    """Return the format of one file of a folder; of the one that ``options`` name only what fits it."""
    if options.format:
        named = format_named(options.format)
        return named if named.fits(source) else None
    return format_of(source, options)


def _count(tree: Tree, suffixes: Iterable[str]) -> int:
    known = frozenset(suffixes)
    return sum(file.suffix.lower() in known for file in tree.files)
