"""Which tags of a text are markup: "<p>The port</p>" is, in "the <p> element", "x <b and c> d", "List<String>" none is.

A text is HTML if anything in it can hardly be prose: a comment, a pair around words, a tag that touches words, an image
with a source. In HTML every tag is markup but the one that stands alone in a line, as a word would, and is not closed.
In all other texts none is.
"""

import re

from recommender.text.markup.elements import BLOCKS, CELLS, LINES
from recommender.text.markup.tags import NAMED_AFTER, Kind, Tag, ends_as_a_word, is_inside_a_line, stands_alone, tags

_ENDS_A_SENTENCE = frozenset(".!?…%")
_SOURCE = re.compile(r"\s(?:data-)?(?:src|srcset)\s*=", re.IGNORECASE)
_BREAKS = frozenset(("br", "hr"))
_NOT_A_WORD = _BREAKS | {"img", "wbr"}
_LOOK_AROUND = 20
_NAMED_BEFORE = re.compile(
    r"\b(?:add|adding|element|html|insert|tag|uses?|using|vs\.?|balise|etiqueta) $", re.IGNORECASE
)


def html_tags(text: str) -> list[Tag]:
    """Return the tags of ``text`` that are markup, in order, partners set; none if the text is not HTML."""
    found = tags(text)
    if not any(_is_proof(text, tag) for tag in found):
        return []
    return [tag for tag in found if not _is_word(text, tag)]


def is_whole(text: str, found: list[Tag]) -> bool:
    """Say whether ``text``, with ``found`` as its markup, begins and goes on as HTML: not prose with a tag in it."""
    if not found or text[: found[0].start].strip():
        return False
    return not text[found[-1].end :].strip() or sum(tag.kind is Kind.OPEN and tag.name in BLOCKS for tag in found) > 1


def _is_proof(text: str, tag: Tag) -> bool:
    if tag.kind is Kind.GONE:
        return True
    if tag.kind is Kind.EMPTY:
        return _proves_empty(text, tag)
    if tag.partner:
        return tag.kind is Kind.OPEN and not _names_a_pair(text, tag, tag.partner)
    before = text[tag.start - 1 : tag.start] if tag.start else ""
    if tag.kind is Kind.CLOSE:
        return not tag.is_custom and (before.isalnum() or before in _ENDS_A_SENTENCE)
    # Before an inline tag of one letter there may be a formula or a type: "a <b>c", "Map<b>".
    is_shaped = "=" in tag.attributes or tag.name in BLOCKS or tag.name in LINES or tag.name in CELLS
    if not is_shaped and (len(tag.name) == 1 or not (before.isspace() or before in ("", ">"))):
        return False
    return not ends_as_a_word(text, tag) and text[tag.end] != "<"


def _names_a_pair(text: str, opening: Tag, closing: Tag) -> bool:
    """Say whether both are named rather than used: "between <p> and </p>"."""
    if opening.attributes or not is_inside_a_line(text, opening):
        return False
    return stands_alone(text, opening) and stands_alone(text, closing)


def _proves_empty(text: str, tag: Tag) -> bool:
    """Say whether an element without contents is used for certain: a break, a picture with a source, <i/> at a word."""
    if tag.name in _BREAKS:
        return _breaks_text(text, tag)
    touches = (tag.name == "wbr" or tag.attributes.endswith("/")) and not stands_alone(text, tag)
    return touches or bool(_SOURCE.search(tag.attributes))


def _breaks_text(text: str, tag: Tag) -> bool:
    """Say whether <br> or <hr> is used rather than named.

    Between spaces it is used in a text of one line ("The port <br> grows"), named in a longer one ("Such as <br> is").
    """
    if not stands_alone(text, tag):
        return True
    if len(text) <= _LOOK_AROUND and text.strip() == text[tag.start : tag.end]:
        return True
    after = text[tag.end : tag.end + _LOOK_AROUND]
    if not is_inside_a_line(text, tag):
        return bool(tag.attributes) and after.lstrip(" \t")[:1] in ("", "\n")
    before = text[max(tag.start - _LOOK_AROUND, 0) : tag.start]
    if not before[-1].isspace() or not after[:1].isspace():
        return False
    if "\n" in text and after[0] != "\n" and not tag.attributes:
        return False
    return not NAMED_AFTER.match(after) and not _NAMED_BEFORE.search(before)


def _is_word(text: str, tag: Tag) -> bool:
    """Say whether a tag in HTML is only named there: "<p>Put it into a <div> of its own</p>"."""
    if tag.kind is Kind.GONE or tag.partner or tag.name in _NOT_A_WORD:
        return False
    if tag.is_custom and tag.kind is Kind.OPEN and "=" not in tag.attributes:
        return True
    return not tag.attributes.strip("/ ") and is_inside_a_line(text, tag) and stands_alone(text, tag)
