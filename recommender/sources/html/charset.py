"""The bytes of a page → its text: what a page declares of its encoding."""

import re

from recommender.sources import encodings

_DECLARED_WITHIN = 4096
_META = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
_HTTP = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)


def decode(data: bytes, content_type: str = "") -> str:
    """Return the text of a page: UTF-8, if it is that, whatever the server's ``content_type`` or its own head declare.

    These count after that, the server's first; see ``encodings``. Zero bytes are dropped.
    """
    declared = [found[1] for found in [_HTTP.search(content_type)] if found]
    declared += [found[1].decode("ascii") for found in [_META.search(data[:_DECLARED_WITHIN])] if found]
    text, _ = encodings.decode(data, after=declared)
    return text.replace("\x00", "") if "\x00" in text else text
