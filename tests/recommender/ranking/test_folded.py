"""Why articles share one place in a list: said of each, in one line, and true."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recommender.articles import Article
from recommender.corpus.corpus import Corpus
from recommender.ranking.folded import Folded, folded
from recommender.ranking.request import VERSION_DAYS
from recommender.ranking.versions import Reason
from tests.recommender.makers import TALE, corpus_of

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
MORE = " The harbour master apologised, ordered another rope and invited both crews to a supper of herring and beer."
AGAIN = Article(id="copy", title="Ships late", body=f"Once more: {TALE}")
SHOWN = Article(id="shown", title="Ships late", body=TALE, url="https://news.example/1", published_at=NOON)


def why(other: Article, shown: Article = SHOWN) -> tuple[Reason, str]:
    """What is said of ``other`` under ``shown``."""
    corpus = corpus_of([shown, other, Article(id="x", title="Chess", body="Rook takes pawn.")])
    (found,) = folded(corpus, corpus.row(shown.id), [corpus.row(other.id)], VERSION_DAYS)
    assert found.id == other.id
    return found.reason, found.text


@pytest.mark.parametrize(
    ("apart", "when"),
    [
        (timedelta(0), "published at the same time"),
        (timedelta(seconds=61), "published 1 minute apart"),
        (timedelta(minutes=40), "published 40 minutes apart"),
        (-timedelta(hours=1), "published 1 hour apart"),
        (timedelta(hours=3, minutes=10), "published 3 hours apart"),
        (timedelta(hours=36), "published 36 hours apart"),
        (timedelta(days=2), "published 2 days apart"),
        (timedelta(days=5), "published 5 days apart"),
    ],
)
def test_a_version_says_how_far_apart_it_was_published(apart: timedelta, when: str) -> None:
    grown = Article(id="later", title="Ships late", body=TALE + MORE + MORE.upper(), published_at=NOON + apart)
    short = replace(grown, body=TALE.replace("Monday because a rope", "Tuesday as another chain") + MORE)
    assert why(short) == (Reason.VERSION, f"nearly the same text, {when}")
    assert why(grown)[1].endswith(when)


@pytest.mark.parametrize(
    ("other", "reason", "text"),
    [
        (Article(id="copy", title="SHIPS LATE", body=TALE), Reason.COPY, "the same text under another id"),
        (AGAIN, Reason.COPY, "nearly the same text under another id"),
        (
            replace(AGAIN, published_at=NOON + timedelta(days=400)),
            Reason.COPY,
            "nearly the same text under another id, published 400 days apart",
        ),
        (
            Article(id="new", title="A", body="B.", url="http://news.example/1/"),
            Reason.DECLARED,
            "under the same address",
        ),
        (
            Article(id="fr", title="Navires", body="Retard.", extra={"translation_of": "shown"}),
            Reason.DECLARED,
            "declared as a translation",
        ),
        (
            Article(id="wire", title="A", body="B.", extra={"canonical_url": "https://news.example/1"}),
            Reason.DECLARED,
            "declared to have the same original",
        ),
    ],
)
def test_what_makes_a_copy_or_was_declared(other: Article, reason: Reason, text: str) -> None:
    assert why(other) == (reason, text)


def blog() -> Corpus:
    """Three states of a text, of which the last holds too much to be a version of the first."""
    words = [" ".join(f"{letter}{n}" for n in range(35)) for letter in "abcd"]
    states = [words[0], " ".join(words[:2]), " ".join(words)]
    made = [
        Article(id=f"v{n}", title="Live", body=text, published_at=NOON + n * timedelta(hours=1))
        for n, text in enumerate(states)
    ]
    return corpus_of(made)


def test_a_version_of_a_version_names_it() -> None:
    corpus = blog()
    rows = [corpus.row(name) for name in ("v0", "v1", "v2")]
    found = folded(corpus, rows[2], rows[:2], VERSION_DAYS)
    assert found == [
        Folded("v0", Reason.VERSION, "nearly the same text as v1, published 1 hour apart"),
        Folded("v1", Reason.VERSION, "nearly the same text, published 1 hour apart"),
    ]
    assert folded(corpus, rows[2], rows[:1], VERSION_DAYS) == [  # what links them is not in the list
        Folded("v0", Reason.VERSION, "a version of another version of the story")
    ]
    assert folded(corpus, rows[2], [], VERSION_DAYS) == []
