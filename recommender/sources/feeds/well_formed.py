"""An XML document of unknown origin → one that is well-formed and within limits, before feedparser gets it.

feedparser has quadratic steps (tags are compared with one another, authors are searched for addresses) and a second,
slow parser for what is ill-formed. Neither is reached with more than a site would ever send.
"""

import re
from dataclasses import dataclass, field

from recommender.errors import SourceError
from recommender.sources.feeds.text import mended

MAX_DEPTH = 200
MAX_CHILDREN = 2_000
"""Elements that stand directly in one entry, or in the feed beside its entries."""
MAX_ATTRIBUTES = 200
MAX_SHORT = 1_000
"""Characters of an element that names a person, tags or a date: in these feedparser's time grows with the square."""
_ENTRIES = frozenset(("item", "entry"))
_PEOPLE = frozenset("author name creator contributor managingeditor webmaster publisher email owner".split())
_LABELS = frozenset("category keywords tags subject".split())
_DATES = frozenset("pubdate published updated issued modified created date expirationdate lastbuilddate".split())
_SHORT = _PEOPLE | _LABELS | _DATES
_TEXTS = frozenset("description summary content encoded body div".split())
_UNBOUND_PREFIX = 27
_AT_THE_END = frozenset((3, 5, 6, 20))
"""Expat's codes for a document that stops: no element found, unclosed token, partial character, unclosed CDATA."""
_PREFIXES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "atom": "http://www.w3.org/2005/Atom",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
}
_USED = re.compile(r"</?([A-Za-z_][\w.-]{0,30}):")
_BOUND = re.compile(r"\bxmlns:([A-Za-z_][\w.-]{0,30})\s*=")


@dataclass(frozen=True, slots=True)
class Checked:
    """``xml`` is well-formed; ``fault``: what was wrong with it, "" if nothing; ``cut``: its last entry has no end."""

    xml: bytes
    fault: str = ""
    cut: bool = False


def checked(text: str, place: str) -> Checked:
    """Return the document as feedparser may get it. Raises SourceError where it passes a limit, or holds no element."""
    text = mended(text)
    data = text.encode("utf-8", "replace")
    scan = _Scan(place)
    fault = scan.run(data)
    if scan.error == _UNBOUND_PREFIX:
        data = _bound(text).encode("utf-8", "replace")
        scan = _Scan(place)
        fault = scan.run(data)
    if not fault:
        return Checked(data)
    repaired = _repaired(data)
    if not repaired or (again := _Scan(place)).run(repaired) or not again.elements:
        raise SourceError(f"not a feed: it cannot be read as XML ({fault})", place)
    return Checked(repaired, fault, scan.in_entry > 0 and scan.error in _AT_THE_END)


def _bound(text: str) -> str:
    """The document with every prefix that is bound nowhere bound at its root."""
    missing = sorted(set(_USED.findall(text)) - set(_BOUND.findall(text)) - {"xml"})[:100]
    end = re.compile(r"[\s/>]").search(text, 1)
    bindings = "".join(f' xmlns:{each}="{_PREFIXES.get(each, f"urn:unbound:{each}")}"' for each in missing)
    return f"{text[: end.start()]}{bindings}{text[end.start() :]}" if end else text


def _repaired(data: bytes) -> bytes:
    """The document as far as it can be read, its elements closed; empty if there is nothing of it."""
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    try:
        found = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return b""
    return b"" if found is None else bytes(etree.tostring(found, encoding="utf-8"))


@dataclass(slots=True)
class _Scan:
    """Walks a document once and raises SourceError where a limit is passed."""

    place: str
    names: list[str] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    elements: int = 0
    in_entry: int = 0
    in_text: int = 0
    length: int = 0
    error: int = 0

    def run(self, data: bytes) -> str:
        """Return what is wrong with the document and in which line, "" if it is well-formed."""
        from xml.parsers import expat  # no entity is expanded: a document with a DOCTYPE is refused

        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            self.error = error.code
            return f"line {error.lineno}: {expat.ErrorString(error.code)}"
        return ""

    def _doctype(self, *_: object) -> None:
        raise SourceError("not a feed: it has a DOCTYPE within", self.place)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2].lower()
        self.elements += 1
        if self.children and not self.in_text and local not in _ENTRIES:
            self.children[-1] += 1
            if self.children[-1] > MAX_CHILDREN:
                raise SourceError(f"<{self.names[-1]}> holds more than {MAX_CHILDREN:,} elements", self.place)
        self.names.append(local)
        self.children.append(0)
        self.in_entry += local in _ENTRIES
        self.in_text += local in _TEXTS
        self.length = 0
        if len(self.names) > MAX_DEPTH:
            raise SourceError(f"elements are nested more than {MAX_DEPTH} deep", self.place)
        if len(attributes) > MAX_ATTRIBUTES:
            raise SourceError(f"<{local}> has more than {MAX_ATTRIBUTES} attributes", self.place)

    def _end(self, _: str) -> None:
        local = self.names.pop()
        self.children.pop()
        self.in_entry -= local in _ENTRIES
        self.in_text -= local in _TEXTS

    def _characters(self, text: str) -> None:
        if self.in_text or not self.names or self.names[-1] not in _SHORT:
            return
        self.length += len(text)
        if self.length > MAX_SHORT:
            raise SourceError(f"<{self.names[-1]}> is longer than {MAX_SHORT:,} characters", self.place)
