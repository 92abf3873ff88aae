"""A folder: read as one site where it is one, of Markdown or of built pages, else file by file."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path, PurePosixPath

from recommender.errors import SourceError
from recommender.sources import html, markdown
from recommender.sources.formats import Format, format_named, format_of
from recommender.sources.html.tree import SUFFIXES as PAGES
from recommender.sources.items import Item
from recommender.sources.jsonl import SUFFIXES as LINES
from recommender.sources.markdown.pages import SUFFIXES as TEXTS
from recommender.sources.markdown.sites import Site, sites_of
from recommender.sources.opened import HEAD, Opened, open_regular
from recommender.sources.options import ReadOptions
from recommender.sources.tree import Tree

MAX_LOOKED_AT = 200
"""Files of Markdown that are looked at for front matter."""
SITES = {"markdown": (markdown.read_tree, frozenset(TEXTS)), "html": (html.read_tree, frozenset(PAGES))}
"""The formats in which the files of a folder belong together, and their suffixes."""


def site_format(tree: Tree, options: ReadOptions) -> str:
    """Return the format of SITES in which ``tree`` is read as one; empty if its files are read one by one.

    Of Markdown and pages, what there is more of: what a generator reads often lies beside a few pages, and what it has
    built beside a few notes. Markdown is a site's if a generator's settings are there, a page has front matter, or
    there is nothing else: a note beside an export is none.
    """
    if options.format:
        return options.format if options.format in SITES else ""
    pages, texts = (
        [file for file in tree.files if file.suffix.lower() in SITES[name][1]] for name in ("html", "markdown")
    )
    if len(texts) >= len(pages) and texts:
        sites = sites_of(tree, "")
        if markdown.fits_tree(tree, sites) and _are_a_site(tree, texts, sites):
            return "markdown"
    return "html" if pages else ""


def _are_a_site(tree: Tree, texts: Sequence[Path], sites: Mapping[PurePosixPath, Site]) -> bool:
    if len(texts) == len(tree.files) or any(site.generator for site in sites.values()):
        return True
    return any(markdown.has_front_matter(_head(tree.path(file))) for file in texts[:MAX_LOOKED_AT])


def _head(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(HEAD)
    except (OSError, SourceError):
        return b""


def read_site(tree: Tree, options: ReadOptions, name: str) -> Iterator[Item]:
    """Yield what the reader of the format ``name`` of SITES makes of ``tree``."""
    return SITES[name][0](tree, options)


def left_of_site(tree: Tree, name: str) -> tuple[list[Path], list[Path]]:
    """Return the files of ``tree`` that its reader does not look at: those that are articles all the same, the others.

    The former are JSON lines, which no generator reads or writes by accident.
    """
    others = [file for file in tree.files if file.suffix.lower() not in SITES[name][1]]
    is_lines = [file.name.lower().removesuffix(".gz").endswith(LINES) for file in others]
    return list(compress(others, is_lines)), [file for file, lines in zip(others, is_lines, strict=True) if not lines]


def format_in_folder(source: Opened, options: ReadOptions) -> Format | None:
    """Return the format of one file of a folder; of the one that ``options`` name only what fits it."""
    if options.format:
        named = format_named(options.format)
        return named if named.fits(source) else None
    found = format_of(source, options)
    is_note = found is not None and found.name == "markdown" and not markdown.has_front_matter(source.head)
    return None if is_note else found
