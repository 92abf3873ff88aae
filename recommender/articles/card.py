"""The card of an article: what a list shows of it, and what tells which articles are one story."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from recommender.articles import Article, url_key, url_key_or_none
from recommender.text import normalise, sha256
from recommender.text.distinct_words import LEAST_WORDS, has_distinct_words

DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a page needs to show an article, and what filters look at.

    ``canonical_url`` and ``translation_of`` (an id or URL) name another article that tells the same story.
    ``published``: False for a draft, which stands in no list.
    """

    id: str
    url: str | None
    title: str
    teasers: tuple[str, ...]
    image: str | None
    published_at: datetime | None
    section: str
    tags: tuple[str, ...]
    language: str
    is_stub: bool
    text_sha256: str
    canonical_url: str | None = None
    translation_of: str | None = None
    published: bool = True

    @classmethod
    def from_article(cls, article: Article) -> Self:
        """Return the card of ``article``; ``text_sha256`` is equal for copies of the same text.

        Of a text of few words (see LEAST_WORDS) it is the article's own: "Watch the video." says not which.
        """
        return cls(
            article.id,
            article.url,
            article.title,
            article.teasers,
            article.image,
            article.published_at,
            article.section,
            article.tags,
            article.language,
            article.is_stub,
            _text_digest(article),
            article.canonical_url,
            article.translation_of,
            article.published,
        )

    @property
    def label(self) -> str:
        """What the article is called in a list: its title, else its teaser, else its id."""
        return self.title or next(iter(self.teasers), self.id)

    @property
    def url_key(self) -> str | None:
        """The URL in canonical form. Raises ArticleError if it is none."""
        return url_key(self.url) if self.url else None

    @property
    def identity_keys(self) -> tuple[str, ...]:
        """The keys of the article's story: articles that share one of them are one story.

        One for the text, and one each for its own address, its declared original and what it is a translation of.
        """
        addresses = self.url_key, url_key_or_none(self.canonical_url), url_key_or_none(self.translation_of)
        ids = self.id, None if addresses[2] else self.translation_of
        found = (
            f"text:{self.text_sha256}",
            *(f"url:{url}" for url in addresses if url),
            *(f"id:{i}" for i in ids if i),
        )
        return tuple(dict.fromkeys(found))

    @property
    def day(self) -> float:
        """When it was published, in days since 1970; NaN where unknown."""
        return self.published_at.timestamp() / DAY if self.published_at else float("nan")


def _text_digest(article: Article) -> str:
    body = article.body or " ".join(article.teasers)
    whole = f"{article.title} {body}"
    text = normalise(whole) or whole
    return sha256(text if has_distinct_words(body, LEAST_WORDS) else f"{article.id}\n{text}")
