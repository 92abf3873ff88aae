"""What has the form of a tag of HTML, in order and paired. Whether it is one, the words around it decide (evidence)."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from recommender.text.markup.elements import KNOWN, REPLACED, UNSEEN, VOID

_CANDIDATE = re.compile(r"<(?=[A-Za-z/!?])|`")
# At most 150 pieces: unbounded, quotes that pair differently from every start would take quadratic time.
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9]*+(?:[-:][A-Za-z0-9]++)*+)(?=[\s/>])"
    r"""((?>[^<>"'=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|["'=]){0,150}+)>"""
)
# A tag has attributes or nothing after its name: "x <b and c> d", "if a<b then x=1, c>d" are none.
_BARE = (
    r"(?:\s+(?:allowfullscreen|async|autoplay|checked|compact|controls|default|defer|disabled|hidden|ismap|itemscope|loop"
    r"|multiple|muted|nomodule|noshade|novalidate|nowrap|open|readonly|required|reversed|selected|[a-z]+-[\w-]+)(?![^\s/]|\s*=))"
)
_ATTRIBUTES = re.compile(
    rf"""{_BARE}++\s*+/?|(?:{_BARE}|\s+(?:alt|class|href|id|name|style|title|value)(?=\s))*+"""
    r"""\s++[A-Za-z_:@#*(\[$][^\s"'<>/=&|;,{}]*+\s*=.*""",
    re.DOTALL | re.IGNORECASE,
)
# What is left of a tag where a text was cut off: attributes to the last character, the last one perhaps in part.
_CUT_OFF = re.compile(
    r"""</?([a-z][a-z0-9]*+)((?>\s+[\w:@-]++=(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>,]++)){0,50}+"""
    r"""(?:\s+(?:[\w:@-]++(?:=(?:"[^"<>\s]*+|'[^'<>\s]*+|[^\s"'<>,]*+))?+)?+)?+)\Z"""
)
_HIDDEN = re.compile(r"\shidden(?![\w-])", re.IGNORECASE)
_QUOTED = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
_DECLARATION = re.compile(r"<!doctype\b[^<>]*>|<!\[(?:if|endif)\b[^<>]*>|<\?xml[\s:][^<>]*>", re.IGNORECASE)
# Code of Markdown holds no tags: `code` in a line, and what stands between two fences.
_CODE = re.compile(r"(?<![\w`])(`{1,2})(?=[^`\s])[^`\n]{1,300}(?<!\s)\1(?!`)(?:(?=s\b)|(?!\w))")

NAMED_AFTER = re.compile(r"\s+(?:elements?|tags?|attributes?|vs|balises?|etiquetas?)\b", re.IGNORECASE)
"""What follows a tag that is only named."""

_PROGRAM = re.compile(r"[;{}()=]")
_LOOK_AHEAD = 3000
_BEFORE_A_WORD = frozenset("([{\"'“‘«‹„‚`/—–-")
_AFTER_A_WORD = frozenset(")]}”’»›`/—–-,.;:!?…")
_STRAIGHT_QUOTES = frozenset("\"'")
_PLURAL = re.compile(r"['’]?s\b")


class Kind(StrEnum):
    """What a tag does."""

    OPEN = "open"
    CLOSE = "close"
    EMPTY = "empty"
    """An element without contents: void, or closed by itself."""
    GONE = "gone"
    """A comment, a declaration, or an element that is dropped with its contents."""


@dataclass(slots=True, eq=False)
class Tag:
    """One tag, ``text[start:end]``; ``name`` is lower case, empty for a comment; ``partner`` is the other of a pair."""

    start: int
    end: int
    kind: Kind
    name: str = ""
    attributes: str = ""
    partner: "Tag | None" = None

    @property
    def is_hidden(self) -> bool:
        """Whether the element has the attribute ``hidden``."""
        return "hidden" in self.attributes.lower() and bool(_HIDDEN.search(_QUOTED.sub("=", self.attributes)))

    @property
    def is_custom(self) -> bool:
        """Whether HTML does not know the element: a hyphen or a colon is in its name."""
        return self.name not in KNOWN


def stands_alone(text: str, tag: Tag) -> bool:
    """Say whether ``tag`` stands where a word would: between spaces, punctuation and the ends, or in the plural."""
    before = text[tag.start - 1 : tag.start] if tag.start else ""
    return (not before or before.isspace() or before in _BEFORE_A_WORD) and ends_as_a_word(text, tag)


def ends_as_a_word(text: str, tag: Tag) -> bool:
    """Say whether what follows ``tag`` would follow a word: nothing, a space, punctuation, an s."""
    after = text[tag.end : tag.end + 1]
    if not after or after.isspace() or _PLURAL.match(text, tag.end):
        return True
    if after in _STRAIGHT_QUOTES:
        return not text[tag.end + 1 : tag.end + 2].isalnum()
    return after in _AFTER_A_WORD


def is_inside_a_line(text: str, tag: Tag) -> bool:
    """Say whether something stands before ``tag`` in its line, at most a few spaces away."""
    before = text[max(tag.start - 8, 0) : tag.start].rstrip(" \t\xa0")
    return bool(before) and before[-1] != "\n"


def tags(text: str) -> list[Tag]:
    """Return in order all of ``text`` that has the form of a tag, opening ones with their end tag as partner and back.

    Pairs are properly nested: an end tag that would leave an element open inside another ends both. Time is linear.
    """
    found = list(_Scanner(text).tags())
    opened: list[Tag] = []
    count = Counter[str]()
    for tag in found:
        if tag.kind is Kind.OPEN:
            opened.append(tag)
            count[tag.name] += 1
        elif tag.kind is Kind.CLOSE and count[tag.name]:
            while (last := opened.pop()).name != tag.name:
                count[last.name] -= 1
            count[tag.name] -= 1
            tag.partner, last.partner = last, tag
    return found


def _is_tag(name: str, attributes: str) -> bool:
    """Say whether a name HTML knows, or with a hyphen or colon, is followed by attributes or nothing.

    Names in mixed case are types and components: "List<Object>", "<Button>".
    """
    if ":" not in name and not (name in KNOWN or (name.lower() in KNOWN and name.isupper()) or "-" in name):
        return False
    return not attributes.replace("/", "").strip() or bool(_ATTRIBUTES.fullmatch(attributes))


class _Scanner:
    """Reads the tags of one text. Remembers what ends where, so that nothing is searched for twice."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._ends: dict[str, re.Match[str] | None] = {}

    def tags(self) -> Iterator[Tag]:
        """Yield every tag in order; what is dropped with its contents as one."""
        at = 0
        while candidate := _CANDIDATE.search(self.text, at):
            at = candidate.start()
            if candidate[0] == "`":
                at = self._after_code(at)
            elif tag := self._tag(at):
                yield tag
                at = tag.end
            else:
                at += 1

    def _after_code(self, at: int) -> int:
        if self.text.startswith("```", at) and (at == 0 or self.text[at - 1] == "\n"):
            fence = self._next(r"\n```", at)
            return fence.end() if fence else at + 3
        code = _CODE.match(self.text, at)
        return code.end() if code else at + 1

    def _next(self, pattern: str, at: int) -> re.Match[str] | None:
        """Return the first match of ``pattern`` from ``at`` on."""
        known = self._ends.get(pattern)
        if pattern not in self._ends or (known and known.start() < at):
            self._ends[pattern] = known = re.compile(pattern, re.IGNORECASE).search(self.text, at)
        return known

    def _tag(self, at: int) -> Tag | None:
        if self.text[at + 1] in "!?":
            return self._comment(at)
        match = _TAG.match(self.text, at)
        if not match:
            return self._cut_off(at)
        if not _is_tag(match[2], match[3]):
            return None
        name, attributes = match[2].lower(), match[3]
        if match[1]:
            return Tag(at, match.end(), Kind.CLOSE, name)
        if name in VOID or attributes.endswith("/"):
            return Tag(at, match.end(), Kind.EMPTY, name, attributes)
        tag = Tag(at, match.end(), Kind.OPEN, name, attributes)
        return self._with_contents(tag) if name in UNSEEN or name in REPLACED else tag

    def _comment(self, at: int) -> Tag | None:
        is_comment = self.text.startswith("<!--", at)
        end = self._next("-->", at + 2) if is_comment else _DECLARATION.match(self.text, at)
        return Tag(at, end.end(), Kind.GONE) if end else None

    def _cut_off(self, at: int) -> Tag | None:
        match = _CUT_OFF.match(self.text, at)
        if not match or match[1] not in KNOWN:
            return None
        without_value = Kind.CLOSE if self.text[at + 1] == "/" else Kind.EMPTY
        return Tag(at, match.end(), Kind.GONE if "=" in match[2] else without_value, match[1])

    def _with_contents(self, tag: Tag) -> Tag:
        """Return ``tag`` as all from it to its end tag, if there is one and it is not just named in prose."""
        end = self._next(rf"</{tag.name}\s*>", tag.end)
        if end is None:
            return tag
        if is_inside_a_line(self.text, tag) and stands_alone(self.text, tag) and self._is_named(tag, end):
            return tag
        return Tag(tag.start, end.end(), Kind.GONE, tag.name)

    def _is_named(self, tag: Tag, end: re.Match[str]) -> bool:
        """Say whether prose goes on after ``tag``: another one is the one that ends there, or no program follows."""
        contents = self.text[tag.end : min(end.start(), tag.end + _LOOK_AHEAD)]
        if f"<{tag.name}" in contents.lower() or NAMED_AFTER.match(contents):
            return True
        if tag.name in ("script", "style"):
            return not _PROGRAM.search(contents)
        return not tag.attributes or contents[:1] in _AFTER_A_WORD
