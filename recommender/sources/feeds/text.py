"""The bytes of a feed → its text, and what its root element is."""

import re
from itertools import chain

from recommender.sources import encodings

_DECLARED = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML allows nowhere."""
_ROOT = re.compile(r"<(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)")


def decoded(data: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of ``data``, and a sentence if it is in another encoding than it says itself, else "".

    Heeded are, in this order: a byte order mark, the XML declaration, UTF-8, the charset of HTTP's ``content_type``
    (which is often the server's, whatever it sends), Windows-1252. Characters that XML forbids are dropped.
    """
    declared = found[1].decode() if (found := _DECLARED.match(data)) else ""
    charset = sent[1] if (sent := _CHARSET.search(content_type)) else ""
    text, encoding = encodings.decode(data, [declared], [charset, encodings.LEGACY])
    meant = encodings.codec_of(declared)
    is_other = bool(meant) and encoding != meant and not encoding.startswith(("utf-8-", "utf-16", "utf-32"))
    said = f"the feed calls itself {meant} and was read as {encoding}" if is_other else ""
    return _NO_CHARACTERS.sub("", text.removeprefix("\ufeff")), said


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
