"""Which stub and which article are one: by canonical URL, equal teaser text, or nearly equal text.

An article page saved as text has no teaser of its own, so its title and first paragraph count too.
"""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

from recommender.articles import Article, url_key
from recommender.text import NEAR_EQUAL, normalise


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

    def find(self, texts: Iterable[str]) -> list[str]:
        """Return the ids known by a text equal or nearly equal to one of ``texts``, nearest first."""
        found: dict[str, float] = {}
        for key in filter(None, map(normalise, texts)):
            if key in self._ids:
                scores = {key: 100.0}
            else:
                near = process.extract(key, list(self._ids), scorer=fuzz.ratio, score_cutoff=NEAR_EQUAL, limit=None)
                scores = {text: score for text, score, _ in near}
            for text, score in scores.items():
                for identity in self._ids[text]:
                    found[identity] = max(score, found.get(identity, 0.0))
        return sorted(found, key=lambda identity: (-found[identity], identity))


class StubMatcher:
    """What a catalog must remember to bring stubs and articles together; rebuilt from its rows."""

    def __init__(self, known: Iterable[Article]) -> None:
        self._is_stub: dict[str, bool] = {}
        self._stub_texts = TextIndex()
        self._article_texts = TextIndex()
        self._urls: dict[str, dict[str, None]] = {}
        self._url_of: dict[str, str] = {}
        for article in known:
            self.add(article)

    def is_stub(self, identity: str) -> bool | None:
        """Say whether ``identity`` is a stub; None if it is not known at all."""
        return self._is_stub.get(identity)

    def add(self, article: Article) -> None:
        """Remember ``article``, forgetting what was known under its id."""
        for texts in (self._stub_texts, self._article_texts):
            texts.remove(article.id)
        self._is_stub[article.id] = article.is_stub
        if article.is_stub:
            self._stub_texts.add(article.id, article.teasers)
        else:
            self._article_texts.add(article.id, _own_texts(article))
        self._forget_url(article.id)
        if article.url:
            url = self._url_of[article.id] = url_key(article.url)
            self._urls.setdefault(url, {})[article.id] = None

    def forget(self, identity: str) -> None:
        """Forget what was known under this id."""
        for texts in (self._stub_texts, self._article_texts):
            texts.remove(identity)
        self._forget_url(identity)
        self._is_stub.pop(identity, None)

    def stubs_of(self, article: Article) -> list[str]:
        """Return the ids of the other stubs that ``article`` is the full article of."""
        ids = [*self._by_url(article, stubs=True), *self._stub_texts.find(_own_texts(article))]
        return [i for i in dict.fromkeys(ids) if i != article.id]

    def article_of(self, stub: Article) -> str | None:
        """Return the id of the full article that ``stub`` announces, if it is known."""
        ids = [*self._by_url(stub, stubs=False), *self._article_texts.find(stub.teasers)]
        return ids[0] if ids else None

    def _forget_url(self, identity: str) -> None:
        if url := self._url_of.pop(identity, None):
            del self._urls[url][identity]

    def _by_url(self, article: Article, *, stubs: bool) -> list[str]:
        if not article.url:
            return []
        return [i for i in self._urls.get(url_key(article.url), ()) if self._is_stub.get(i) is stubs]


def _own_texts(article: Article) -> tuple[str, ...]:
    return (*article.teasers, article.title, *article.paragraphs[:1])
