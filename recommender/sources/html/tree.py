"""The reader of a folder of pages: what a generator built, or what was saved of a site."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from recommender.sources.html.addresses import folder_url, path_of
from recommender.sources.html.dom import MAX_PAGE
from recommender.sources.html.page import Page
from recommender.sources.html.pages import read_pages
from recommender.sources.items import Item
from recommender.sources.opened import read_regular
from recommender.sources.options import ReadOptions
from recommender.sources.tree import Tree

SUFFIXES = frozenset({".html", ".htm", ".xhtml"})


def read_tree(tree: Tree, options: ReadOptions) -> Iterator[Item]:
    """Yield what ``read_pages`` does of the folder's pages of HTML; other files are not looked at.

    ``options.site_url`` is where the folder is served. Raises SourceError if the related selector is none.
    """
    return read_pages(pages_of(tree, options), options, tree.place)


def pages_of(tree: Tree, options: ReadOptions) -> list[Page]:
    """Return the pages of HTML in a folder, in its order."""
    return [
        Page(
            place=tree.place_of(file),
            path=(path := path_of(file.as_posix())),
            url=folder_url(options.site_url, path) if options.site_url else "",
            load=_loader(tree.path(file)),
        )
        for file in tree.files
        if file.suffix.lower() in SUFFIXES
    ]


def _loader(file: Path) -> Callable[[], bytes]:
    return partial(read_regular, file, MAX_PAGE)
