"""Boilerplate is learnt, whatever its shape, and a text without it is what it would be had it never been added."""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.boilerplate.boilerplate import Block, Boilerplate
from recommender.boilerplate.pieces import LONG
from recommender.boilerplate.repetition import learn
from recommender.boilerplate.standing import needed
from recommender.text import clean
from tests.conftest import DEMO, ROOT, records

CASES = ROOT.parent / "shared" / "cases"

ABOUT = (
    "About the Tessle Courier. The Courier was founded in 1887 and is published every day but Sunday from its own press"
    " on Custom House Quay. It is owned by a trust whose only purpose is to keep it independent. If you have a story to"
    " tell, write to the news desk or ring the number below between nine and five. We never pay for interviews."
    " Corrections are printed on page two and kept for ever."
)
CALL = (
    "Sign up for our weekly newsletter. Every Friday the best of the estuary in your inbox, free. Unsubscribe any day."
)
ONE_CALL = (
    "Sign up for our weekly newsletter and get the best of the estuary in your inbox every Friday morning, free of"
    " charge, and unsubscribe at any time."
)
COOKIES = "We use cookies. They help us to see which stories are read. Refuse them in your browser. Read our policy."
GERMAN = "Über den Tessle-Kurier. Der Kurier erscheint seit 1887 jeden Werktag. Abonnieren Sie ihn ab 2 Euro die Woche."
JAPANESE = (
    "港湾局について。港湾局は千九百十一年に設立され、四十キロの海岸と六つの灯台を管理しています。"
    "お問い合わせは平日の九時から五時までにお願いします。"
)
THAI = "เกี่ยวกับสำนักข่าวท่าเรือ สำนักข่าวก่อตั้งขึ้นในปีหนึ่งพันเก้าร้อยสิบเอ็ดและตีพิมพ์ทุกวันยกเว้นวันอาทิตย์ ติดต่อกองบรรณาธิการได้ทุกวัน"
SPORT, BUSINESS = (
    "More sport on Saturday in our pull-out. Write to the sports desk.",
    "Business is on page nine. Ring us.",
)
MONTHS = "January February March April May June July August September October November December".split()
NAMES = ("Ena Morling", "Tove Brask", "Ilse Karne")

Shape = Callable[[int, Article], str]


def cut_to(body: str, words: int) -> str:
    """The body as an extractor cuts it after so many words, in the middle of a sentence."""
    paragraphs, left = [], words
    for paragraph in body.split("\n\n"):
        taken = paragraph.split()[:left]
        paragraphs += [" ".join(taken)] if taken else []
        left -= len(taken)
    return "\n\n".join(paragraphs)


def newspaper(words: int = 250) -> list[Article]:
    """The demo newspaper's articles, bodies of so many words at most."""
    articles = [record.article for record in records(DEMO) if record.article.body]
    return [replace(article, body=cut_to(article.body, words)) for article in articles]


def between(body: str, call: str) -> str:
    """The call between two paragraphs in the middle of the body."""
    paragraphs = body.split("\n\n")
    half = (len(paragraphs) + 1) // 2
    return "\n\n".join([*paragraphs[:half], call, *paragraphs[half:]])


def byline(number: int) -> str:
    day = f"{number % 28 + 1} {MONTHS[number % 12]} {2019 + number % 5}"
    return f"By {NAMES[number % 3]} · Published {day} · {number % 9 + 2} min read"


SHAPES: dict[str, Shape] = {
    "a paragraph": lambda n, a: f"{a.body}\n\n{ABOUT}",
    "several paragraphs": lambda n, a: f"{a.body}\n\n{ABOUT[:139]}\n\n{ABOUT[140:]}\n\n{CALL}",
    "glued to the last sentence, which was cut": lambda n, a: f"{a.body} {ABOUT}",
    "on the next line": lambda n, a: f"{a.body}\n{ABOUT}",
    "under a rule": lambda n, a: f"{a.body}\n\n---\n\n{ABOUT}",
    "cut off itself": lambda n, a: f"{a.body}\n\n{ABOUT[: len(ABOUT) - n % 50 * (n % 2)].rstrip()}",
    "a long sentence between rules": lambda n, a: between(a.body, f"***\n\n{ONE_CALL}\n\n***"),
    "between paragraphs": lambda n, a: between(a.body, CALL),
    "one long sentence between paragraphs": lambda n, a: between(a.body, ONE_CALL),
    "a byline with a day": lambda n, a: f"{byline(n)}\n\n{a.body}",
    "a byline of two lines": lambda n, a: (
        f"Reading time: {n} minutes\nPublished {MONTHS[n % 12]} {n % 28 + 1}, 2024\n{a.body}"
    ),
    "with numbers": lambda n, a: (
        f"{a.body}\n\nRead by {37 * n} people. Shared {13 * n} times. Updated 0{n % 9}/11/2024 at {n}:05."
    ),
    "on every fifth article": lambda n, a: a.body if n % 5 else f"{a.body}\n\n{ABOUT}",
    "another by section": lambda n, a: (
        f"{a.body}\n\nThank you for reading the Tessle Courier. {(SPORT, BUSINESS)[n % 2]}"
    ),
    "another by section, between paragraphs": lambda n, a: between(
        a.body,
        f"Thank you for reading the Tessle Courier. {('See page nine.', 'Ring the desk.', 'Write to us.')[n % 3]}",
    ),
    "three at once": lambda n, a: f"{a.body}\n\n{(ABOUT, CALL, COOKIES)[n % 3]}",
    "in two languages": lambda n, a: f"{a.body}\n\n{(ABOUT, GERMAN)[n % 2]}",
    "with the article's own title": lambda n, a: f"{a.body}\n\nThe post {a.title} appeared first on Tessle Courier.",
    "short lines": lambda n, a: (
        f"{a.body}\n\nShare this\n\nFacebook\n\nEmail\n\nSharing: {a.title}\n\n© {2000 + n} Courier"
    ),
    "a few words at the end": lambda n, a: f"{a.body}\n\nFollow us.",
    "a few words twice": lambda n, a: f"Listen to it.\n\n{a.body}\n\nFollow us. Share this.",
    "Japanese": lambda n, a: f"{a.body}\n\n{JAPANESE}",
    "Japanese glued": lambda n, a: f"{a.body}{JAPANESE}",
    "Thai": lambda n, a: f"{a.body}\n\n{THAI}",
    "head, middle and foot": lambda n, a: f"{byline(n)}\n\n{between(a.body, CALL)}\n\n{ABOUT}\n\n{COOKIES}",
}


def with_shape(articles: Sequence[Article], shape: Shape) -> list[Article]:
    return [replace(article, body=clean(shape(n, article))) for n, article in enumerate(articles)]


@pytest.mark.parametrize("words", [80, 250])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_is_what_it_would_be_without(shape: str, words: int) -> None:
    plain = newspaper(words)
    carrying = with_shape(plain, SHAPES[shape])
    assert sum(a != b for a, b in zip(carrying, plain, strict=True)) >= len(plain) / 5
    found = learn(carrying, {})
    assert [found.strip(article) for article in carrying] == plain


def test_of_text_that_ends_in_a_full_stop_the_full_stop_stays() -> None:
    plain = newspaper(999)
    assert all(article.body[-1] in '.”"' for article in plain)
    carrying = with_shape(plain, SHAPES["Japanese glued"])
    found = learn(carrying, {})
    assert [found.strip(article) for article in carrying] == plain


def test_what_comes_later_is_stripped_too() -> None:
    plain = newspaper()
    found = learn(with_shape(plain[10:], SHAPES["head, middle and foot"]), {})
    later = with_shape(plain[:10], SHAPES["head, middle and foot"])
    assert [found.strip(article) for article in later] == plain[:10]


def japanese(rng: random.Random) -> str:
    return "".join("".join(rng.choices("港船海岸市長会議計画橋駅雨雪夜朝新聞学校工場", k=18)) + "。" for _ in range(6))


def thai(rng: random.Random) -> str:
    return " ".join(
        "".join(rng.choices(["เรือ", "ทะเล", "ตลาด", "โรงเรียน", "ฝน", "ถนน", "สะพาน", "เมือง"], k=9)) for _ in range(8)
    )


@pytest.mark.parametrize(("written", "footer", "gap"), [(japanese, JAPANESE, ""), (thai, THAI, " ")])
@pytest.mark.parametrize("share", [0.25, 1])
def test_scripts_without_spaces_glued_to_the_last_paragraph(
    written: Callable[[random.Random], str], footer: str, gap: str, share: float
) -> None:
    rng = random.Random(3)
    plain = [Article(id=f"{n:02}", title=f"{n}", body=written(rng)) for n in range(60)]
    carrying = [replace(a, body=f"{a.body}{gap}{footer}") if n < share * 60 else a for n, a in enumerate(plain)]
    found = learn(carrying, {})
    assert [found.strip(article) for article in carrying] == plain


def sentence(rng: random.Random, words: int) -> str:
    made = ["".join(rng.choices("bdfgklmnprst", k=1) + rng.choices("aeiou", k=1)) * 2 for _ in range(words)]
    return " ".join(made).capitalize() + "."


def topical(
    topics: int, each: int, *, words: int = 9, choice: int = 6, ordered: bool = False, own: int = 0
) -> list[Article]:
    """Articles whose bodies choose from the twelve sentences of a topic, with some of their ``own`` between."""
    rng, found = random.Random(5), []
    for topic in range(topics):
        pool = [sentence(rng, words) for _ in range(12)]
        for number in range(each):
            chosen = rng.sample(range(12), choice)
            body = [pool[place] for place in (sorted(chosen) if ordered else chosen)]
            for _ in range(own):
                body.insert(rng.randrange(len(body) + 1), sentence(rng, words))
            found.append(Article(id=f"{topic}-{number}", title=sentence(rng, 6), body=" ".join(body)))
    return found


def ruled(articles: Sequence[Article], rule: str = "***") -> list[Article]:
    """The same with a rule between sentences."""
    return [replace(article, body=article.body.replace(". ", f".\n\n{rule}\n\n")) for article in articles]


def summed_up(articles: Sequence[Article]) -> list[Article]:
    """The same between sentences of their own, with a heading below that all of them have."""
    rng = random.Random(8)
    return [replace(a, body=f"{sentence(rng, 9)} {a.body}\n\nIn short\n\n{sentence(rng, 9)}") for a in articles]


@pytest.mark.parametrize(
    "articles",
    [
        topical(3, 12),
        ruled(topical(1, 40)),
        ruled(topical(1, 40), "Advertisement"),
        summed_up(topical(4, 100, choice=1)),
        ruled(topical(3, 40, own=1)),
        topical(3, 40),
        topical(3, 40, own=1),
        topical(3, 40, ordered=True, own=1),
        topical(3, 40, words=25),
        topical(3, 40, words=25, own=1),
        topical(10, 30, choice=3, own=3),
        topical(2, 100, choice=2, own=2),
    ],
    ids=lambda articles: f"{len(articles)} articles, {len(articles[0].body)} characters",
)
def test_what_articles_on_a_subject_choose_from_is_content(articles: list[Article]) -> None:
    assert learn(articles, {}).blocks == ()


def test_a_footer_under_topical_bodies_is_found_all_the_same() -> None:
    plain = topical(3, 12, own=1)
    for share in (1, 2):
        carrying = [replace(a, body=f"{a.body}\n\n{ABOUT}") if n % share == 0 else a for n, a in enumerate(plain)]
        found = learn(carrying, {})
        assert [block.text for block in found.blocks] == [ABOUT]
        assert [found.strip(article) for article in carrying] == plain


@pytest.mark.parametrize(
    "case", ["01-bodyless-pages-vanish", "06-wordpress-raw-html", "08-future-and-draft", "09-numeric-ids"]
)
def test_nothing_topical_is_taken_out_of_the_cases(case: str) -> None:
    path = CASES / case / "in.jsonl"
    if not path.exists():
        pytest.skip(f"the case {case} is not beside the project")
    articles = [record.article for record in records(path)]
    found = learn(articles, {})
    assert [found.strip(article).body for article in articles] == [article.body for article in articles]


@pytest.mark.parametrize("others", [14, 30, 70])
@pytest.mark.parametrize("times", [6, 10, 14])
def test_a_story_told_several_times_is_content(times: int, others: int) -> None:
    rng = random.Random(times)
    steps = [f"{sentence(rng, 12)} {sentence(rng, 24)}" for _ in range(times + 4)]
    grown = ["\n\n".join(steps[: 4 + n]) for n in range(times)]
    newest_first = [
        "\n\n".join([steps[4 + n], *steps[:4], *(sentence(random.Random(9), 30),) * 3]) for n in range(times)
    ]
    copied = ["\n\n".join(steps)] * times
    for bodies in (grown, newest_first, copied):
        told = [Article(id=f"live-{n}", title=f"Storm: {sentence(rng, 4)}", body=body) for n, body in enumerate(bodies)]
        assert learn([*newspaper()[:others], *told], {}).blocks == ()


def test_what_is_told_in_three_stories_is_content_however_often_each_is_copied() -> None:
    rng = random.Random(2)
    shared = " ".join(sentence(rng, 30) for _ in range(3))
    bodies = [f"{' '.join(sentence(rng, 25) for _ in range(4))}\n\n{shared}" for _ in range(3)]
    copies = [Article(id=f"{n}", title=sentence(rng, 5), body=bodies[n % 3]) for n in range(12)]
    assert learn([*newspaper(), *copies], {}).blocks == ()


def test_copies_do_not_hide_a_footer() -> None:
    plain = newspaper(80)
    plain += [replace(article, id=f"{article.id}-print") for article in plain]
    carrying = with_shape(plain, SHAPES["a paragraph"])
    found = learn(carrying, {})
    assert [found.strip(article) for article in carrying] == plain


@pytest.mark.parametrize(
    ("articles", "stories"),
    [(0, 4), (5, 4), (20, 4), (24, 5), (36, 8), (70, 8), (400, 8), (401, 9), (1_933, 39), (2_500, 50), (100_000, 50)],
)
def test_in_how_many_stories_a_text_must_stand(articles: int, stories: int) -> None:
    assert needed(articles) == stories


def test_the_bound_is_exact() -> None:
    rng = random.Random(1)
    plain = [Article(id=f"{n:02}", title=sentence(rng, 5), body=f"{sentence(rng, 40)}") for n in range(60)]
    for count, blocks in ((7, 0), (8, 1)):
        carrying = [replace(a, body=f"{a.body}\n\n{ABOUT}") if n < count else a for n, a in enumerate(plain)]
        assert [block.articles for block in learn(carrying, {}).blocks] == [count] * blocks


def test_a_teaser_that_many_share_is_boilerplate_and_a_title_never() -> None:
    plain = [replace(a, title="The Tessle Courier", teasers=a.teasers[:1]) for a in newspaper()]
    carrying = [replace(a, teasers=(*a.teasers, f"Watch the video ({n} minutes).")) for n, a in enumerate(plain)]
    found = learn(carrying, {})
    assert [(block.articles, block.in_teasers) for block in found.blocks] == [(70, True)]
    assert [found.strip(article) for article in carrying] == plain
    assert found.strip(Article(id="b", title="Watch the video", body="Watch the video (3 minutes).")).body


def test_where_nothing_would_be_left_the_text_stays() -> None:
    found = learn(with_shape(newspaper(), SHAPES["a paragraph"]), {})
    only = Article(id="x", body=ABOUT)
    assert found.strip(only) is only
    assert found.strip(replace(only, title="About us")) == Article(id="x", title="About us")
    assert found.strip(replace(only, teasers=("Who we are.",))) == Article(id="x", teasers=("Who we are.",))


def test_pages_that_hold_nothing_but_the_footer_are_told_apart_by_their_titles() -> None:
    titles = [f"{word} on the quay" for word in (*MONTHS, *NAMES, *"abcdefghij")]
    pages = [Article(id=title, title=title, body=COOKIES) for title in titles]
    found = learn(pages, {})
    assert {found.strip(page).body for page in pages} == {""}
    assert learn(pages[:12], {}).blocks == ()  # so many may be one story


def test_an_article_without_any_comes_back_itself() -> None:
    found = learn(with_shape(newspaper(), SHAPES["head, middle and foot"]), {})
    for article in newspaper():
        assert found.strip(article) is article
    assert Boilerplate().strip(only := Article(id="x", body=ABOUT)) is only


def test_a_short_sentence_stays_where_it_stands_alone() -> None:
    found = learn(with_shape(newspaper(), SHAPES["a paragraph"]), {})
    body = "She asked the editor.\n\nWe never pay for interviews. That is what he said, and nothing else."
    assert found.strip(Article(id="x", body=body)).body == body
    long = ABOUT[26 : ABOUT.index(" It is owned")]
    assert len(long.split()) >= LONG
    body = f"She asked.\n\n{long} That is what he said."
    assert found.strip(Article(id="x", body=body)).body == "She asked.\n\nThat is what he said."


def test_neighbours_are_one_block_and_sections_have_their_own() -> None:
    found = learn(with_shape(newspaper(), SHAPES["another by section"]), {})
    assert [(block.articles, block.text) for block in found.blocks] == [
        (70, "Thank you for reading the Tessle Courier."),
        *sorted(
            [
                (35, "More sport on Saturday in our pull-out. Write to the sports desk."),
                (35, "Business is on page nine. Ring us."),
            ],
            key=lambda each: next(block.key for block in found.blocks if block.text == each[1]),
        ),
    ]
    assert len({key for block in found.blocks for key in block.keys}) == 5
    assert found.articles == 70
    assert found.blocks[0].words == 7


def test_what_editors_refuse_stays_and_is_still_shown() -> None:
    carrying = with_shape(newspaper(), SHAPES["three at once"])
    before = learn(carrying, {})
    refused = next(block for block in before.blocks if block.text == CALL)
    after = learn(carrying, dict.fromkeys(refused.keys, False))
    assert set(after.blocks) == {replace(b, decided=False) if b == refused else b for b in before.blocks}
    assert refused.key not in {block.key for block in after.stripped}
    for number, article in enumerate(carrying):
        assert (after.strip(article) is article) == (number % 3 == 1)


def test_what_editors_confirm_is_left_out_however_rare() -> None:
    carrying = with_shape(newspaper(), SHAPES["between paragraphs"])
    (block,) = learn(carrying, {}).blocks
    rare = [*newspaper()[:-1], replace(carrying[-1], id="z")]
    assert learn(rare, {}).blocks == ()
    found = learn(rare, dict.fromkeys(block.keys, True))
    assert {(each.articles, each.decided) for each in found.blocks} == {(1, True)}
    assert found.strip(rare[-1]).body == newspaper()[-1].body
    alone = learn(rare, {block.keys[0]: True})
    assert CALL[35:] in alone.strip(rare[-1]).body
    assert CALL[:34] not in alone.strip(rare[-1]).body


def test_a_teaser_can_be_refused() -> None:
    carrying = [replace(article, teasers=("Watch the video.",)) for article in newspaper()]
    (block,) = learn(carrying, {}).blocks
    found = learn(carrying, {block.key: False})
    assert found.strip(carrying[0]) is carrying[0]
    assert [each.decided for each in found.blocks] == [False]


def test_a_block_has_text() -> None:
    for pieces in ((), ("",), ("Follow us.", "2024")):
        with pytest.raises(ValueError, match="a block has pieces"):
            Block(pieces, 3)


POOL = [
    *("Follow us.", "Share this.", "© 2024 Courier", "We use cookies.", "---", "12", "Read more: page 3", "\n\n"),
    "This is a long sentence of over twenty words that quite a few of the articles happen to have in common, as it is.",
    *(f"Word{n} is said here only, in article {n}." for n in range(6)),
]


@st.composite
def archives(draw: st.DrawFn) -> list[Article]:
    bodies = draw(st.lists(st.lists(st.sampled_from(POOL), max_size=8), min_size=1, max_size=14))
    own = [f"Unique{chr(97 + n) * 3} text of number {chr(97 + n)}." for n in range(len(bodies))]
    return [
        Article(id=f"{n:02}", title=f"Title of article {own[n]}", body=clean(" ".join([*body[:4], own[n], *body[4:]])))
        for n, body in enumerate(bodies)
    ]


@settings(max_examples=150, deadline=None)
@given(archives(), st.randoms(use_true_random=False))
def test_whatever_the_archive(articles: list[Article], rng: random.Random) -> None:
    found = learn(articles, {})
    for article in articles:
        stripped = found.strip(article)
        assert clean(stripped.body) == stripped.body
        assert found.strip(stripped) == stripped
        assert f"Unique{article.id and chr(97 + int(article.id)) * 3}" in stripped.body  # what only it has
        left = Counter(re.findall(r"\w+", stripped.body))
        assert left <= Counter(re.findall(r"\w+", article.body))  # nothing comes in
    for block in found.blocks:
        naive = max(sum(piece in article.body for article in articles) for piece in block.pieces)
        assert block.articles >= naive >= 4 or any(letter.isdecimal() for letter in block.text)
    shuffled = list(articles)
    rng.shuffle(shuffled)
    assert {block.keys for block in learn(shuffled, {}).blocks} == {block.keys for block in found.blocks}


def test_the_demo_newspaper_has_none() -> None:
    assert learn([record.article for record in records(DEMO)], {}).blocks == ()
