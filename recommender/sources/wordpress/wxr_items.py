"""The items of a WordPress export as pieces of XML, one at a time, however large or damaged the file is.

Each item is parsed by itself, so that an ill-formed one harms no other. Here it is only found where one begins and
ends, in what is no CDATA section.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from recommender.errors import ArticleError, SourceError
from recommender.sources.encodings import Decoded, encoding_of
from recommender.sources.items import Note
from recommender.sources.opened import Opened

MAX_ITEM = 16 * 1024**2
"""Characters of one item; a longer one is skipped."""
MAX_HEADER = 4 * 1024**2
"""Characters of what stands before the first item that are kept: the site's language and its authors stand first."""
_CHUNK = 256 * 1024
_LONGEST_TOKEN = 16
_TOKEN = re.compile(r"<item(?=[\s>/])|</item\s{0,8}>|<!\[CDATA\[")
_START, _CDATA, _CDATA_END = "<item", "<![CDATA[", "]]>"
_TAIL = 256
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.ASCII)
_DOCTYPE = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]+:)?rss[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RawItem:
    """One item as it stands in the file, and the line it begins in."""

    xml: str
    line: int


class WxrItems:
    """Finds the items of an export. ``header``: what stands before the first one, in part if it is very long.

    Raises SourceError if it begins with no ``<rss>``, or declares a document type: exports have none, bombs do.
    """

    def __init__(self, source: Opened) -> None:
        found = _DECLARED.search(source.head[:1024])
        self._decoded = Decoded(source.file, encoding_of(source.head, found[1].decode() if found else "", guess=False))
        self._place = source.place
        self._text = self._tail = ""
        self._at = 0
        """Where in ``_text`` nothing was looked at yet."""
        self._line = 1
        self._too_long = ""
        self._more()
        _check_prolog(self._text, source.place)
        self._token = self._seek(MAX_HEADER)
        self.header = self._too_long or self._text[: self._token.start() if self._token else None]

    def items(self) -> Iterator[RawItem | ArticleError | Note]:
        """Yield every item in order, an ArticleError for one that is too long, and at the end what there is to say."""
        token, line = self._token, 0
        while token:
            if token[0] != _START:
                token = self._seek(0)
                continue
            self._forget(token.start())
            self._at, line = len(_START), self._line
            token = self._seek(MAX_ITEM)
            if token is None:
                told = "the file ends in the middle of an item, which is not read: the export is cut off"
                yield Note(told, f"{self._place}:{line}", partial=True)
            elif self._too_long:
                told = f"the item is longer than the limit of {MAX_ITEM:,} characters"
                yield ArticleError(told, f"{self._place}:{line}")
            else:
                yield RawItem(f"{self._text[: token.start()]}</item>", line)
                if token[0] != _START:
                    token = self._seek(0)
        yield from self._last_words()

    def _seek(self, limit: int) -> re.Match[str] | None:
        """Go behind the next tag that begins or ends an item and return it; None at the end of the file.

        What is on the way there is kept if it has at most ``limit`` characters, else its beginning is in ``_too_long``.
        """
        self._too_long, in_cdata = "", False
        while True:
            if in_cdata and (end := self._text.find(_CDATA_END, self._at)) >= 0:
                self._at, in_cdata = end + len(_CDATA_END), False
                continue
            if not in_cdata and (token := _TOKEN.search(self._text, self._at)):
                self._at = token.end()
                if token[0] != _CDATA:
                    return token
                in_cdata = True
                continue
            self._at = max(self._at, len(self._text) - (len(_CDATA_END) - 1 if in_cdata else _LONGEST_TOKEN))
            if self._at > limit:
                self._too_long = self._too_long or self._text[:limit]
                self._forget(self._at)
            if not self._more():
                return None

    def _more(self) -> bool:
        more = self._decoded.read(_CHUNK)
        self._text += more
        self._tail = (self._tail + more)[-_TAIL:]
        return bool(more)

    def _forget(self, count: int) -> None:
        self._line += self._text.count("\n", 0, count)
        self._text = self._text[count:]
        self._at -= count

    def _last_words(self) -> Iterator[Note]:
        if not ("</rss" in self._tail or "</channel" in self._tail):
            yield Note("the file ends without </rss>: the export may be cut off", self._place, partial=True)
        if unreadable := self._decoded.unreadable:
            told = f"{unreadable:,} characters are not valid {self._decoded.encoding}: they were replaced"
            yield Note(told, self._place)


def _check_prolog(text: str, place: str) -> None:
    text = _without_comments(text)
    root = _ROOT.search(text)
    if _DOCTYPE.search(text[: root.start()] if root else text):
        raise SourceError("it declares a document type or entities, which no WordPress export does: not read", place)
    if not root:
        raise SourceError("no <rss> in it: it is no WordPress export", place)


def _without_comments(text: str) -> str:
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        parts.append(text[at:start])
        end = text.find("-->", start)
        at = end + 3 if end >= 0 else len(text)
    return "".join([*parts, text[at:]])
