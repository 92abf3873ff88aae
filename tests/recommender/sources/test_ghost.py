"""Exports of Ghost: their wrappers, dates, bodies, addresses and tags."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from recommender.errors import SourceError
from recommender.sources import ghost
from recommender.sources.ghost import export as exports
from recommender.sources.ghost import posts as rows
from recommender.sources.options import ReadOptions
from tests.recommender.sources.exported import Outcome, outcome, sample, source_of

SITE = "https://a.example"


def post(number: str | int = "5f1", **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "uuid": "0d2a",
        "title": "The ship",
        "slug": "ship",
        "html": "<p>Ropes.</p>",
        "lexical": None,
        "comment_id": "5f1",
        "feature_image": None,
        "type": "post",
        "status": "published",
        "visibility": "public",
        "published_at": "2024-03-14T09:00:00.000Z",
    } | fields


def tables(*posts: dict[str, Any], **others: object) -> dict[str, object]:
    return {"posts": list(posts), **others}


def read(value: object, site_url: str = SITE, **options: object) -> Outcome:
    text = value if isinstance(value, str) else json.dumps(value)
    settings = ReadOptions(site_url=site_url, **options)  # type: ignore[arg-type]
    return outcome(ghost.read(source_of(text.encode(), "ghost.json"), settings), site_url)


def read_one(**fields: object) -> Outcome:
    return read({"data": tables(post(**fields))})


def body_of(**fields: object) -> str:
    return read_one(**({"html": None} | fields)).article.body


@pytest.mark.parametrize(
    "wrapped",
    [
        {"db": [{"meta": {"exported_on": 1, "version": "5.1"}, "data": tables(post())}]},
        {"db": [{"data": tables(post())}]},
        {"meta": {"exported_on": 1}, "data": tables(post())},
        {"data": tables(post())},
        tables(post()),
    ],
)
def test_wrappers(wrapped: object) -> None:
    assert ghost.fits(source_of(json.dumps(wrapped).encode()))
    article = read(wrapped).article
    assert (article.id, article.title, article.body) == ("5f1", "The ship", "Ropes.")
    assert article.url == "https://a.example/ship/"


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (1710406800000, datetime(2024, 3, 14, 9, tzinfo=UTC)),
        ("2024-03-14T09:00:00.000Z", datetime(2024, 3, 14, 9, tzinfo=UTC)),
        ("2024-03-14 09:00:00", datetime(2024, 3, 14, 9, tzinfo=UTC)),
        (None, None),
        ([], None),
    ],
)
def test_dates(value: object, read_as: datetime | None) -> None:
    assert read_one(published_at=value).article.published_at == read_as


LEXICAL = {
    "root": {
        "type": "root",
        "children": [
            {
                "type": "paragraph",
                "children": [
                    {"type": "extended-text", "text": "Ropes & "},
                    {"type": "link", "children": [{"type": "text", "text": "sails"}]},
                ],
            },
            {"type": "extended-heading", "tag": "h2", "children": [{"type": "text", "text": "Of knots"}]},
            {"type": "list", "children": [{"type": "listitem", "children": [{"type": "text", "text": "bowline"}]}]},
            {
                "type": "bookmark",
                "url": "https://b.example",
                "metadata": {"title": "Another page"},
                "caption": "Another",
            },
            {"type": "image", "src": "a.jpg", "caption": "A <b>quay</b>"},
            {"type": "callout", "calloutText": "<p>Mind the gap</p>"},
            {"type": "html", "html": "<div>Raw</div>"},
            {"type": "markdown", "markdown": "Some *marks*"},
            {"type": "signup", "header": "Subscribe", "subheader": "Now"},
            {"type": "paragraph", "children": []},
        ],
    }
}
MOBILEDOC = {
    "version": "0.3.1",
    "atoms": [["soft-return", "", {}]],
    "cards": [
        ["bookmark", {"metadata": {"title": "Another page"}}],
        ["markdown", {"markdown": "Some *marks*"}],
        ["html", {"html": "<div>Raw</div>"}],
        ["image", {"src": "a.jpg", "caption": "A quay"}],
    ],
    "markups": [["em"]],
    "sections": [
        [1, "p", [[0, [], 0, "Ropes < sails"], [1, [], 0, 0], [0, [0], 1, "and knots"]]],
        [3, "ul", [[[0, [], 0, "bowline"]]]],
        [10, 0],
        [10, 1],
        [10, 2],
        [10, 3],
        [10, 99],
        [2, "b.jpg"],
    ],
}


def test_a_body_that_is_lexical_only() -> None:
    expected = "Ropes & sails\n\nOf knots\n\nbowline\n\nA quay\n\nMind the gap\n\nRaw\n\nSome marks"
    assert body_of(lexical=json.dumps(LEXICAL)) == expected


def test_a_body_that_is_mobiledoc_only() -> None:
    assert (
        body_of(mobiledoc=json.dumps(MOBILEDOC)) == "Ropes < sails\nand knots\n\nbowline\n\nSome marks\n\nRaw\n\nA quay"
    )


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"html": "<p>One</p>", "lexical": json.dumps(LEXICAL)}, "One"),
        ({"html": "", "markdown": "# Ropes\n\nand *sails*"}, "Ropes\n\nand sails"),
        ({"plaintext": "Ropes < sails"}, "Ropes < sails"),
        ({"lexical": "not json", "plaintext": "Ropes"}, "Ropes"),
        ({"lexical": "[" * 5000, "mobiledoc": "{}", "plaintext": "Ropes"}, "Ropes"),
        ({"html": None}, ""),
    ],
)
def test_the_first_form_of_a_body_that_holds_text(fields: dict[str, object], body: str) -> None:
    assert body_of(**fields) == body


def test_cards_of_other_pages_are_no_body() -> None:
    title = '<div class="kg-bookmark-title">Another page</div>'
    card = f'<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container">{title}</a></figure>'
    assert read_one(html=f"<p>One</p>{card}<p>Two</p>").article.body == "One\n\nTwo"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"type": "page"}, "a page; --post-type page reads it"),
        ({"type": None, "page": 1}, "a page; --post-type page reads it"),
        ({"type": None, "page": True}, "a page; --post-type page reads it"),
        ({"status": "draft"}, "a draft"),
        ({"status": "scheduled"}, "a post that is scheduled"),
        ({"status": "sent"}, "a newsletter that was only sent"),
        ({"status": "odd"}, "a post with the status odd"),
    ],
)
def test_what_is_no_published_post_is_left_out(fields: dict[str, object], kind: str) -> None:
    found = read_one(**fields)
    assert (found.entries, found.left_out) == ([], [kind])


def test_pages_are_read_if_asked_for() -> None:
    assert len(read({"data": tables(post(type="page"))}, post_types=("page",)).entries) == 1


@pytest.mark.parametrize("visibility", ["paid", "members", "tiers", "public"])
def test_what_members_pay_for_is_an_article(visibility: str) -> None:
    article = read_one(visibility=visibility).article
    assert (article.body, article.published) == ("Ropes.", True)


def test_addresses_begin_with_the_sites() -> None:
    meta = [{"post_id": "5f1", "canonical_url": "__GHOST_URL__/original/", "og_image": "https://a.example/og.jpg"}]
    found = read({"data": tables(post(feature_image="__GHOST_URL__/content/ship.jpg"), posts_meta=meta)})
    assert found.article.url == "https://a.example/ship/"
    assert found.article.image == "https://a.example/content/ship.jpg"
    assert found.article.extra["canonical_url"] == "https://a.example/original/"
    assert found.fields["aliases"] == ["ship", "/ship/"]
    assert found.notes == []


def test_the_image_of_the_other_table_is_the_second_choice() -> None:
    found = read({"data": tables(post(), posts_meta=[{"post_id": "5f1", "og_image": "https://a.example/og.jpg"}])})
    assert found.article.image == "https://a.example/og.jpg"


def test_without_the_sites_address_articles_have_ids() -> None:
    found = read({"data": tables(post(feature_image="__GHOST_URL__/a.jpg", url="__GHOST_URL__/ship/"))}, site_url="")
    assert (found.article.id, found.article.url) == ("5f1", None)
    assert found.records[0].warnings == ()
    assert found.notes == ["the export has no addresses of its posts: with --site-url they have some"]


def test_an_address_that_the_post_has_is_taken() -> None:
    assert read_one(url="__GHOST_URL__/blog/ship/").article.url == "https://a.example/blog/ship/"


@pytest.mark.parametrize(
    ("said", "option", "path"),
    [
        ("/:year/:month/:day/:slug/", "", "/2024/03/15/ship/"),  # the day in New Zealand
        ("/:year/:month/:day/:slug/", "/:slug/", "/ship/"),
        ("", "/blog/{slug}/", "/blog/ship/"),
        ("", "/{primary_tag}/{slug}", "/sea/ship/"),
        ("", "/:author/:slug/", "/ada/ship/"),
        ("", "/:id/:slug/", "/5f1/ship/"),
    ],
)
def test_addresses_have_the_form_that_the_site_says(said: str, option: str, path: str) -> None:
    more = {
        "settings": [{"key": "permalinks", "value": said}, {"key": "timezone", "value": "Pacific/Auckland"}],
        "tags": [
            {"id": "t0", "name": "#inner", "slug": "hash-inner"},
            {"id": "t1", "name": "At sea", "slug": "sea"},
        ],
        "posts_tags": [
            {"post_id": "5f1", "tag_id": "t0", "sort_order": 0},
            {"post_id": "5f1", "tag_id": "t1", "sort_order": 1},
        ],
        "users": [{"id": "u1", "name": "Ada L.", "slug": "ada"}],
    }
    late = post(published_at="2024-03-14T20:00:00.000Z", author_id="u1")
    found = read({"data": tables(late, **more)}, permalink=option)
    assert found.article.url == f"https://a.example{path}"
    assert not {"permalink", "slugs", "writers", "slug"} & found.fields.keys()


def test_a_post_without_tag_is_under_all_and_one_without_date_has_no_address() -> None:
    assert read({"data": tables(post())}, permalink="/:primary_tag/:slug/").article.url == "https://a.example/all/ship/"
    found = read({"data": tables(post(published_at=None))}, permalink="/:year/:slug/")
    assert found.article.url is None
    last = {
        "data": tables(post(published_at="9999-12-31T23:00:00Z"), settings=[{"key": "timezone", "value": "Asia/Tokyo"}])
    }
    assert read(last, permalink="/:year/:slug/").article.url is None
    assert found.entries[0].notes == (
        "the site's addresses hold what the post does not have: it is left without address",
    )


@pytest.mark.parametrize("number", ["5f1", 1])
def test_tags_come_in_their_order_and_internal_ones_not(number: str | int) -> None:
    tags = [
        {"id": 1, "name": "Sea", "visibility": "public"},
        {"id": 2, "name": "#feature", "visibility": "internal"},
        {"id": 3, "name": "Rope"},
        {"id": 4, "name": "Hidden", "visibility": "internal"},
    ]
    order = {3: 0, 2: 1, 1: 2, 4: 3, 9: 4}
    links = [{"post_id": number, "tag_id": tag, "sort_order": place} for tag, place in sorted(order.items())]
    found = read({"data": tables(post(number), tags=tags, posts_tags=links)})
    assert (found.article.section, found.article.tags) == ("Rope", ("Rope", "Sea"))


def test_tables_before_the_posts_are_read_too() -> None:
    data = {"posts_tags": [{"post_id": "5f1", "tag_id": "t"}], "tags": [{"id": "t", "name": "Sea"}], "posts": [post()]}
    assert read({"db": [{"data": data}]}).article.tags == ("Sea",)


def test_authors_and_language() -> None:
    users = [{"id": "u", "name": "Ada"}, {"id": "v", "name": "Bo"}]
    links = [
        {"post_id": "5f1", "author_id": "v", "sort_order": 1},
        {"post_id": "5f1", "author_id": "u", "sort_order": 0},
    ]
    settings = [{"key": "title", "value": "A"}, {"key": "locale", "value": "fr"}]
    found = read({"data": tables(post(), users=users, posts_authors=links, settings=settings)})
    assert (found.fields["author"], found.article.language) == ("Ada", "fr")
    old = read({"data": tables(post(author_id="v", language="de"), users=users, settings=settings)})
    assert (old.fields["author"], old.article.language) == ("Bo", "de")


def test_only_an_excerpt_that_was_written_is_a_teaser() -> None:
    assert read_one(custom_excerpt="On ropes", excerpt="Ropes.").article.teasers == ("On ropes",)
    assert read_one(excerpt="Ropes.").article.teasers == ()


def test_two_posts_with_one_slug_are_two_articles_without_address() -> None:
    found = read(
        {"data": tables(post("a"), post("b"), post("c", slug="other"), post("d", slug="other", status="draft"))}
    )
    assert [(record.article.id, record.article.url) for record in found.records] == [
        ("a", None),
        ("b", None),
        ("c", "https://a.example/other/"),
    ]
    assert [len(entry.notes) for entry in found.entries] == [1, 1, 0]


def test_a_post_without_id_has_its_uuid() -> None:
    assert read_one(id=None).article.id == "0d2a"
    assert read_one(id=None, uuid=None).article.id == "ship"
    assert read_one(id=None, uuid=None, slug=None).errors[0].message == "the post has neither id, uuid nor slug"


def test_posts_of_the_content_api() -> None:
    tags = [{"name": "Sea", "visibility": "public"}, {"name": "#feature", "visibility": "internal"}]
    answered = {
        "id": "5f1",
        "title": "The ship",
        "slug": "ship",
        "html": "<p>Ropes.</p>",
        "comment_id": "5f1",
        "url": "https://a.example/ship/",
        "tags": tags,
        "primary_tag": tags[0],
        "authors": [{"name": "Ada"}],
    }
    value = {"posts": [answered], "meta": {"pagination": {"page": 1}}}
    assert ghost.fits(source_of(json.dumps(value).encode()))
    found = read(value, site_url="")
    assert (found.article.url, found.article.section, found.article.tags) == (
        "https://a.example/ship/",
        "Sea",
        ("Sea",),
    )
    assert (found.fields["author"], found.notes) == ("Ada", [])


def test_a_list_under_the_curated_key() -> None:
    assert read_one(related=["sea", "land"]).records[0].related == ("sea", "land")
    assert read_one(related=[], see_also=["sea"]).records[0].related == ("sea",)
    assert read({"data": tables(post(see_also=["sea"]))}, curated_key="more").records[0].related is None


def test_an_export_that_is_cut_off_gives_what_was_whole() -> None:
    text = json.dumps({"data": tables(post("a"), post("b"))})
    found = read(text[: text.index('"id": "b"') + 20])
    assert [entry.fields["id"] for entry in found.entries] == ["a"]
    assert found.notes[0].startswith("the JSON breaks off after 1 objects")


def test_many_posts_wait_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "IN_MEMORY", 1_000)
    found = read({"data": tables(*(post(f"p{n}", slug=f"s{n}") for n in range(200)))})
    assert [entry.fields["id"] for entry in found.entries] == [f"p{n}" for n in range(200)]


def test_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    with pytest.raises(SourceError, match="more than 10 rows"):
        read({"data": tables(post(), tags=[{"id": n, "name": "x"} for n in range(20)])})


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ([post()], False),
        ({"posts": [{"id": 1, "title": "T"}]}, False),
        ({"title": {"rendered": "x"}}, False),
        ({"data": {"items": []}}, False),
        ({}, False),
    ],
)
def test_what_is_no_export(value: object, fits: bool) -> None:
    assert ghost.fits(source_of(json.dumps(value).encode())) is fits


@pytest.mark.parametrize(
    ("name", "count", "language"), [("assetscraper-ghost.json", 3, ""), ("v0-export-003-api-wrapper.json", 1, "en-us")]
)
def test_samples(name: str, count: int, language: str) -> None:
    found = sample(name, ghost.read, ReadOptions(site_url=SITE))
    articles = [record.article for record in found.records]
    assert (len(articles), sum(article.published_at is not None for article in articles)) == (count, count)
    assert {article.language for article in articles} == {language}
    assert (found.errors, found.notes, found.left_out) == ([], [], [])
