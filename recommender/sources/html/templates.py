"""Reading many pages of one template fast: its container is learnt from what trafilatura finds, and checked again.

trafilatura reads some 50 pages a second, a known container is read at several times that. A template is a site and the
path of elements that leads to the container. Only where the container's own text was what trafilatura found on
``TRIALS`` pages of it in a row is it read directly, and every ``CHECKED``th time both are compared again.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.sources.html.dom import attribute
from recommender.sources.html.main_text import SHORT, enough, found_by_trafilatura, is_unwanted, without_lines
from recommender.sources.html.text import INLINE, size, strip_furniture, text_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

TRIALS = 6
CHECKED = 50
AGREED = 0.95
"""F1 of the words of both texts from which they say the same."""
_MISSES = 3
"""Pages of a template that may disagree before it is read by trafilatura for good."""
_SITES, _TEMPLATES = 1_000, 12
_LINKED = 0.4
_COVERED = 0.9
_MISSED, _LOOKS = 100, 30
"""Lines that may be looked for in vain, and how often a page's text may be looked through, to find a container."""
_INSIDE = frozenset(("-text",)) | INLINE | frozenset("p li h1 h2 h3 h4 h5 h6 pre blockquote dd dt".split())
"""What is no container, but a part of its text."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z_-]*")
_NAMED_BY_PAGE = re.compile(r"(?:post|category|tag|format|author|page|type|status|term|section)-", re.IGNORECASE)
_WORDS = re.compile(r"\w+")


@dataclass(slots=True)
class Template:
    """One container's path, and how often its text agreed and disagreed with trafilatura's since it was first seen."""

    selector: str
    agreed: int = 0
    missed: int = 0
    read: int = 0

    def compare(self, found: str, direct: str) -> None:
        """Count whether the container's own text says what trafilatura found on the same page."""
        if agreement(found, direct) >= AGREED:
            self.agreed += 1
        else:
            self.agreed = 0
            self.missed += 1

    def is_trusted(self) -> bool:
        """Say whether the container's own text may be taken."""
        return self.agreed >= TRIALS and not self.is_given_up()

    def is_given_up(self) -> bool:
        """Say whether it disagreed too often."""
        return self.missed >= _MISSES


class Templates:
    """What was learnt of the sites that are being read."""

    def __init__(self) -> None:
        self._of_site: dict[str, list[Template]] = {}

    def text(self, tree: "LexborHTMLParser", html: Callable[[bool], str], site: str, unwanted: set[str]) -> str:
        """Return the main text of the page that ``tree`` is of, and which ``html`` returns. Changes ``tree``.

        ``unwanted``: lines of the page that are no part of it; ``html(True)`` returns the page without what holds them.
        """
        template, node = _fitting(tree, self._of_site.get(site, []))
        if template is None or node is None:
            found = _found(html, unwanted)
            self._learn(tree, site, found)
            return enough(found, tree)
        template.read += 1
        if template.is_trusted() and template.read % CHECKED:
            direct = without_lines(_direct(node), unwanted)
            return direct if len(direct) >= SHORT else enough(_found(html, unwanted), tree)
        found = _found(html, unwanted)
        if len(found) >= SHORT:  # else it says nothing about the container
            template.compare(found, without_lines(_direct(node), unwanted))
        return enough(found, tree)

    def _learn(self, tree: "LexborHTMLParser", site: str, found: str) -> None:
        if len(found) < SHORT or (site not in self._of_site and len(self._of_site) >= _SITES):
            return
        known = self._of_site.setdefault(site, [])
        node = _container(tree, found) if len(known) < _TEMPLATES else None
        selector = _selector(tree, node) if node is not None else ""
        if node is None or not selector or any(each.selector == selector for each in known):
            return
        template = Template(selector)
        template.compare(found, _direct(node))
        if template.agreed:  # else what was found is not all of one container
            known.append(template)


def _found(html: Callable[[bool], str], unwanted: set[str]) -> str:
    """What trafilatura finds; where that is what is unwanted, what it finds without it."""
    found = found_by_trafilatura(html(False), unwanted)
    if is_unwanted(found, unwanted) and len(other := found_by_trafilatura(html(True), unwanted)) >= SHORT:
        return other
    return found


def agreement(found: str, direct: str) -> float:
    """Return the F1 of the words of two texts, 0 to 1."""
    one, other = Counter(_WORDS.findall(found.lower())), Counter(_WORDS.findall(direct.lower()))
    both = (one & other).total()
    return 2 * both / (one.total() + other.total()) if both else 0.0


def _direct(node: "LexborNode") -> str:
    """The container's own text; none where most of it is links."""
    strip_furniture(node)
    text = text_of(node)
    return text if sum(size(link) for link in node.css("a")) <= _LINKED * len(text) else ""


def _fitting(tree: "LexborHTMLParser", known: list[Template]) -> "tuple[Template | None, LexborNode | None]":
    """The template whose container this page has once, a trusted one first, and that container."""
    for template in sorted(known, key=lambda each: not each.is_trusted()):
        if template.is_given_up():
            continue
        nodes = tree.css(template.selector)
        if len(nodes) == 1:
            return template, nodes[0]
    return None, None


def _container(tree: "LexborHTMLParser", found: str) -> "LexborNode | None":
    """The innermost element that holds nearly all of the text that was found; a paragraph is none."""
    if tree.body is None:
        return None
    key = _key(tree.body.text() or "")
    marks = _marked(key, [line for each in found.split("\n\n") if (line := _key(each))])
    wanted = _COVERED * len(_key(found))
    if marks.count(1) < wanted:
        return None
    node, start, looked_at = tree.body, 0, 0
    while looked_at <= len(key) * _LOOKS:
        at, inner = start, None
        for each in node.iter(include_text=True):
            length = len(_key((each.text_content if each.tag == "-text" else each.text()) or ""))
            looked_at += length
            if each.tag not in _INSIDE and marks.count(1, at, at + length) >= wanted:
                start, inner = at, each
                break
            at += length
        if inner is None:
            return node
        node = inner
    return None


def _marked(key: str, lines: list[str]) -> bytearray:
    """For each character of ``key`` 1 where one of ``lines`` stands; they are looked for in their order."""
    marks = bytearray(len(key))
    at = missed = 0
    for line in lines:
        place = key.find(line, at)
        place = key.find(line) if place < 0 else place
        if place >= 0:
            at = place + len(line)
            marks[place:at] = b"\1" * len(line)
        elif (missed := missed + 1) > _MISSED:
            break
    return marks


def _selector(tree: "LexborHTMLParser", node: "LexborNode") -> str:
    """The path of elements that leads to ``node`` alone, empty if there is none.

    Each is named by its tag, its id, and a class of it: only the last one's if that is enough, else all; and else by
    its place among its like, too. Names with a digit in them, and what WordPress says of one post in its classes,
    differ from page to page.
    """
    path = [node]
    while (above := path[0].parent) is not None and above.tag not in ("html", "-document", "-undef"):
        path.insert(0, above)
    if path[0].tag != "body" or len(path) < 2:
        return ""
    names = [_named(each) for each in path]
    kinds = [_kind(each) for each in path]
    both = [name + kind for name, kind in zip(names, kinds, strict=True)]
    placed = [step + _placed(each) for step, each in zip(both, path, strict=True)]
    for steps in ([*names[:-1], both[-1]], both, placed):
        if len(tree.css(selector := " > ".join(steps))) == 1:
            return selector
    return ""


def _named(node: "LexborNode") -> str:
    name = attribute(node, "id")
    return str(node.tag) + (f"#{name}" if _NAME.fullmatch(name) else "")


def _kind(node: "LexborNode") -> str:
    kinds = (kind for kind in attribute(node, "class").split() if _NAME.fullmatch(kind))
    return next((f".{kind}" for kind in kinds if not _NAMED_BY_PAGE.match(kind)), "")


def _placed(node: "LexborNode") -> str:
    """Which of its parent's elements of its tag a node is, if there are several."""
    like = [each.mem_id for each in node.parent.iter() if each.tag == node.tag] if node.parent is not None else []
    return f":nth-of-type({like.index(node.mem_id) + 1})" if len(like) > 1 else ""


def _key(text: str) -> str:
    return "".join(_WORDS.findall(text.lower()))
