"""Learning, in one pass over all articles, what in their texts is boilerplate."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommender.boilerplate.boilerplate import Block, Boilerplate, digest_of
from recommender.boilerplate.occurrences import Bodies, Numbers, Occurrences, distinct
from recommender.boilerplate.pieces import TRANSPARENT, cut, form, forms, marked, words
from recommender.boilerplate.standing import boilerplate, needed
from recommender.boilerplate.surroundings import Surroundings

if TYPE_CHECKING:
    from recommender.articles import Article

_SLOTS = 1 << 24
_SEEN = 3
"""How often a text was seen before it is kept: in fewer articles none is boilerplate."""

Keys = npt.NDArray[np.uint64]


def learn(articles: Iterable["Article"], decided: Mapping[str, bool]) -> Boilerplate:
    """Return what is boilerplate in ``articles``, of which each is looked at once.

    ``decided``, by the key of a piece: True, it is boilerplate however rare; False, it is none (see Block). Takes time
    in proportion to the text, and memory for a few numbers a piece, and for the text of pieces that are repeated.
    """
    reading = _Reading(decided)
    for article in articles:
        reading.add(article)
    return reading.boilerplate()


class _Reading:
    """Reads articles one by one, and keeps the key and the size of each piece, and the text of those seen often."""

    def __init__(self, decided: Mapping[str, bool]) -> None:
        self._decided = {bytes.fromhex(key): verdict for key, verdict in decided.items()}
        self._seen = bytearray(_SLOTS)
        self._keys, self._sizes, self._counts = bytearray(), array("I"), array("I")
        self._teasers, self._teaser_of = bytearray(), array("q")
        self._titles, self._title_numbers = array("q"), dict[bytes, int]()
        self._surroundings = Surroundings()

    def add(self, article: "Article") -> None:
        """Take in one more article."""
        for teaser in article.teasers:
            if whole := form(teaser):
                key = digest_of(whole, in_teasers=True)
                self._teasers += key
                self._teaser_of.append(len(self._counts))
                if self._often(key):
                    self._surroundings.texts.setdefault(key, teaser)
        title = form(article.title)
        self._titles.append(self._title_numbers.setdefault(title, len(self._title_numbers)))
        text = marked(article.body, article.title)
        found = forms(text)
        own = [each not in TRANSPARENT for each in found]
        pieces = list(compress(found, own))
        keys = list(map(digest_of, pieces))
        self._keys += b"".join(keys)
        self._sizes.extend(map(len, pieces))
        self._counts.append(len(keys))
        often = list(map(self._often, keys))
        if any(often):
            self._surroundings.add(compress(cut(text)[0], own), keys, often)

    def boilerplate(self) -> Boilerplate:
        """Return what is boilerplate in the articles that were taken in."""
        pieces, sizes = np.array(self._counts, dtype=np.int64), np.array(self._sizes, dtype=np.int64)
        ends, owners = pieces.cumsum(), np.repeat(np.arange(len(pieces)), pieces)
        bodies = Bodies(pieces, np.bincount(owners, sizes, len(pieces)), np.array(self._titles, dtype=np.int64))
        count = int((pieces > 0).sum())
        names, at, piece = self._repeated(self._keys)
        article = owners[at]
        found = Occurrences(piece, article, at - (ends - pieces)[article], sizes[at], bodies, needed(count) - 1)
        blocks = [*self._blocks(names, found), *self._whole_teasers(found, count)]
        return Boilerplate(tuple(sorted(blocks, key=lambda block: (-block.articles, block.key))), count)

    def _repeated(self, keys: bytearray) -> tuple[Keys, Numbers, Numbers]:
        """Return the keys that occur twice or are decided about, where they occur, and which occurs there."""
        all_of_them = np.frombuffer(keys, dtype="<u8")
        names, counts = np.unique(all_of_them, return_counts=True)
        names = names[(counts > 1) | np.isin(names, np.frombuffer(b"".join(self._decided), dtype="<u8"))]
        if not names.size:
            return names, np.zeros(0, np.int64), np.zeros(0, np.int64)
        which = np.minimum(np.searchsorted(names, all_of_them), len(names) - 1)
        at = np.flatnonzero(names[which] == all_of_them)
        return names, at, which[at]

    def _often(self, key: bytes) -> bool:
        """Count ``key``, and say whether it was seen _SEEN times before; keys may share a counter."""
        slot = int.from_bytes(key[:3], "little")
        if self._seen[slot] < _SEEN:
            self._seen[slot] += 1
            return self._decided.get(key, False)
        return True

    def _blocks(self, names: Keys, found: Occurrences) -> Iterator[Block]:
        """The blocks in bodies; ``names`` ``(p,)`` are the keys as numbers."""
        if not names.size:
            return
        said = {int.from_bytes(key, "little"): 1 if verdict else -1 for key, verdict in self._decided.items()}
        verdicts = np.array([said.get(name, 0) for name in names.tolist()]) if said else np.zeros(len(names))
        count, least = np.zeros(len(names), dtype=np.int64), found.few + 1
        for place in np.flatnonzero((found.articles >= least) | (verdicts == 1)).tolist():
            count[place] = words(self._surroundings.texts[names[place].tobytes()])
        known, pairs = boilerplate(found, count, verdicts == 1, least)
        texts = self._surroundings.texts
        forms = [form(texts[names[place].tobytes()]) for place in np.flatnonzero(known).tolist()]
        for code, verdict in ((0, None), (1, True), (-1, False)):
            for chain in pairs.chains(known & (verdicts == code), found.articles):
                keys = [names[place].tobytes() for place in chain]
                pieces = self._surroundings.glued(keys, max(_SEEN + 1, least - _SEEN), forms)
                yield Block(pieces, int(found.articles[chain].max()), decided=verdict)

    def _whole_teasers(self, found: Occurrences, bodies: int) -> Iterator[Block]:
        """The teasers that are one and the same in many stories."""
        names, at, teaser = self._repeated(self._teasers)
        all_owners = np.array(self._teaser_of, dtype=np.int64)
        owners = all_owners[at]
        stories = found.stories(teaser, owners, len(names))
        articles = distinct(teaser, owners, len(names))
        least = needed(max(bodies, len(np.unique(all_owners))))
        for place in range(len(names)):
            key = names[place].tobytes()
            verdict = self._decided.get(key)
            if verdict or stories[place] >= least:
                yield Block((self._surroundings.texts[key],), int(articles[place]), in_teasers=True, decided=verdict)
