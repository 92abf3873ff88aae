"""One item of a WordPress export, or its header → its elements, by the names that WordPress itself gives them."""

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from recommender.errors import ArticleError

MAX_TAGS = 500_000
"""Marks of tags and attributes in one item, outside CDATA sections."""
_PREFIX = re.compile(r"xmlns:([A-Za-z_][\w.-]{0,30})\s*=\s*[\"']([^\"'<>&]{0,200})[\"']")
_MAX_PREFIXES, _DECLARED_WITHIN = 50, 64 * 1024
_DECLARATION = re.compile(r" xmlns:[\w.-]{1,31}=\"[^\"<>]{0,200}\"")
_USUAL = ("wp", "content", "excerpt", "dc", "wfw", "slash", "media", "itunes", "georss", "atom", "sy")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENTITY = re.compile(r"&(?:(#x?[0-9A-Fa-f]{1,7}|amp|lt|gt|quot|apos);|([A-Za-z][A-Za-z0-9]{1,31};)?)")


class Elements:
    """Parses pieces of one export. ``header`` is what stands before its first item: there prefixes are declared."""

    def __init__(self, header: str) -> None:
        from lxml import etree  # type: ignore[import-untyped]

        self._etree = etree
        declared = {
            prefix: _kind(uri, prefix) for prefix, uri in _PREFIX.findall(header[:_DECLARED_WITHIN])[:_MAX_PREFIXES]
        }
        kinds = {prefix: prefix for prefix in _USUAL} | declared
        self._root = "<r{}>".format("".join(f' xmlns:{prefix}="{kind}"' for prefix, kind in kinds.items()))

    def children(self, piece: str) -> tuple[list[tuple[str, Any]], str]:
        """Return the named elements of the one element that ``piece`` is, and what is ill-formed in it, or "".

        Nothing outside of ``piece`` is read and no entity is expanded. Raises ArticleError if it cannot be parsed.
        """
        parser = self._etree.XMLParser(
            recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, encoding="utf-8"
        )
        mended = f"{self._root}{_mended(piece)}</r>".encode("utf-8", "replace")
        try:
            root = self._etree.fromstring(mended, parser)
        except self._etree.XMLSyntaxError as error:
            raise ArticleError(f"it cannot be parsed as XML ({error.msg})") from None
        if root is None or not len(root):
            raise ArticleError("it cannot be parsed as XML")
        faults = (entry.message for entry in parser.error_log if entry.level_name == "FATAL")
        return list(self._named(root[0])), next(faults, "")

    def named(self, element: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - lxml has no types
        """Return the elements in ``element``, each with its name, such as "wp:meta_key"."""
        return list(self._named(element))

    def text(self, element: Any) -> str:  # noqa: ANN401 - lxml has no types
        """Return the text of ``element``, with the tags of HTML that is not in CDATA."""
        text = element.text or ""
        if len(element):
            inner = (self._etree.tostring(child, encoding="unicode", with_tail=True) for child in element)
            return text + _DECLARATION.sub("", "".join(inner))
        return text

    def _named(self, element: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - lxml has no types
        for child in element:
            if isinstance(child.tag, str):  # neither comment nor entity
                yield _name(child.tag), child


@lru_cache(maxsize=512)
def _name(tag: str) -> str:
    uri, _, local = tag.rpartition("}")
    return f"{_kind(uri[1:], uri[1:])}:{local}" if uri else local


def _kind(uri: str, prefix: str) -> str:
    """WordPress's own prefix for the namespace, whatever its version and scheme; else ``prefix``."""
    if "wordpress.org/export" in uri:
        return "excerpt" if "excerpt" in uri else "wp"
    if "purl.org/rss/1.0/modules/content" in uri:
        return "content"
    return "dc" if "purl.org/dc/" in uri else prefix


def _mended(piece: str) -> str:
    """What is not allowed in XML, or not known to it, in the form in which it is: nothing of a text shall be lost."""
    parts = _CDATA.split(_NO_XML.sub(" ", piece))
    if sum(part.count("<") + part.count("=") for part in parts[::2]) > MAX_TAGS:
        raise ArticleError(f"it holds more than {MAX_TAGS:,} tags and attributes")
    for index in range(0, len(parts), 2):  # those outside of CDATA sections
        if "&" in parts[index]:
            parts[index] = _ENTITY.sub(_entity, parts[index])
        parts[index] = parts[index].replace("]]>", "]]&gt;")
    return "".join(parts)


def _entity(found: re.Match[str]) -> str:
    if found[1]:
        return found[0]
    if found[2] and (character := html.unescape(found[0])) != found[0]:
        return html.escape(character)
    return f"&amp;{found[2] or ''}"
