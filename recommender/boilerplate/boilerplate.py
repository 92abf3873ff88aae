"""Boilerplate is not content: footers, newsletter calls, bylines that many articles share, and texts without them.

What is boilerplate is learnt from all articles together (see repetition); here it is kept, and stripped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

from recommender.boilerplate.pieces import (
    LONG,
    TITLE,
    TITLE_ALONE,
    TRANSPARENT,
    cut,
    form,
    forms,
    marked,
    spacing,
    unspaced,
    words,
)

if TYPE_CHECKING:  # articles are made of cleaned text: that room stands on this one
    from recommender.articles import Article


@dataclass(frozen=True, slots=True)
class Block:
    """A text that ``articles`` articles share: pieces (sentences, lines) that stand together in this order.

    TITLE in a piece stands for the title of the article. ``in_teasers``: it is a whole teaser, of one piece.
    ``decided`` by an editor: True, it is boilerplate however rare; False, it is none, and stays; None: nothing.
    """

    pieces: tuple[str, ...]
    articles: int
    in_teasers: bool = False
    decided: bool | None = None

    def __post_init__(self) -> None:
        if not self.pieces or not all(map(form, self.pieces)):
            raise ValueError(f"a block has pieces, and each has more than a number: {self.pieces!r}")

    @property
    def keys(self) -> tuple[str, ...]:
        """One key a piece, 16 hex digits: editors' decisions are stored by them, whatever block a piece is in."""
        return tuple(digest_of(form(piece), in_teasers=self.in_teasers).hex() for piece in self.pieces)

    @property
    def key(self) -> str:
        """The key of the block: that of its first piece, which is in no other block."""
        return self.keys[0]

    @property
    def text(self) -> str:
        """The pieces in one line, "…" where the article's title stands."""
        return " ".join(self.pieces).replace(TITLE, "…")

    @property
    def words(self) -> int:
        """How many words it has."""
        return words(self.text)


@dataclass(frozen=True)
class Boilerplate:
    """The boilerplate of a site, the most frequent block first, learnt from so many ``articles`` with a body."""

    blocks: tuple[Block, ...] = ()
    articles: int = 0

    @property
    def stripped(self) -> tuple[Block, ...]:
        """The blocks that are left out of texts: all but those that editors refused."""
        return tuple(block for block in self.blocks if block.decided is not False)

    def strip(self, article: "Article") -> "Article":
        """Return ``article`` without boilerplate in body and teasers: itself if there is none, or nothing else.

        The text is what it would be if the boilerplate had never been added: see recommender.text.clean.
        """
        teasers = article.teasers
        if self._teasers:
            teasers = tuple(teaser for teaser in teasers if form(teaser) not in self._teasers)
        body = self._without(article.body, article.title) if self._forms and article.body else article.body
        if (body == article.body and len(teasers) == len(article.teasers)) or not (article.title or teasers or body):
            return article
        return replace(article, body=body, teasers=teasers)

    def _without(self, body: str, title: str) -> str:
        text = marked(body, title)
        found = forms(text)
        if self._forms.isdisjoint(found):
            return body
        pieces, gaps = cut(text)
        left = list(pieces)
        for first, last, out in self._runs(found):
            for place in out:
                left[place] = ""
            self._cut_around(found, left, first, last)
        if left == pieces:
            return body
        if not any(left):
            return ""
        kept = [place for place, piece in enumerate(left) if piece]
        between = [spacing(gaps[a:b]) for a, b in pairwise(kept)]
        text = "".join(left[place] + gap for place, gap in zip(kept, [*between, ""], strict=True))
        return text.replace(TITLE, title)

    def _runs(self, found: list[bytes]) -> Iterator[tuple[int, int, list[int]]]:
        """Yield each run of boilerplate among the pieces of a body: its first, its last, and all that is left out.

        ``found``: the forms of the pieces. Numbers alone go with what is around them, or between it and an end; the
        title as a line of its own stays.
        """
        start = 0
        while start < len(found):
            end = start
            while end < len(found) and (found[end] in self._forms or found[end] in TRANSPARENT):
                end += 1
            known = [place for place in range(start, end) if found[place] in self._forms]
            at_start, at_end = start == 0, end == len(found)
            if known and (len(known) > 1 or at_start or at_end or found[known[0]] in self._anywhere):
                first, last = known[0], known[-1]
                among = range(0 if at_start else first, end if at_end else last + 1)
                yield first, last, [place for place in among if found[place] != TITLE_ALONE]
            start = end + 1

    def _cut_around(self, found: list[bytes], left: list[str], first: int, last: int) -> None:
        """Cut off boilerplate that is glued to the pieces around a run from ``first`` to ``last``; changes ``left``.

        A footer that is glued to a sentence without a full stop begins inside of that piece, and one that was cut off
        ends inside of a piece of its own.
        """
        if first and found[first - 1].endswith(self._whole):
            for piece in self._glued:
                left[first - 1] = _ending(piece).sub("", left[first - 1]).rstrip()
        if last + 1 == len(found):
            return
        if found[last + 1].startswith(self._whole):
            for piece in self._glued:
                left[last + 1] = _beginning(piece).sub("", left[last + 1]).lstrip()
        elif last + 2 == len(found) and any(each.startswith(found[last + 1]) for each in self._whole):
            left[last + 1] = ""

    @cached_property
    def _bodies(self) -> tuple[Block, ...]:
        return tuple(block for block in self.stripped if not block.in_teasers)

    @cached_property
    def _forms(self) -> frozenset[bytes]:
        return frozenset(form(piece) for block in self._bodies for piece in block.pieces)

    @cached_property
    def _anywhere(self) -> frozenset[bytes]:
        """The forms that are boilerplate even alone, between two pieces of the article's own text."""
        pieces = ((block, piece) for block in self._bodies for piece in block.pieces)
        return frozenset(form(piece) for block, piece in pieces if block.decided or words(piece) >= LONG)

    @cached_property
    def _teasers(self) -> frozenset[bytes]:
        return frozenset(form(block.pieces[0]) for block in self.stripped if block.in_teasers)

    @cached_property
    def _glued(self) -> tuple[str, ...]:
        """The pieces that are looked for inside other pieces, too: the longest first, none of one word."""
        pieces = [piece for block in self._bodies for piece in block.pieces if words(piece) > 1]
        return tuple(sorted(pieces, key=len, reverse=True))

    @cached_property
    def _whole(self) -> tuple[bytes, ...]:
        return tuple(map(form, self._glued))


def digest_of(form: bytes, *, in_teasers: bool = False) -> bytes:
    """Return the 8 bytes by which the form of a piece of a body is known, or that of a whole teaser."""
    return blake2b(b"teaser\n" + form if in_teasers else form, digest_size=8).digest()


@lru_cache(maxsize=1_024)
def _ending(piece: str) -> re.Pattern[str]:
    start = "" if unspaced(piece[0]) else r"(?<!\w)"
    return re.compile(rf"{start}{_any_number(piece)}\Z", re.IGNORECASE)


@lru_cache(maxsize=1_024)
def _beginning(piece: str) -> re.Pattern[str]:
    end = "" if unspaced(piece[-1]) else r"(?!\w)"
    return re.compile(rf"\A{_any_number(piece)}{end}", re.IGNORECASE)


def _any_number(piece: str) -> str:
    return re.sub(r"\d+", r"\\d+", re.escape(piece))
