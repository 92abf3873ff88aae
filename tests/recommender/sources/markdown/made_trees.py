"""What the tests of Markdown make: trees of files, and what is read of them."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from recommender.articles import Record, parse_article
from recommender.errors import ArticleError
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.markdown import read, read_tree
from recommender.sources.opened import from_stream
from recommender.sources.options import ReadOptions
from recommender.sources.tree import tree_of


class Read:
    """The items of one source, by kind."""

    def __init__(self, items: list[Item], options: ReadOptions) -> None:
        self.items = items
        self.entries = [item for item in items if isinstance(item, Entry)]
        self.left_out = {item.place: item.kind for item in items if isinstance(item, LeftOut)}
        self.errors = [item for item in items if isinstance(item, ArticleError)]
        self.notes = [item.text for item in items if isinstance(item, Note)]
        self._options = options

    @property
    def ids(self) -> list[str]:
        return [str(entry.fields["id"]) for entry in self.entries]

    def entry(self, identity: str) -> Entry:
        return next(entry for entry in self.entries if entry.fields["id"] == identity)

    def fields(self, identity: str) -> Mapping[str, Any]:
        return self.entry(identity).fields

    def record(self, identity: str = "") -> Record:
        entry = self.entry(identity or self.ids[0])
        key, url = self._options.curated_key, self._options.site_url
        return parse_article(dict(entry.fields), entry.place, curated_key=key, site_url=url)


def folder(root: Path, files: Mapping[str, str | bytes], options: ReadOptions = ReadOptions()) -> Read:
    """Write ``files`` below ``root`` and read them as one tree, which messages call ``site``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Read(list(read_tree(tree_of(root, "site"), options)), options)


def page(content: str | bytes, name: str = "page.md", options: ReadOptions = ReadOptions()) -> Read:
    """Read one file."""
    raw = content if isinstance(content, bytes) else content.encode()
    return Read(list(read(from_stream(BytesIO(raw), name), options)), options)
