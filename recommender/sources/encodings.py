"""In which encoding a text file is, found by how it begins."""

import codecs
from typing import Any

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LEGACY = "cp1252"
"""What Windows programs of western Europe write. It gives nearly every byte a meaning: only where nothing else fits."""


def encoding_of(head: bytes) -> str:
    """Return the encoding of the text that begins with ``head``: UTF-8, UTF-16 or UTF-32, or else LEGACY.

    A byte order mark decides; without one, whether every other byte is zero, then whether ``head`` is UTF-8.
    """
    if found := next((name for mark, name in _BOMS if head.startswith(mark)), None):
        return found
    zeros = [head[start:200:2].count(0) for start in (0, 1)]
    if len(head) >= 4 and max(zeros) * 2 > len(head[:200]) / 2 and min(zeros) == 0:
        return "utf-16-le" if zeros[1] else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return LEGACY
    return "utf-8"


class AsUtf8:
    """Reads ``file``, which is in ``encoding``, as UTF-8. What is no text becomes the replacement character."""

    def __init__(self, file: Any, encoding: str) -> None:  # noqa: ANN401 - whatever has ``read``
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def read(self, size: int) -> bytes:
        """Return about ``size`` bytes, none only at the end."""
        while chunk := self._file.read(size):
            if text := self._decoder.decode(chunk):
                return text.encode("utf-8", "replace")
        return self._decoder.decode(b"", final=True).encode("utf-8", "replace")
