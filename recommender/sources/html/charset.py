"""The bytes of a page → its text: which encoding they are in."""

import codecs
import re

_BOMS = (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")
_DECLARED_WITHIN = 4096
_META = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
_HTTP = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
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
_FEW = 0.02
"""Share of what is not ASCII that may be damaged in UTF-8 that is still UTF-8."""


def decode(data: bytes, content_type: str = "") -> str:
    """Return the text of a page.

    The encoding is what its byte order mark says; else UTF-8, if all of it is that, whatever is declared; else what the
    server's ``content_type`` or its own head declare, where it can be read so; else UTF-8 with damage or Windows-1252.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _text(data[len(mark) :].decode(name, "replace"))
    if wide := _wide(data):
        return _text(data.decode(wide, "replace"))
    try:
        return _text(data.decode())
    except UnicodeDecodeError:
        pass
    for label in _declared(data, content_type):
        try:
            return _text(data.decode(label))
        except UnicodeDecodeError:
            continue
    damaged = data.decode("utf-8", "replace")
    other = sum(1 for character in damaged if not character.isascii())
    if damaged.count("\ufffd") <= max(1, int(other * _FEW)) < other:
        return _text(damaged)
    return _text((next(iter(_declared(data, content_type)), None) and damaged) or data.decode("cp1252", "replace"))


def _text(text: str) -> str:
    return text.replace("\x00", "") if "\x00" in text else text


def _wide(data: bytes) -> str:
    """UTF-16 without a byte order mark: every other byte of its first tag is zero."""
    start = data[:64].lstrip()
    return "utf-16-le" if start[1:4:2] == b"\0\0" else "utf-16-be" if start[:3:2] == b"\0\0" else ""


def _declared(data: bytes, content_type: str) -> list[str]:
    """The encodings that are declared and known here, the server's first."""
    found = [match[1] for match in [_HTTP.search(content_type)] if match]
    found += [match[1].decode("ascii") for match in [_META.search(data[:_DECLARED_WITHIN])] if match]
    names = []
    for label in found:
        try:
            info = codecs.lookup(label)
        except (LookupError, ValueError):
            continue
        name = _AS_BROWSERS_DO.get(info.name, info.name)
        if info._is_text_encoding and not name.startswith(("utf-16", "utf-32", "utf-7", "idna", "punycode")):
            names.append(name)
    return names
