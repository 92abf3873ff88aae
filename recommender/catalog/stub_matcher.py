"""Which article a stub announces: the one whose teaser, title or first paragraph is the stub's text, or nearly so.

An article page saved as text has no teaser of its own, so its title and first paragraph count too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz import fuzz, process

from recommender.articles import Article
from recommender.articles.article import MAX_TEASER
from recommender.text import normalise

NEAR_EQUAL = 92.0
"""Normalised Indel similarity (0..100) from which two teasers count as the same text."""
NEAR_FROM = 40
"""Characters from which two texts may be nearly equal: in a shorter one every letter counts."""
COMPARED = 10_000
"""Texts that one is compared with in one go."""
_NUMBER = re.compile(r"\d+")


class TextIndex:
    """Normalised text → ids, with exact and near-equal look-up."""

    def __init__(self) -> None:
        self._ids: dict[str, dict[str, None]] = {}
        self._texts: dict[str, list[str]] = {}

    def add(self, identity: str, texts: Iterable[str]) -> None:
        """Remember that ``identity`` is known by ``texts``."""
        for text in texts:
            if key := normalise(text):
                self._ids.setdefault(key, {})[identity] = None
                self._texts.setdefault(identity, []).append(key)

    def remove(self, identity: str) -> None:
        """Forget every text of ``identity``."""
        for key in dict.fromkeys(self._texts.pop(identity, ())):
            del self._ids[key][identity]
            if not self._ids[key]:
                del self._ids[key]

    def texts_of(self, identity: str) -> Sequence[str]:
        """Return the normalised texts that ``identity`` is known by."""
        return tuple(self._texts.get(identity, ()))

    def equal(self, texts: Iterable[str]) -> set[str]:
        """Return the ids known by a text equal to one of ``texts``."""
        return {identity for key in map(normalise, texts) for identity in self._ids.get(key, ())}

    def near(self, texts: Iterable[str]) -> set[str]:
        """Return the ids known by a text equal or nearly equal to one of ``texts``.

        Nearly equal are texts of NEAR_FROM characters and more whose normalised Indel similarity is NEAR_EQUAL or more
        and whose numbers are the same: "part 12" announces another article than "part 13".
        """
        found = self.equal(texts)
        for key in filter(None, map(normalise, texts)):
            if len(key) < NEAR_FROM:
                continue
            for text in self._nearly(key):
                if len(text) >= NEAR_FROM and _NUMBER.findall(text) == _NUMBER.findall(key):
                    found |= self._ids[text].keys()
        return found

    def _nearly(self, key: str) -> Iterator[str]:
        """Yield the texts similar to ``key``. A call that compares with all of them would hold the interpreter."""
        texts = list(self._ids)
        for start in range(0, len(texts), COMPARED):
            some = texts[start : start + COMPARED]
            for text, _, _ in process.extract_iter(key, some, scorer=fuzz.ratio, score_cutoff=NEAR_EQUAL):
                yield text


class StubMatcher:
    """The texts by which the catalog's stubs and articles are known.

    Stubs whose place an article took are among them: another article that fits as well may come any day.
    """

    def __init__(self) -> None:
        self._is_stub: dict[str, bool] = {}
        self._stub_texts = TextIndex()
        self._article_texts = TextIndex()

    def is_stub(self, identity: str) -> bool | None:
        """Say whether ``identity`` is a stub, in an article's place or not; None if it is not known at all."""
        return self._is_stub.get(identity)

    def add(self, article: Article) -> None:
        """Remember ``article``, which may be a stub, forgetting what was known under its id."""
        self.forget(article.id)
        self._is_stub[article.id] = article.is_stub
        if article.is_stub:
            self._stub_texts.add(article.id, article.teasers)
        else:
            opening = (text for text in article.paragraphs[:1] if len(text) <= MAX_TEASER)  # a longer one is no stub's
            self._article_texts.add(article.id, (*article.teasers, article.title, *opening))

    def forget(self, identity: str) -> None:
        """Forget what was known under this id."""
        self._stub_texts.remove(identity)
        self._article_texts.remove(identity)
        self._is_stub.pop(identity, None)

    def articles_of(self, stub_id: str) -> list[str]:
        """Return the ids of the articles that the stub may announce: by equal text, if by none by nearly equal."""
        texts = self._stub_texts.texts_of(stub_id)
        return sorted(self._article_texts.equal(texts) or self._article_texts.near(texts))

    def stubs_near(self, article_id: str) -> set[str]:
        """Return the ids of the stubs that may announce the article, as far as it is known now."""
        return self._stub_texts.near(self._article_texts.texts_of(article_id))
