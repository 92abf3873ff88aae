"""The corpus: rows in the order of ids, look-ups, copies, and drafts in the same terms."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.batches import batched
from recommender.corpus import corpus as module
from recommender.corpus.corpus import READ, Corpus, read_vectors
from recommender.corpus.encoder import HashEncoder
from recommender.corpus.fusion import Fusion
from recommender.corpus.lexical import Text, fit_lexical
from recommender.corpus.views import views, whole_text
from recommender.errors import UnknownArticleError
from tests.conftest import OPTECH, records
from tests.recommender.makers import ENCODER, TALE, corpus_of

BODY = "The port is to be deepened. " * 80
ARTICLES = [
    Article(id="a", url="http://news.example/a/", title="Port deepened", teasers=("Deeper.", "Longer."), body=BODY),
    Article(id="b", url="https://news.example/b", title="Chess final", body="She won.", published_at=None),
    Article(id="c", teasers=("Ships are late.",), published_at=datetime(1970, 1, 2, 12, tzinfo=UTC)),
    Article(id="d", title="Nothing to read", body="https://news.example/x"),
]


@pytest.fixture(scope="module")
def small() -> Corpus:
    return corpus_of(ARTICLES, aliases={"former": "b", "gone": "z"})


@pytest.mark.parametrize(
    ("identity", "row"),
    [
        ("a", 0),
        ("d", 3),
        ("former", 1),
        ("https://NEWS.example/a?utm_source=x", 0),
        ("http://news.example:80/b#top", 1),
        ("https://news.example/c", None),
        ("gone", None),
        ("", None),
        ("A", None),
        ("\ud800", None),
        ("https://news.example/\ud800", None),
    ],
)
def test_an_article_is_found_by_id_former_id_and_address(identity: str, row: int | None, small: Corpus) -> None:
    assert small.find(identity) == row
    if row is None:
        with pytest.raises(UnknownArticleError) as caught:
            small.row(identity)
        assert repr(identity) in str(caught.value)
    else:
        assert small.row(identity) == row


def test_an_id_goes_before_an_address() -> None:
    url = "https://news.example/a"
    corpus = corpus_of([Article(id="1", url=url, title="One ship"), Article(id=url, title="Two ships")])
    assert corpus.find(url) == 1
    assert corpus.find(f"{url}/") == 0


def test_of_two_articles_at_one_address_the_first_id_is_found() -> None:
    assert corpus_of(COPIES).find("https://news.example/y") == 1


@pytest.fixture(scope="module")
def read() -> np.ndarray:
    return read_vectors([views(article) for article in ARTICLES], ENCODER.encode, ENCODER.dim)[0]


def test_every_view_is_the_mean_of_its_texts(small: Corpus, read: np.ndarray) -> None:
    for row, article in enumerate(ARTICLES):
        found = views(article)
        title = [found.title] if found.title else list(found.teasers[:1])
        body = list(found.passages or found.teasers or title)  # a stub's teaser stands in for what it lacks
        texts = {"title": title, "teaser": found.teasers, "lead": body[:1], "body": body}
        for view, name in enumerate(READ):
            if texts[name]:
                mean = np.mean([ENCODER.encode([text])[0] for text in texts[name]], axis=0)
                np.testing.assert_allclose(read[row, view], mean / np.linalg.norm(mean), atol=1e-6)
            else:
                assert not read[row, view].any()
        kept, passages = small.quantized.dequantized(row)
        np.testing.assert_allclose(kept, read[row, :3], atol=0.5 / 127)
        np.testing.assert_allclose(
            passages, ENCODER.encode(body).reshape(-1, ENCODER.dim), atol=0.5 / 127, err_msg=article.id
        )
    assert len(views(ARTICLES[0]).passages) == 3
    assert [bool(vector.any()) for vector in read[3]] == [True, False, True, True]
    assert [bool(vector.any()) for vector in small.quantized.dequantized(3)[0]] == [True, False, True]


def test_the_fused_vector_is_made_of_all_views_and_the_whole_text(small: Corpus, read: np.ndarray) -> None:
    half = np.zeros((4, ENCODER.dim))
    for row in range(4):
        known = [vector for vector in read[row].astype(float) if vector.any()]
        mean = np.mean(known, axis=0)
        half[row] = mean / np.linalg.norm(mean)
    model, rows = fit_lexical([Text(whole_text(article), None) for article in ARTICLES])
    lexical = model.project(rows)
    expected = Fusion.fit(half.astype(np.float32), lexical).fuse(half.astype(np.float32), lexical)
    np.testing.assert_allclose(small.fused, expected, atol=1e-5)
    np.testing.assert_array_equal(small.terms.whole.toarray(), rows.toarray())


def test_days_count_from_1970(small: Corpus) -> None:
    np.testing.assert_array_equal(small.directory.days, [np.nan, np.nan, 1.5, np.nan])


def test_a_corpus_built_in_batches_is_the_same(monkeypatch: pytest.MonkeyPatch, small: Corpus) -> None:
    monkeypatch.setattr(module, "LOOKUP_ARTICLES", 3)
    again = corpus_of(ARTICLES)
    assert again.cards == small.cards
    np.testing.assert_array_equal(again.fused, small.fused)
    for name in ("codes", "scales", "ends"):
        np.testing.assert_array_equal(getattr(again.quantized, name), getattr(small.quantized, name))
    for name in ("whole", "short"):
        np.testing.assert_array_equal(getattr(again.terms, name).toarray(), getattr(small.terms, name).toarray())


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (7, [3, 3, 1])])
def test_batched(count: int, sizes: list[int]) -> None:
    items = [Article(id=str(n)) for n in range(count)]
    batches = list(batched(iter(items), 3))
    assert [len(batch) for batch in batches] == sizes
    assert [item for batch in batches for item in batch] == items


COPIES = [
    Article(id="1", url="https://news.example/x", title="Ships", body=TALE),
    Article(id="2", url="https://news.example/y", title="ships", body=TALE.upper()),  # 1's words
    Article(id="3", url="http://news.example/y/?utm_source=z", title="Updated", body="Later."),  # 2's address
    Article(id="4", title="Ships", teasers=(TALE,)),  # a stub with 1's words
    Article(id="5", url="https://news.example/z", title="Ships", body=f"{TALE}!", teasers=("Other.",)),  # a teaser, too
    Article(id="6", title="Trains", body=TALE),
    Article(id="7", title="Trains", body=f"{TALE} ", section="rail"),
    Article(id="8", title="Planes", body=TALE),
    Article(id="9", title="Video", body="Watch the video."),  # little text, and no copy
    Article(id="a", title="Video", body="Watch the video."),
]


def test_copies_are_grouped_by_words_and_by_address_and_by_both_in_turn() -> None:
    corpus = corpus_of(COPIES)
    groups: dict[int, list[str]] = {}
    for card, number in zip(corpus.cards, corpus.story_ids.tolist(), strict=True):
        groups.setdefault(number, []).append(card.id)
    assert sorted(groups.values()) == [["1", "2", "3", "4", "5"], ["6", "7"], ["8"], ["9"], ["a"]]
    stories = [corpus.directory.story(row).tolist() for row in (0, 4, 5, 6, 7, 8)]
    assert stories == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [5, 6], [5, 6], [7], [8]]


@pytest.mark.parametrize(
    ("draft", "ids"),
    [
        (Article(id="6", title="New", body="New."), {"6"}),
        (Article(id="n", url="http://news.example/x#a", title="New", body="New."), {"1"}),
        (Article(id="n", title="PLANES", body=TALE.lower()), {"8"}),
        (Article(id="n", url="https://news.example/z", title="Planes", body=TALE), {"5", "8"}),
        (Article(id="", title="Video", body="Watch the video."), set()),
        (Article(id="n", title="New", body="New."), set()),
    ],
)
def test_which_articles_a_draft_is(draft: Article, ids: set[str]) -> None:
    corpus = corpus_of(COPIES)
    assert {corpus.cards[row].id for row in corpus.directory.same_as(Card.from_article(draft))} == ids


def test_a_card_shows_the_article() -> None:
    card = Card.from_article(ARTICLES[2])
    assert (card.id, card.teasers, card.is_stub) == ("c", ("Ships are late.",), False)
    assert card.published_at == datetime(1970, 1, 2, 12, tzinfo=UTC)
    assert Card.from_article(ARTICLES[0]).is_stub is False
    assert Card.from_article(ARTICLES[0]).text_sha256 != card.text_sha256


def test_a_draft_of_an_articles_own_text_is_the_articles_query() -> None:
    articles = [item.article for item in records(OPTECH)][:60]
    corpus = corpus_of(articles)
    for row in (0, 17, 59):
        mine, draft = corpus.query(row), corpus.draft(articles[row], ENCODER)
        assert (mine.row, draft.row) == (row, None)
        assert draft.card == mine.card
        np.testing.assert_allclose(draft.views, mine.views, atol=1e-6)
        np.testing.assert_array_equal(draft.passages, mine.passages)
        for name in ("whole", "short"):
            np.testing.assert_array_equal(getattr(draft.terms, name).toarray(), getattr(mine.terms, name).toarray())
        np.testing.assert_allclose(draft.fused, mine.fused, atol=1e-5)
        np.testing.assert_equal(draft.day, mine.day)


def test_a_draft_changes_nothing(small: Corpus) -> None:
    before = small.fused.copy(), small.quantized.codes.copy(), small.cards
    small.draft(Article(id="new", title="Ships", body="Ships."), HashEncoder(64))
    np.testing.assert_array_equal(small.fused, before[0])
    np.testing.assert_array_equal(small.quantized.codes, before[1])
    assert small.cards is before[2]


def test_a_draft_without_a_text_is_all_zero(small: Corpus) -> None:
    draft = small.draft(Article(id="n", title="https://news.example/", body="www.news.example"), ENCODER)
    assert not draft.views.any()
    assert draft.terms.whole.nnz == draft.terms.short.nnz == 0
    assert not len(draft.passages)
    assert not draft.fused.any()
    assert np.isnan(draft.day)


@pytest.mark.parametrize(
    "article",
    [
        Article(id="n", title="Port"),
        Article(id="n", teasers=("The port.", "The ships.")),
        Article(id="n", body="The port."),
        Article(id="n", title="Port", tags=("port",), section="moon"),
    ],
)
def test_a_draft_of_one_text_is_read_by_that_text(article: Article, small: Corpus) -> None:
    """Whatever is missing is stood in for as in the corpus."""
    draft = small.draft(article, ENCODER)
    stored = corpus_of([article]).query(0)
    np.testing.assert_allclose(draft.views, stored.views, atol=1e-6)
    np.testing.assert_array_equal(draft.passages, stored.passages)
    assert draft.fused.any()


@pytest.mark.parametrize(("count", "without_influence"), [(8, []), (9, [4]), (12, [1, 4, 7, 10])])
def test_a_body_is_read_by_eight_passages(count: int, without_influence: list[int], small: Corpus) -> None:
    """Of more than eight, evenly spread ones; what stands in the others has no influence on the vectors."""
    sentences = [" ".join([f"word{n}"] * 100) + "." for n in range(count)]
    before = small.draft(Article(id="a", title="T", body=" ".join(sentences)), ENCODER)
    assert len(before.passages) == 8
    unchanged = []
    for n in range(count):
        body = " ".join([*sentences[:n], sentences[n].replace("word", "port"), *sentences[n + 1 :]])
        after = small.draft(Article(id="a", title="T", body=body), ENCODER)
        changed = not np.array_equal(after.passages, before.passages)
        assert changed == (not np.array_equal(after.views, before.views))
        unchanged += [] if changed else [n]
    assert unchanged == without_influence


def test_sections_are_numbered_by_name() -> None:
    sections = ["sea", "", "land", "sea"]
    corpus = corpus_of(Article(id=str(n), title="T", section=name) for n, name in enumerate(sections))
    assert corpus.directory.sections.numbers.tolist() == [1, -1, 0, 1]
    assert corpus.directory.sections.numbers.dtype == np.int64
    wanted = {"sea": 1, "land": 0, "": -1, "moon": -1, "Sea": -1}
    assert {name: corpus.directory.sections.number(name) for name in wanted} == wanted


def test_texts_of_few_words_are_no_copies_of_one_another() -> None:
    texts = ["", "???", "!!!", "Port!", "port", " ".join(f"word{n}" for n in range(29))]
    few = [
        Card.from_article(Article(id=f"{n}{side}", title="T", body=text))
        for n, text in enumerate(texts)
        for side in "ab"
    ]
    assert len({card.text_sha256 for card in few}) == len(few)
    assert (
        Card.from_article(Article(id="3a", title="T", body="port?")).text_sha256 == few[6].text_sha256
    )  # of one id it is told
    enough = [Article(id=side, title="T", body=f"{texts[-1]} {last}") for side, last in (("a", "word!"), ("b", "Word"))]
    assert len({Card.from_article(article).text_sha256 for article in enough}) == 1
