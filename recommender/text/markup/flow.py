"""HTML → the text a reader sees: paragraphs, lines and words parted as a browser would."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from recommender.text.markup.elements import BLOCKS, CELLS, LINES, REPLACED, UNSEEN
from recommender.text.markup.tags import Kind, Tag

DEEPEST = 200
"""Elements open at once. Lexbor looks through all of them at every block, so its time grows with the product."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_NEW_LINES = re.compile(r"(\n\s*)")
_SHAPED = BLOCKS | LINES | CELLS
_PARTS_WORDS = CELLS | REPLACED | {"embed", "img", "input"}
# The parser treats some elements in ways of their own; these names stand for the same flow of text.
_WRITTEN = {"caption": "div", "form": "div", "listing": "pre", "xmp": "pre"}
# Where an empty line makes a paragraph, as in WordPress. In a paragraph, a list or a table it is white space.
_FLOWS = frozenset("article aside blockquote center dd details div fieldset footer header main section span".split())


def text_of(text: str, tags: Iterable[Tag]) -> str:
    """Return ``text`` without its markup ``tags`` (in order) and what they hide; entities stay as they are.

    An empty line parts blocks, a line break lines and items, a space cells. Lines stay lines where there is no block.
    """
    source = _Source()
    at = 0
    for tag in tags:
        if tag.start >= at:
            source.add_text(text[at : tag.start])
            source.add_tag(tag)
            at = _end(tag)
    source.add_text(text[at:])
    flow = _Flow(keeps_lines=not source.has_blocks)
    body = LexborHTMLParser("".join(source.parts)).body
    if body is not None:
        flow.walk(body)
    return "".join(flow.parts)


def _end(tag: Tag) -> int:
    """Return where the text goes on after ``tag``: after its element, if that is dropped with its contents."""
    is_dropped = tag.kind is Kind.OPEN and (tag.name in UNSEEN or tag.name in REPLACED)
    return tag.partner.end if is_dropped and tag.partner else tag.end


@dataclass(slots=True)
class _Source:
    """What the parser is to see: text, breaks, and blocks and hidden elements, all closed, nested and not too deep."""

    parts: list[str] = field(default_factory=list)
    has_blocks: bool = False
    open_tags: set[int] = field(default_factory=set)

    def add_text(self, text: str) -> None:
        self.parts.append(_SURROGATE.sub("\ufffd", text).replace("&", "&amp;").replace("<", "&lt;"))

    def add_tag(self, tag: Tag) -> None:
        name = tag.name
        is_shaped = name in _SHAPED
        self.has_blocks = self.has_blocks or is_shaped
        if name in _PARTS_WORDS:
            self.parts.append(" ")
        if tag.partner and (is_shaped or tag.is_hidden or (tag.kind is Kind.CLOSE and tag.partner.is_hidden)):
            self.parts.append(self._element(tag, _WRITTEN.get(name, name) if is_shaped else "span"))
        elif name in BLOCKS:
            self.parts.append("<hr>")
        elif name == "br" or name in LINES:
            self.parts.append("<br>")

    def _element(self, tag: Tag, name: str) -> str:
        """Return one half of a pair; only a break for a block that lies too deep."""
        if tag.kind is Kind.OPEN and len(self.open_tags) < DEEPEST:
            self.open_tags.add(id(tag))
            return f"<{name} hidden>" if tag.is_hidden else f"<{name}>"
        if tag.kind is Kind.CLOSE and id(tag.partner) in self.open_tags:
            self.open_tags.remove(id(tag.partner))
            return f"</{name}>"
        return "" if name == "span" else "<hr>"


@dataclass(slots=True)
class _Flow:
    """Text as it is written down: breaks and spaces wait for the next word."""

    keeps_lines: bool
    parts: list[str] = field(default_factory=list)
    breaks: int = 0
    """Line breaks due before the next word: 0, 1, or 2 for a paragraph."""
    space: bool = False
    preformatted: int = 0
    in_lines: int = 0
    """Open list items, rows and cells: a block in them is a line."""
    in_closed: int = 0
    """Open elements in which an empty line is white space."""

    def walk(self, root: LexborNode) -> None:
        """Write down all below ``root``."""
        open_nodes: list[LexborNode] = []
        node = root.first_child
        while node is not None:
            below = None
            if node.is_text_node:
                self._write(node.text_content or "")
            elif node.is_element_node and "hidden" not in node.attributes:
                below = node.first_child
                self._pass_bound(node.tag or "", 1)
                if below is None:
                    self._pass_bound(node.tag or "", -1)
                else:
                    open_nodes.append(node)
            node = below or self._following(node, open_nodes)

    def _following(self, node: LexborNode, open_nodes: list[LexborNode]) -> LexborNode | None:
        """Return the node after ``node`` and all below it, leaving the open ones that end there."""
        following = node.next
        while following is None and open_nodes:
            left = open_nodes.pop()
            self._pass_bound(left.tag or "", -1)
            following = left.next
        return following

    def _pass_bound(self, name: str, step: int) -> None:
        """Pass the start (``step`` is 1) or the end (-1) of an element."""
        if name == "br":
            self.breaks = min(self.breaks + (step > 0), 2)
            return
        if step < 0:
            self._count(name, step)
        if name in LINES or name in BLOCKS:
            self.breaks = max(self.breaks, 1 if name in LINES or self.in_lines else 2)
        if step > 0:
            self._count(name, step)

    def _count(self, name: str, step: int) -> None:
        self.preformatted += step * (name == "pre")
        self.in_lines += step * (name in LINES or name in CELLS)
        self.in_closed += step * (name not in _FLOWS)

    def _write(self, text: str) -> None:
        keeps_lines = self.keeps_lines or self.preformatted > 0
        keeps_paragraphs = keeps_lines or not self.in_closed
        for part in _NEW_LINES.split(text):
            lines = part.count("\n")
            if lines > 1 and keeps_paragraphs:
                self.breaks = 2
            elif lines and keeps_lines:
                self.breaks = max(self.breaks, 1)
            elif words := " ".join(part.split()):
                self._put(words, part[0].isspace())
                self.space = part[-1].isspace()
            else:
                self.space = self.space or bool(part)

    def _put(self, words: str, space_before: bool) -> None:
        if self.breaks:
            self.parts.append("\n" * self.breaks if self.parts else "")
        elif space_before or self.space:
            self.parts.append(" ")
        self.parts.append(words)
        self.breaks = 0
