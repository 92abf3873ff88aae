"""Bytes of a file → characters, piece by piece: what is not in the encoding is replaced and counted, never an error."""

import codecs
from typing import BinaryIO

UNREADABLE = "\ufffd"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Decoded:
    """The characters of ``file``. ``unreadable``: how many stand for bytes that are none of the encoding's."""

    def __init__(self, file: BinaryIO, encoding: str = "utf-8") -> None:
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


class Utf8:
    """``file`` as a file of bytes that are UTF-8, without a byte order mark."""

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        self.decoded = Decoded(file, encoding_of(head))

    def read(self, size: int = 64 * 1024) -> bytes:
        """Return what ``size`` more bytes of the file come to; empty at its end, and for a size of 0."""
        return self.decoded.read(size).encode("utf-8", "replace") if size else b""


def encoding_of(head: bytes, declared: str = "") -> str:
    """Return the encoding that ``head``'s byte order mark says, or the ``declared`` one, if it is known; else UTF-8."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    try:
        "".encode(declared or "utf-8")  # a LookupError also where it encodes no text
        codecs.getincrementaldecoder(declared or "utf-8")
    except (LookupError, ValueError):
        return "utf-8"
    return declared or "utf-8"
