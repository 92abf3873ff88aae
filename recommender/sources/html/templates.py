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
from recommender.sources.html.main_text import SHORT, enough, found_by_trafilatura, without_lines
from recommender.sources.html.text import size, strip_furniture, text_of

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
_BLOCKS = "p,li,h2,h3,h4,h5,h6,pre,blockquote,td,dd,dt"
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

    def text(self, tree: "LexborHTMLParser", html: Callable[[], str], site: str, unwanted: set[str]) -> str:
        """Return the main text of the page that ``tree`` is of, and which ``html`` returns. Changes ``tree``.

        ``unwanted``: lines of the page that are no part of it.
        """
        template, node = _fitting(tree, self._of_site.get(site, []))
        if template is None or node is None:
            found = found_by_trafilatura(html(), unwanted)
            self._learn(tree, site, found)
            return enough(found, tree)
        template.read += 1
        if template.is_trusted() and template.read % CHECKED:
            direct = without_lines(_direct(node), unwanted)
            return direct if len(direct) >= SHORT else enough(found_by_trafilatura(html(), unwanted), tree)
        found = found_by_trafilatura(html(), unwanted)
        if len(found) >= SHORT:  # else it says nothing about the container
            template.compare(found, without_lines(_direct(node), unwanted))
        return enough(found, tree)

    def _learn(self, tree: "LexborHTMLParser", site: str, found: str) -> None:
        if len(found) < SHORT or (site not in self._of_site and len(self._of_site) >= _SITES):
            return
        known = self._of_site.setdefault(site, [])
        node = _container(tree, found) if len(known) < _TEMPLATES else None
        selector = _selector(node) if node is not None else ""
        if node is None or not selector or any(each.selector == selector for each in known):
            return
        known.append(Template(selector))
        known[-1].compare(found, _direct(node))


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
    for template in sorted(known, key=lambda each: (not each.is_trusted(), each.is_given_up())):
        nodes = tree.css(template.selector)
        if len(nodes) == 1:
            return template, nodes[0]
    return None, None


def _container(tree: "LexborHTMLParser", found: str) -> "LexborNode | None":
    """The innermost element that holds nearly all paragraphs of the text that was found."""
    if tree.body is None:
        return None
    wanted = {_key(line) for line in found.split("\n\n")}
    masses: Counter[int] = Counter()
    whole = 0
    for block in tree.body.css(_BLOCKS):
        key = _key(block.text() or "")
        if key not in wanted:
            continue
        wanted.discard(key)
        whole += len(key)
        parent = block.parent
        while parent is not None:
            masses[parent.mem_id] += len(key)
            parent = parent.parent
    if whole < _COVERED * sum(len(_key(line)) for line in found.split("\n\n")):
        return None
    node: LexborNode | None = tree.body
    while node is not None:
        inner = next((each for each in node.iter() if masses[each.mem_id] >= _COVERED * whole), None)
        if inner is None:
            return node
        node = inner
    return None


def _selector(node: "LexborNode") -> str:
    """The path of elements that leads to ``node``, each by its tag, its id and the last one by a class as well.

    Names with a digit in them, and what WordPress says of one post in its classes, differ from page to page.
    """
    steps: list[str] = []
    each: LexborNode | None = node
    while each is not None and each.tag not in ("html", "-document", "-undef"):
        name = attribute(each, "id")
        step = str(each.tag) + (f"#{name}" if _NAME.fullmatch(name) else "")
        if not steps:
            kinds = (kind for kind in attribute(each, "class").split() if _NAME.fullmatch(kind))
            step += next((f".{kind}" for kind in kinds if not _NAMED_BY_PAGE.match(kind)), "")
        steps.insert(0, step)
        each = each.parent
    return " > ".join(steps) if "body" in steps[0] and len(steps) > 1 else ""


def _key(text: str) -> str:
    return "".join(_WORDS.findall(text.lower()))
