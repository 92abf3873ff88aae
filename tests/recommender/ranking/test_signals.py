"""Every signal by hand on small articles, from the texts of real ones, and in plain loops; what is unknown is NaN."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from index.store.snapshot import Snapshot
from recommender.articles import Article
from recommender.corpus.corpus import Corpus
from recommender.corpus.views import views, whole_text
from recommender.ranking.curated import CuratedLists
from recommender.ranking.pool import Pool, nearness
from recommender.ranking.signals import QUERY_WEIGHT, RELATIVE, SIGNALS, VOTE, signals
from recommender.text.distinct_words import LEAST_WORDS
from recommender.text.names import names
from recommender.text.stop_words import function_words
from tests.conftest import DEMO, SEED_PAGE, records
from tests.query_path import allowed, pool_of
from tests.recommender.makers import ENCODER, BruteForce, corpus_of
from tests.reference import reference_of

ARTICLES = sorted(
    [article for item in records(SEED_PAGE, DEMO) for article in (item.article, *item.stubs)],
    key=lambda article: article.id,
)
ROWS = np.arange(len(ARTICLES))
PACKED = ("body_body", "body_teaser", "passage_passage", "passage_title")
"""The signals that compare packed vectors."""
PACKING_ERROR = 0.02
"""What one byte a number may cost a cosine of the hash encoder's 64 numbers, with room (see test_packed)."""


@pytest.fixture(scope="module")
def corpus(seeds: Snapshot) -> Corpus:
    assert [card.id for card in seeds.corpus.cards] == [article.id for article in ARTICLES]
    return seeds.corpus


def pool(
    corpus: Corpus, query: int, rows: list[int] | np.ndarray | None = None, curated: CuratedLists | None = None
) -> Pool:
    chosen = np.arange(len(corpus)) if rows is None else np.asarray(rows, dtype=np.int64)
    asked = corpus.query(query)
    return Pool(asked, corpus, chosen, corpus.fused[chosen] @ asked.fused, curated or CuratedLists.none(len(corpus)))


def signal(name: str, of: Pool) -> list[float]:
    return [float(value) for value in SIGNALS[name].values(of)]


def listed(corpus: Corpus, **lists: str) -> CuratedLists:
    """``a="bc"``: a's editor picked b and c."""
    return CuratedLists.from_lists(corpus, {owner: tuple(targets) for owner, targets in lists.items()})


def idf(articles: int, having: int) -> float:
    return math.log((1 + articles) / (1 + having)) + 1


def query_rows() -> list[int]:
    """A full article, the undated seed page, and a stub of a teaser alone."""
    full = next(row for row, article in enumerate(ARTICLES) if article.published_at and article.body)
    seed = next(row for row, article in enumerate(ARTICLES) if article.id == "aras-2025")
    stub = next(row for row, article in enumerate(ARTICLES) if article.is_stub and not article.title)
    return [full, seed, stub]


# --- from the texts of real articles


def vectors(texts: tuple[str, ...]) -> list[list[float]]:
    return [ENCODER.encode([text])[0].tolist() for text in texts]


def mean_vector(texts: tuple[str, ...]) -> list[float]:
    mean = [math.fsum(values) / len(texts) for values in zip(*vectors(texts), strict=True)]
    length = math.sqrt(math.fsum(value * value for value in mean))
    return [value / length for value in mean]


def dot(a: list[float], b: list[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def title_of(row: int) -> tuple[str, ...]:
    """Its title; of a stub without one the first teaser."""
    found = views(ARTICLES[row])
    return (found.title,) if found.title else found.teasers[:1]


def body_of(row: int) -> tuple[str, ...]:
    """Its passages; of a stub its teasers, or the title where that is all there is."""
    found = views(ARTICLES[row])
    return found.passages or found.teasers or title_of(row)


def expected(name: str, query: int, row: int, corpus: Corpus) -> float:
    mine, theirs = body_of(query), body_of(row)
    a, b = ARTICLES[query], ARTICLES[row]
    match name:
        case "body_body":
            return dot(mean_vector(mine), mean_vector(theirs))
        case "body_teaser":
            teasers = views(b).teasers
            return dot(mean_vector(mine), mean_vector(teasers)) if teasers else math.nan
        case "passage_passage":
            return max(dot(x, y) for x in vectors(mine) for y in vectors(theirs))
        case "passage_title":
            return max(dot(x, y) for x in vectors(mine) for y in vectors(title_of(row)))
        case "fused":
            return math.fsum(float(x) * float(y) for x, y in zip(corpus.fused[query], corpus.fused[row], strict=True))
        case "closeness":
            if not (a.published_at and b.published_at):
                return math.nan
            return -math.log(1 + abs((a.published_at - b.published_at).total_seconds()) / 86_400)
    raise AssertionError(f"no computation of {name}")


FROM_TEXTS = [*PACKED, "fused", "closeness"]


@pytest.mark.parametrize("name", FROM_TEXTS)
@pytest.mark.parametrize("which", [0, 1, 2], ids=["article", "undated", "stub"])
def test_a_signal_from_the_texts(name: str, which: int, corpus: Corpus) -> None:
    query = query_rows()[which]
    rows = ROWS[:: 3 if name in PACKED else 1]
    found = signal(name, pool(corpus, query, rows))
    wanted = [expected(name, query, row, corpus) for row in rows.tolist()]
    np.testing.assert_allclose(found, wanted, atol=PACKING_ERROR if name in PACKED else 1e-5)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["article", "undated", "stub"])
def test_words_as_scikit_learn_weighs_them(which: int, corpus: Corpus) -> None:
    query = query_rows()[which]
    plain = TfidfVectorizer(
        stop_words=[*corpus.lexicon.words.stop_words, *function_words("en")],
        ngram_range=(1, 2),
        sublinear_tf=True,
        min_df=2,
    )
    whole = plain.fit_transform([whole_text(article) for article in ARTICLES])
    mine = whole[query].toarray()[0]
    found = signal("tfidf", pool(corpus, query))
    np.testing.assert_allclose(found, whole @ mine, atol=1e-6)
    assert found[query] == pytest.approx(1)
    brief = plain.transform(["\n".join((a.title, *a.teasers)) for a in ARTICLES])
    np.testing.assert_allclose(signal("brief_in_text", pool(corpus, query)), brief @ mine, atol=1e-6)
    shares = []
    for article in ARTICLES:
        terms = plain.transform([article.title or article.teasers[0]]).nonzero()[1]
        weights = plain.idf_[terms]
        shares.append(weights[mine[terms] > 0].sum() / weights.sum() if len(terms) else math.nan)
    np.testing.assert_allclose(signal("title_in_text", pool(corpus, query)), shares, atol=1e-6)


@pytest.mark.parametrize(("name", "bag"), [("names", lambda a: names(whole_text(a))), ("tags", lambda a: a.tags)])
def test_names_and_tags_as_scikit_learn_weighs_them(name: str, bag: object, corpus: Corpus) -> None:
    plain = TfidfVectorizer(analyzer=lambda terms: terms, sublinear_tf=True, min_df=2 if name == "names" else 1)
    rows = plain.fit_transform([[term.casefold() for term in bag(a)] for a in ARTICLES])  # type: ignore[operator]
    known = np.diff(rows.indptr) > 0
    for query in query_rows():
        products = (rows @ rows[query].T).toarray()[:, 0]
        wanted = np.where(known & known[query], products, np.nan)
        np.testing.assert_allclose(signal(name, pool(corpus, query)), wanted, atol=1e-6)
    assert 10 < known.sum() <= len(ARTICLES)


@pytest.mark.parametrize("which", ["seeds", "optech"])
def test_every_signal_in_plain_loops(which: str, request: pytest.FixtureRequest) -> None:
    """With the lists that the corpora have, over the pools that are ranked."""
    snapshot: Snapshot = request.getfixturevalue(which)
    reference = reference_of(snapshot)
    assert snapshot.curated.lists.nnz > 50
    for row in range(0, len(snapshot.corpus), 5):
        query = snapshot.corpus.query(row)
        mask = allowed(query, snapshot.corpus)
        found = pool_of(query, snapshot.corpus, BruteForce(snapshot.corpus), snapshot.curated, mask)
        table = reference.table(row, found.rows.tolist())
        assert list(table) == list(SIGNALS)
        np.testing.assert_allclose(signals(found), np.array(list(table.values())).T, atol=2e-5)


@pytest.mark.parametrize("which", ["seeds", "optech"])
def test_no_signal_leaves_its_range(which: str, request: pytest.FixtureRequest) -> None:
    snapshot: Snapshot = request.getfixturevalue(which)
    some = SIGNALS.keys() - {"fused", "closeness", "listed_by_neighbours", "lists_neighbours", "list_popularity"}
    below = dict.fromkeys(PACKED, -1.0)
    for row in range(0, len(snapshot.corpus), 9):
        table = signals(pool(snapshot.corpus, row, curated=snapshot.curated))
        for name, column in zip(SIGNALS, table.T, strict=True):
            known = column[np.isfinite(column)]
            slack = PACKING_ERROR if name in PACKED else 1e-5
            assert (known >= below.get(name, 0.0) - slack).all() or name in ("fused", "closeness")
            assert (known <= 1 + slack).all() or name not in some
            assert (known <= 0).all() or name != "closeness"
            assert not np.isinf(column).any()


# --- by hand


def test_the_share_of_a_title_that_is_in_the_text() -> None:
    corpus = corpus_of(
        [
            Article(id="a", title="Ship strike", body="The ship is on strike."),
            Article(id="b", title="Chess ship", body="A pawn."),
            Article(id="c", teasers=("Ship pawn.",)),
            Article(id="d", title="The", body="Rook.", language="en"),
        ]
    )
    ship, twice, once = idf(4, 3), idf(4, 2), idf(4, 1)  # "pawn" and "ship pawn" are in b and c, "chess" in b alone
    wanted = [1.0, ship / (ship + once + once), ship / (ship + twice + twice), math.nan]
    assert signal("title_in_text", pool(corpus, 0)) == pytest.approx(wanted, nan_ok=True)
    assert signal("title_in_text", pool(corpus, 3)) == pytest.approx([0, 0, 0, math.nan], nan_ok=True)


def test_tags_by_hand() -> None:
    tags = [("Sea", "port"), ("sea",), (), ("PORT", "sea"), ("chess",)]
    corpus = corpus_of(Article(id=f"a{n}", title=f"T{n}", tags=each) for n, each in enumerate(tags))
    sea, port = idf(5, 3), idf(5, 2)
    wanted = [1, sea / math.hypot(sea, port), math.nan, 1, 0]
    assert signal("tags", pool(corpus, 0)) == pytest.approx(wanted, nan_ok=True)
    assert all(math.isnan(value) for value in signal("tags", pool(corpus, 2)))


def test_names_by_hand() -> None:
    texts = ["said Ena Morling of Carrow", "said Ena Morling", "nobody at all", "in Carrow, in Carrow", "by Tove Brask"]
    corpus = corpus_of(Article(id=f"a{n}", body=text) for n, text in enumerate(texts))
    assert corpus.lexicon.names.terms == ("carrow", "ena morling", "ena morling of carrow", "tove brask")
    assert signal("names", pool(corpus, 0)) == pytest.approx([1, 0, math.nan, 0, 0], nan_ok=True)
    assert all(math.isnan(value) for value in signal("names", pool(corpus, 2)))
    two = corpus_of([Article(id="a", body="with Ena, in Carrow"), Article(id="b", body="in Carrow, to Carrow")])
    weights = idf(2, 1), idf(2, 2)
    assert signal("names", pool(two, 0)) == pytest.approx([1, weights[1] / math.hypot(*weights)])


def test_sections_by_hand() -> None:
    corpus = corpus_of(Article(id=f"a{n}", title=f"T{n}", section=s) for n, s in enumerate(["sea", "land", "", "sea"]))
    assert signal("section", pool(corpus, 0)) == pytest.approx([1, 0, math.nan, 1], nan_ok=True)
    assert all(math.isnan(value) for value in signal("section", pool(corpus, 2)))
    draft = corpus.draft(Article(id="n", title="T", section="moon"), ENCODER)
    assert all(math.isnan(value) for value in SIGNALS["section"].values(replace(pool(corpus, 0), query=draft)))


def test_closeness_falls_with_the_days_between() -> None:
    start = datetime(2024, 1, 10, tzinfo=UTC)
    corpus = corpus_of(
        Article(id=str(n), title=f"T{n}", published_at=start + timedelta(days=days))
        for n, days in enumerate([0, -1, 1, 0.5, 9, 365.25])
    )
    found = signal("closeness", pool(corpus, 0, [0, 1, 2, 3, 4]))
    assert found == pytest.approx([0, -math.log(2), -math.log(2), -math.log(1.5), -math.log(10)], abs=1e-6)
    assert all(a >= b for a, b in pairwise([found[0], found[3], found[1], found[4]]))
    year = signal("same_year", pool(corpus, 0))
    assert year == pytest.approx([math.exp(-days / 365.25) for days in (0, 1, 1, 0.5, 9, 365.25)])
    assert year[5] == pytest.approx(1 / math.e)


@pytest.fixture(scope="module")
def six() -> Corpus:
    """Articles a to f, and q with its copy r."""
    words = "port ship|port ship crane|port tide|chess rook|chess pawn|vote poll|port ship quay|PORT ship: quay!"
    return corpus_of(
        Article(id=name, title=text, body=text, url="https://news.example/q" if name in "qr" else None)
        for name, text in zip("abcdefqr", words.split("|"), strict=True)
    )


CANDIDATES = [0, 1, 2, 3, 4]
Q, R = 6, 7


def near(six: Corpus, rows: list[int]) -> dict[int, float]:
    similar = [float(six.fused[row].astype(float) @ six.fused[Q].astype(float)) for row in rows]
    return {row: math.exp((s - max(similar)) / np.std(similar)) for row, s in zip(rows, similar, strict=True)}


def test_nearness_is_relative_to_the_nearest() -> None:
    found = nearness(np.array([3.0, 1.0, 2.0, 2.0], dtype=np.float32))
    spread = math.sqrt(0.5)
    assert found.tolist() == pytest.approx([1, math.exp(-2 / spread), math.exp(-1 / spread), math.exp(-1 / spread)])
    assert found.dtype == np.float32
    assert nearness(np.zeros(0, np.float32)).shape == (0,)
    assert nearness(np.array([0.3], np.float32)).tolist() == [1]
    assert nearness(np.array([0.3, 0.3 + 1e-8, 0.3 - 3e-8], np.float32)).tolist() == [1, 1, 1], "float noise is none"


def test_votes_of_the_neighbours_by_hand(six: Corpus) -> None:
    curated = listed(six, a="bd", c="d", d="a", e="f", f="b", q="e", r="e")
    weight = near(six, CANDIDATES)
    assert weight[1] != weight[2]
    found = signal("listed_by_neighbours", pool(six, Q, CANDIDATES, curated))
    votes = [weight[3], weight[0], 0, weight[0] + weight[2], 0]  # f is no neighbour; q and r are the query
    assert found == pytest.approx([math.log(1 + VOTE * v) for v in votes], abs=1e-5)


def test_what_a_candidates_own_list_holds_by_hand(six: Corpus) -> None:
    curated = listed(six, a="q", b="qc", c="r", d="abf", q="d", r="d")
    weight = near(six, CANDIDATES)
    found = signal("lists_neighbours", pool(six, Q, CANDIDATES, curated))
    held = [QUERY_WEIGHT, QUERY_WEIGHT + weight[2], 0, weight[0] + weight[1], 0]
    assert found == pytest.approx([math.log(1 + VOTE * v) for v in held], abs=1e-5)


def test_who_stands_in_many_lists_by_hand(six: Corpus) -> None:
    curated = listed(six, a="bd", c="d", e="db", f="d", q="dec", r="de")
    similar = np.array([float(six.fused[row] @ six.fused[Q]) for row in CANDIDATES])
    relevance = 1 / (1 + np.exp(1 - 2 * (similar - similar.mean()) / similar.std()))
    found = signal("list_popularity", pool(six, Q, CANDIDATES, curated))
    np.testing.assert_allclose(found, np.log([1, 3, 1, 5, 1]) * relevance, atol=1e-5)  # not what q and r list
    assert 0 < min(relevance) < 0.3 < 0.6 < max(relevance) < 1


@pytest.mark.parametrize("name", [name for name, kind in SIGNALS.items() if not kind.relative])
def test_without_any_list_but_the_own_nothing_is_known_of_lists(name: str, six: Corpus) -> None:
    for curated in (CuratedLists.none(len(six)), listed(six, q="ab"), listed(six, q="ab", r="c")):
        assert all(math.isnan(value) for value in signal(name, pool(six, Q, CANDIDATES, curated)))
    assert all(np.isfinite(signal(name, pool(six, Q, CANDIDATES, listed(six, f="e")))))


@pytest.mark.parametrize("name", [name for name, kind in SIGNALS.items() if not kind.relative])
@pytest.mark.parametrize("own", ["q", "r"])
def test_no_list_of_the_query_or_its_copy_is_evidence(name: str, own: str, six: Corpus) -> None:
    others = {"a": "bd", "c": "dq", "d": "a", "f": "b"}
    before = signal(name, pool(six, Q, CANDIDATES, listed(six, **others)))
    assert any(before)
    for planted in ("a", "bcd", "ef"):
        assert signal(name, pool(six, Q, CANDIDATES, listed(six, **others, **{own: planted}))) == before


def test_what_is_not_known_is_nan() -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    corpus = corpus_of(
        [
            Article(
                id="full",
                title="Ships wait",
                teasers=("In the harbour of Carrow.",),
                body="The ships wait for Carrow.",
                published_at=day,
                section="sea",
                tags=("sea",),
            ),
            Article(id="plain", title="Chess", body="A pawn and a rook."),
            Article(id="void", title="https://news.example/x"),
        ]
    )
    known = {
        corpus.cards[query].id: {
            name: np.isfinite(column).tolist()
            for name, column in zip(SIGNALS, signals(pool(corpus, query)).T, strict=True)
        }
        for query in range(3)
    }
    always, never, full = [True] * 3, [False] * 3, [True, False, False]
    assert known["full"] == {
        "tfidf": always,
        "fused": always,
        "body_body": [True, True, False],
        "body_teaser": full,
        "passage_passage": [True, True, False],
        "passage_title": [True, True, False],
        "brief_in_text": always,
        "title_in_text": [True, True, False],
        "names": full,
        "tags": full,
        "section": full,
        "closeness": full,
        "same_year": full,
        "listed_by_neighbours": never,
        "lists_neighbours": never,
        "list_popularity": never,
    }
    missing = dict.fromkeys(("names", "tags", "section", "closeness", "same_year"), never)
    assert known["plain"] == {**known["full"], **missing}
    views_of = dict.fromkeys(PACKED, never)
    assert known["void"] == {**known["plain"], **views_of}


def test_a_stub_is_read_by_its_teasers() -> None:
    """A stub without title and body is known by its teasers, and they stand in for both, as query and candidate."""
    teaser = "The ships wait in the harbour."
    corpus = corpus_of([Article(id="stub", teasers=(teaser,)), Article(id="whole", title=teaser, body=teaser)])
    for query in range(2):
        for name in ("body_body", "passage_passage", "passage_title", "title_in_text"):
            assert signal(name, pool(corpus, query)) == pytest.approx([1, 1], abs=PACKING_ERROR)
    assert signal("body_teaser", pool(corpus, 1)) == pytest.approx([1, math.nan], abs=PACKING_ERROR, nan_ok=True)


# --- the table


def test_the_table_has_a_column_a_signal_in_the_order_of_the_rows(seeds: Snapshot) -> None:
    corpus, rows = seeds.corpus, np.array([40, 3, 17, 61])
    of = pool(corpus, query_rows()[0], rows, seeds.curated)
    table = signals(of)
    assert table.dtype == np.float32
    assert table.shape == (4, len(SIGNALS))
    back = signals(pool(corpus, query_rows()[0], rows[::-1], seeds.curated))[::-1]
    for column, (name, kind) in enumerate(SIGNALS.items()):
        np.testing.assert_array_equal(table[:, column], np.asarray(kind.values(of), dtype=np.float32), err_msg=name)
        np.testing.assert_allclose(table[:, column], back[:, column], rtol=1e-5, atol=1e-6, err_msg=name)
    np.testing.assert_array_equal(RELATIVE, ["list" not in name for name in SIGNALS])


@pytest.mark.parametrize("with_lists", [False, True])
def test_a_pool_of_nobody_has_no_rows(with_lists: bool, seeds: Snapshot) -> None:
    """Where a filter leaves no candidate, nothing is computed, and nothing complains."""
    curated = seeds.curated if with_lists else CuratedLists.none(len(seeds.corpus))
    for query in query_rows():
        assert signals(pool(seeds.corpus, query, [], curated)).shape == (0, len(SIGNALS))


def test_a_draft_of_a_stored_text_has_the_signals_of_the_stored_article(seeds: Snapshot) -> None:
    corpus = seeds.corpus
    for row in query_rows():
        of = pool(corpus, row, np.delete(ROWS, row), seeds.curated)
        told = len(corpus.fingerprint(row)) >= LEAST_WORDS  # of fewer words, only its id says whose they are
        draft = corpus.draft(replace(ARTICLES[row], id="draft" if told else ARTICLES[row].id), ENCODER)
        np.testing.assert_allclose(signals(replace(of, query=draft)), signals(of), atol=1e-5)
