"""Which page a curated list means: by address, path, name, alias or title, in the whole tree."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any
from urllib.parse import unquote

from recommender.articles.url import url_key_or_none
from recommender.sources.markdown.front_matter import FrontMatter
from recommender.sources.markdown.pages import SUFFIXES
from recommender.sources.markdown.slugs import undated
from recommender.sources.options import ReadOptions

_WRAPPED = re.compile(
    r"""\s*(?:\[\[\s*(?P<wiki>[^\[\]|]+?)\s*(?:\|[^\[\]]*)?\]\]"""
    r"""|\{\{[<%]\s*(?:rel)?ref\s+["'`]?(?P<ref>[^"'`<>{}]+?)["'`]?\s*[>%]\}\}"""
    r"""|\{%-?\s*(?:post_url|link)\s+(?P<liquid>[^%{}]+?)\s*-?%\}[^\s]*"""
    r"""|!?\[[^\[\]]*\]\(\s*<?(?P<link>[^()<>]*?)>?\s*\)|<(?P<auto>[^<>\s]+)>|@/(?P<zola>\S+))\s*"""
)
_KEYS = (
    "id",
    "url",
    "permalink",
    "link",
    "href",
    "path",
    "page",
    "ref",
    "slug",
    "post",
    "file",
    "title",
    "name",
    "text",
)
_SWITCHES = frozenset(("", "true", "false", "yes", "no"))
"""Whether a page shows related ones, not which."""
_PREFIX = re.compile(r"\{\{-?\s*[^{}]*\}\}")


@dataclass(slots=True)
class Targets:
    """All pages of a tree by what they may be called. A page is a number; a name stands for one, or for several."""

    ids: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    _names: tuple[dict[str, int | list[int]], ...] = field(default_factory=lambda: ({}, {}, {}))

    def add(self, identity: str, language: str, exact: Iterable[str], short: Iterable[str], title: str) -> None:
        """Add the page ``identity``: its addresses and paths, its short names, its title."""
        number = len(self.ids)
        self.ids.append(identity)
        self.languages.append(language)
        for names, keys in zip(self._names, (exact, short, (title,)), strict=True):
            for key in {_key(name) for name in keys}:
                if key:
                    known = names.get(key)
                    if known is None:
                        names[key] = number
                    elif isinstance(known, int):
                        names[key] = [known, number]
                    else:
                        known.append(number)

    def find(self, names: Iterable[str], language: str) -> list[str]:
        """Return the ids of the pages that ``names`` may mean, of one kind and one language if it can be."""
        keys = [key for name in names if (key := _key(name))]
        for kind in self._names:
            for key in keys:
                found = kind.get(key)
                if found is None:
                    continue
                numbers = [found] if isinstance(found, int) else found
                same = [number for number in numbers if self.languages[number] == language]
                return list(dict.fromkeys(self.ids[number] for number in same or numbers))
        return []


@dataclass(frozen=True, slots=True)
class Found:
    """A curated list: ids and addresses, and the items that mean no page (kept as they are) or several (left out)."""

    names: list[str]
    unknown: list[str]
    ambiguous: list[str]


def curated_items(matter: FrontMatter, options: ReadOptions) -> tuple[str, list[Any]]:
    """Return the key of the page's curated list and its items; "" and none where it has no list."""
    tables = [matter.values]
    tables += [inner for name in ("params", "extra") if isinstance(inner := matter.first(name), dict)]
    for table in tables:
        for key in options.curated_keys:
            if items := list(_items(table.get(key))):
                return key, items
    return "", []


def leave_out_list(fields: dict[str, Any], key: str) -> None:
    """Take the page's own list out of ``fields``: what stands there is no list, or will be written in ids."""
    if fields.get(key) != []:  # which says that there is none
        fields.pop(key, None)


def resolved(items: Iterable[Any], targets: Targets, file: PurePosixPath, content: str, language: str) -> Found:
    """Return what ``items`` of the page in ``file`` mean. ``content``: the folder of its site's pages."""
    found = Found([], [], [])
    for item in items:
        _add(item, found, targets, file, content, language)
    return found


def _add(item: Any, found: Found, targets: Targets, file: PurePosixPath, content: str, language: str) -> None:  # noqa: ANN401
    texts = _texts(item)
    ambiguous = False
    for text in texts:
        ids = targets.find(_spellings(text, file, content), language)
        if len(ids) == 1:
            found.names.append(ids[0])
            return
        ambiguous = ambiguous or len(ids) > 1
    if isinstance(item, str) and ("," in item or "\n" in item) and not ambiguous and len(texts) == 1:
        parts = [part.strip() for part in re.split(r"[,\n]", item) if part.strip()]
        if any(targets.find(_spellings(part, file, content), language) for part in parts):
            for part in parts:
                _add({"id": part}, found, targets, file, content, language)
            return
    if ambiguous:
        found.ambiguous.append(texts[0])
    elif texts:
        named = next((text for text in texts if "://" in text), texts[0])
        named = _unwrapped(named)
        found.names.append(named)
        if "://" not in named:
            found.unknown.append(named)


def _items(value: object) -> Iterator[Any]:
    """Yield what is no empty item of a list, which may be one text, or a table of lists."""
    if isinstance(value, str):
        if value.strip().lower() not in _SWITCHES:
            yield value.strip()
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, list):
        for item in value:
            yield from _items(item)
    elif isinstance(value, dict) and _texts(value):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _items(inner) if isinstance(inner, list) else ()


def _texts(item: object) -> list[str]:
    """Return by what texts one item may name a page, the surest first."""
    if isinstance(item, str):
        return [item]
    if not isinstance(item, Mapping):
        return []
    lowered = {str(key).lower(): value for key, value in item.items()}
    texts = [str(lowered[key]).strip() for key in _KEYS if isinstance(lowered.get(key), str | int)]
    if not texts and len(item) == 1:
        key, value = next(iter(item.items()))
        texts = [value.strip(), str(key).strip()] if isinstance(value, str) else []
    return [text for text in texts if text]


def _unwrapped(text: str) -> str:
    found = _WRAPPED.fullmatch(text)
    inner = next((part for part in found.groups() if part), "") if found else text
    return _PREFIX.sub("", inner or text).strip() or text


def _spellings(text: str, file: PurePosixPath, content: str) -> Iterator[str]:
    """Yield the names under which the page that ``text`` means may be known."""
    text = _unwrapped(text)
    if "://" in text:
        yield url_key_or_none(text) or text
        return
    yield text
    path = text.partition("#")[0].partition("?")[0]
    if not path or path == "/":
        return
    if path.startswith(("./", "../")) or not path.startswith("/"):
        yield normpath(f"/{file.parent}/{path}")
    yield f"{content}/{path}"
    yield path
    name = path.rstrip("/").rpartition("/")[2]
    if undated(name) != name:  # a date that was mended since
        yield undated(name)


def _key(name: str) -> str:
    """Return the form in which names compare: without suffix, index, outer slashes and capitals."""
    key = unquote(name).strip().casefold() if "%" in name else name.strip().casefold()
    if "://" in key:
        return url_key_or_none(key) or key
    stem, dot, suffix = key.rpartition(".")
    if dot and (f".{suffix}" in SUFFIXES or suffix in ("html", "htm")):
        key = stem
    key = key.strip("/").removeprefix("./")
    for index in ("/_index", "/index"):
        key = key.removesuffix(index)
    return " ".join(key.split())
