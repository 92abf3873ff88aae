"""The bytes of a feed → its text, and what its root element is."""

import codecs
import re
from itertools import chain

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STARTS = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"), (b"<\0r\0", "utf-16-le"), (b"\0<\0r", "utf-16-be"))
_DECLARED = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_ENCODINGS = re.compile(r"utf-(?:8|16|32).*|iso8859.*|cp\d+|koi8.*|mac.*|gb.*|big5.*|euc.*|shift_jis.*|ascii|iso2022.*")
"""Names of Python's codecs that are encodings of text, and decode in linear time."""
_WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
"""What is read in place of a declared encoding, as browsers do: it holds the same characters, and more."""
_LOSS = 10
"""Text is UTF-8 with damaged bytes in it, and not in another encoding, if one in so many characters, or fewer, is."""
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML allows nowhere."""
_ROOT = re.compile(r"<(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)")


def decoded(data: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of ``data``, and a sentence if it is in another encoding than it says itself, else "".

    Heeded are, in this order: a byte order mark, the XML declaration, UTF-8, the charset of HTTP's ``content_type``
    (which is often the server's, whatever it sends), Windows-1252. Characters that XML forbids are dropped.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _allowed(data[len(mark) :].decode(name, "replace")), ""
    for start, name in _STARTS:
        if data.startswith(start):
            return _allowed(data.decode(name, "replace")), ""
    declared = _codec(found[1].decode() if (found := _DECLARED.match(data)) else "")
    charset = _codec(sent[1] if (sent := _CHARSET.search(content_type)) else "")
    for name in dict.fromkeys(each for each in (declared, "utf-8", charset, "cp1252") if each):
        text = _decode(data, name)
        if text is not None:
            said = f"the feed calls itself {declared} and was read as {name}"
            return _allowed(text), said if declared and declared != name else ""
    return _allowed(data.decode("latin-1")), ""


def root(head: str) -> str:
    """Return the name of the root element with its prefix, of whatever XML ``head`` begins; "" if it begins none."""
    at = _after_prolog(head)
    found = _ROOT.match(head, at)
    return found[0][1:] if found else ""


def without_doctype(text: str) -> str:
    """Return an XML document without what stands before its root element: no entity is defined in the rest."""
    return text[_after_prolog(text) :]


def _after_prolog(text: str) -> int:
    """Where neither blank, comment, processing instruction nor DOCTYPE stands any more."""
    at = 0
    while True:
        while text[at : at + 1].isspace() or text[at : at + 1] == "\ufeff":
            at += 1
        if text.startswith("<?", at):
            end = text.find("?>", at) + 2
        elif text.startswith("<!--", at):
            end = text.find("-->", at + 4) + 3
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at)
        else:
            return at
        if end <= at:
            return len(text)
        at = end


def _doctype_end(text: str, start: int) -> int:
    """Just behind a DOCTYPE, 0 if it has no end. It may hold declarations in brackets, and these ">" and quotes."""
    bracket, end = text.find("[", start), text.find(">", start)
    if bracket == -1 or end < bracket:
        return end + 1
    found = re.compile(r"\]\s{0,100}>").search(text, bracket)
    return found.end() if found else 0


def _codec(name: str) -> str:
    """The codec of an encoding's name, "" if there is none that decodes text."""
    try:
        found = codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        return ""
    return _WIDER.get(found, found) if _ENCODINGS.fullmatch(found) else ""


def _decode(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        text = data.decode(name, "replace") if name.startswith("utf-8") else ""
    bad = text.count("\ufffd")
    wide = len(text) - len(text.encode("ascii", "ignore"))
    return text if bad and bad * _LOSS <= max(wide, _LOSS if _only_the_end(text, bad) else 0) else None


def _only_the_end(text: str, bad: int) -> bool:
    """Whether the file was cut within a character, and is whole otherwise."""
    return bad == 1 and text.endswith("\ufffd")


def _allowed(text: str) -> str:
    return _NO_CHARACTERS.sub("", text)


def mended(text: str) -> str:
    """Return ``text`` with HTML's named entities as characters, and each other "&" of no entity as ``&amp;``.

    What is in CDATA stays. XML knows five entities only, and feeds use others.
    """
    if "&" not in text:
        return text
    return "".join(part if part.startswith("<![CDATA[") else _BARE.sub(_mend, part) for part in _parts(text))


def _parts(text: str) -> chain[str]:
    """CDATA sections, and what is between them."""
    parts, at = [], 0
    while (start := text.find("<![CDATA[", at)) >= 0:
        end = text.find("]]>", start)
        end = len(text) if end < 0 else end + 3
        parts.append((text[at:start], text[start:end]))
        at = end
    return chain(chain.from_iterable(parts), (text[at:],))


_BARE = re.compile(r"&(?!(?:lt|gt|amp|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)(?:([A-Za-z][A-Za-z0-9]{1,31});)?")


def _mend(entity: re.Match[str]) -> str:
    from html.entities import html5

    if not entity[1]:
        return "&amp;"
    named = html5.get(f"{entity[1]};", "")
    return f"&amp;{entity[1]};" if not named or named in "<>&\"'" else named
