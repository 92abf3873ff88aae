"""Bytes → text: in which encoding they are, by what they begin with, by what is declared, by what they can be.

One order of evidence for all formats: a byte order mark; UTF-16 without one; what a format says is to be believed
before UTF-8; UTF-8; what is to be believed only after it; Windows-1252. A format says what it declares, and where.
"""

import codecs
import re
from collections.abc import Sequence
from typing import Any

LEGACY = "cp1252"
"""What Windows programs of western Europe write. It gives nearly every byte a meaning: only where nothing else fits."""
UNREADABLE = "\ufffd"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 200
"""Bytes that show whether every other one is zero."""
_KNOWN = re.compile(
    r"utf-(?:8|16|32).*|iso8859.*|cp\d+|koi8.*|mac.*|gb.*|big5.*|euc.*|shift_jis.*|ascii|iso2022.*|tis-620|johab|hz"
)
"""Names of Python's codecs that are encodings of text, and decode in linear time."""
_AS_BROWSERS_DO = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
"""Encodings that are declared, and the larger ones that are meant (WHATWG, Encoding)."""
_LOSS = 10
"""Text is UTF-8 with damage in it if one in so many of its characters beyond ASCII is damaged, or fewer."""


def codec_of(label: str) -> str:
    """Return the codec that a declared ``label`` means, "" if there is none that decodes text."""
    try:
        found = codecs.lookup(label).name if label else ""
    except (LookupError, ValueError):
        return ""
    return _AS_BROWSERS_DO.get(found, found) if _KNOWN.fullmatch(found) else ""


def encoding_of(head: bytes, declared: str = "", *, guess: bool = True) -> str:
    """Return the encoding of the text that begins with ``head``: see above; ``declared`` is believed before UTF-8.

    Without ``guess`` it is UTF-8 where nothing else is said: damage is then replaced, and can be counted.
    """
    if found := _marked(head) or _wide(head) or codec_of(declared):
        return found
    return LEGACY if guess and not _is_utf8(head) else "utf-8"


def decode(data: bytes, before: Sequence[str] = (), after: Sequence[str] = ()) -> tuple[str, str]:
    """Return the text of ``data`` and its encoding: see above; ``before`` and ``after`` are the labels declared.

    What cannot be read becomes the replacement character; where labels were declared and none fits, the text is UTF-8.
    """
    if found := _marked(data) or _wide(data):
        return data.decode(found, "replace"), found
    first, last = ([name for label in labels if _is_possible(name := codec_of(label))] for labels in (before, after))
    for name in dict.fromkeys([*first, "utf-8", *last]):
        text = _read(data, name)
        if text is not None:
            return text, name
    name = "utf-8" if last else LEGACY
    return data.decode(name, "replace"), name


def _marked(head: bytes) -> str:
    return next((name for mark, name in _MARKS if head.startswith(mark)), "")


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: where every other byte is zero."""
    start = head[:_LOOKED_AT]
    zeros = [start[first::2].count(0) for first in (0, 1)]
    if len(start) < 4 or max(zeros) * 4 <= len(start) or min(zeros):
        return ""
    return "utf-16-le" if zeros[1] else "utf-16-be"


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return False
    return True


def _is_possible(name: str) -> bool:
    """Say whether bytes that neither begin with a mark nor are wide may be in the encoding ``name``."""
    return bool(name) and not name.startswith(("utf-16", "utf-32"))


def _read(data: bytes, name: str) -> str | None:
    """``data`` in an encoding if it can be that; as UTF-8 also with some damage."""
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        text = data.decode(name, "replace") if name.startswith("utf-8") else ""
    bad, wide = text.count(UNREADABLE), len(text) - len(text.encode("ascii", "ignore"))
    is_cut = bad == 1 and text.endswith(UNREADABLE)  # within a character, and whole otherwise
    return text if bad and (is_cut or bad <= max(1, wide // _LOSS) < wide) else None


class Decoded:
    """The characters of ``file``, piece by piece, never an error.

    ``unreadable``: how many stand for bytes that are none of the encoding's.
    """

    def __init__(self, file: Any, encoding: str = "utf-8") -> None:  # noqa: ANN401 - whatever has ``read``
        self.encoding = encoding
        self.unreadable = 0
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._ended = False

    def read(self, size: int) -> str:
        """Return what ``size`` more bytes hold, at least one character; empty at the end of the file."""
        text = ""
        while not text and not self._ended:
            data = self._file.read(size)
            self._ended = not data
            text = self._decoder.decode(data, final=self._ended)
        self.unreadable += text.count(UNREADABLE)
        return text


class AsUtf8:
    """``file``, which is in ``encoding``, as a file of bytes that are UTF-8, without a byte order mark."""

    def __init__(self, file: Any, encoding: str) -> None:  # noqa: ANN401 - whatever has ``read``
        self.decoded = Decoded(file, encoding)

    def read(self, size: int = 64 * 1024) -> bytes:
        """Return what ``size`` more bytes of the file come to; empty at its end, and for a size of 0."""
        return self.decoded.read(size).encode("utf-8", "replace") if size else b""
