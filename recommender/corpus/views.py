"""Article → views: the short texts that are embedded, each no longer than the encoder can see.

A model reads about 256 word pieces; a news story has four times as many. So the body is cut into passages on sentence
ends (see sentence_splitter.passage_units), and a long body is represented by passages spread over all of it.
"""

from dataclasses import dataclass

import numpy as np

from recommender.articles import Article
from recommender.text import readable
from recommender.text.sentence_splitter import passage_units

PASSAGE_CHARS = 900
"""About 150 English words, about 200 word pieces: what a 256-piece model sees whole."""
MAX_PASSAGES = 8


@dataclass(frozen=True, slots=True)
class Views:
    """The texts of one article to embed; an empty tuple or string where the article has none."""

    title: str
    teasers: tuple[str, ...]
    passages: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts, in the order title, teasers, passages."""
        return tuple(t for t in (self.title, *self.teasers, *self.passages) if t)


def views(article: Article) -> Views:
    """Return the article's views; the body's passages are at most MAX_PASSAGES, evenly spread."""
    teasers = (" ".join(readable(t).split())[:PASSAGE_CHARS] for t in article.teasers)
    return Views(
        title=" ".join(readable(article.title).split()),
        teasers=tuple(dict.fromkeys(t for t in teasers if t)),
        passages=spread(passages(article.body), MAX_PASSAGES),
    )


def passages(body: str) -> list[str]:
    """Cut ``body`` into consecutive passages of at most PASSAGE_CHARS, on sentence ends where it can."""
    found: list[str] = []
    current = ""
    for unit in passage_units(readable(body)):
        for piece in _pieces(" ".join(unit.split())):
            if current and len(current) + 1 + len(piece) > PASSAGE_CHARS:
                found.append(current)
                current = piece
            else:
                current = f"{current} {piece}" if current else piece
    return [*found, current] if current else found


def spread(items: list[str], count: int) -> tuple[str, ...]:
    """Return ``count`` items evenly spaced over ``items``, first and last included; all if fewer."""
    if len(items) <= count:
        return tuple(items)
    positions = np.linspace(0, len(items) - 1, count).round().astype(int)
    return tuple(items[i] for i in positions)


def whole_text(article: Article) -> str:
    """Return everything there is to read of the article: what the lexical model sees."""
    return readable("\n".join((article.title, *article.teasers, article.body)))


def _pieces(sentence: str) -> list[str]:
    """Split an overlong sentence at spaces, or anywhere in a script without them."""
    found = []
    while len(sentence) > PASSAGE_CHARS:
        cut = sentence.rfind(" ", 0, PASSAGE_CHARS + 1)
        cut = cut if cut > 0 else PASSAGE_CHARS
        found.append(sentence[:cut])
        sentence = sentence[cut:].lstrip()
    return [*found, sentence] if sentence else found
