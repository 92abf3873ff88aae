"""A WordPress site that is online, as a function that answers for it."""

import json
from collections.abc import Mapping

import pytest

from recommender.errors import SourceError
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress.live import api_root, read_live
from tests.recommender.sources.exported import Outcome, outcome

SITE = "https://a.example"
API = f"{SITE}/wp-json/"
INVALID_PAGE = {"code": "rest_post_invalid_page_number", "message": "Too far.", "data": {"status": 400}}
Answer = tuple[int, Mapping[str, str], bytes]


def post(number: int, kind: str = "post") -> dict[str, object]:
    title, content = {"rendered": f"Post {number}"}, {"rendered": "<p>Ropes.</p>"}
    return {
        "id": number,
        "type": kind,
        "status": "publish",
        "link": f"{SITE}/{number}/",
        "title": title,
        "content": content,
    }


def url(page: int, route: str = "posts") -> str:
    return f"{API}wp/v2/{route}?per_page=100&page={page}&_embed=wp:term,wp:featuredmedia"


def answer(value: object, status: int = 200, pages: int | None = None) -> Answer:
    headers = {} if pages is None else {"X-WP-TotalPages": str(pages)}
    return status, headers, json.dumps(value).encode()


class Site:
    """Answers what it is told to, 404 else, and remembers what was asked."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = {API: answer({}), SITE: (200, {}, b"<html></html>"), **answers}
        self.asked: list[str] = []

    def __call__(self, address: str) -> Answer:
        self.asked.append(address)
        return self.answers.get(address, (404, {}, b"<html>Not found</html>"))

    def read(self, base: str = SITE, **options: object) -> Outcome:
        return outcome(read_live(base, self, ReadOptions(**options)))  # type: ignore[arg-type]


def ids(found: Outcome) -> list[str]:
    return [entry.fields["id"] for entry in found.entries]


def test_all_pages_are_read_and_no_more() -> None:
    site = Site({url(1): answer([post(3), post(2)], pages=2), url(2): answer([post(1)], pages=2)})
    found = site.read()
    assert ids(found) == ["3", "2", "1"]
    assert site.asked == [SITE, url(1), url(2)]
    assert found.notes == []


def test_headers_are_found_in_any_case() -> None:
    status, _, body = answer([post(1)])
    site = Site({url(1): (status, {"x-wp-totalpages": "1"}, body)})
    assert ids(site.read()) == ["1"]
    assert site.asked[-1] == url(1)


def test_without_the_number_of_pages_the_refused_page_is_the_end() -> None:
    site = Site({url(1): answer([post(2)]), url(2): answer([post(1)]), url(3): answer(INVALID_PAGE, 400)})
    assert ids(site.read()) == ["2", "1"]


def test_a_site_without_posts_has_none() -> None:
    assert ids(Site({url(1): answer([], pages=0)}).read()) == []


@pytest.mark.parametrize(
    ("base", "page", "root"),
    [
        (
            SITE,
            (200, {}, b'<link rel="https://api.w.org/" href="https://a.example/blog/wp-json/" />'),
            f"{SITE}/blog/wp-json/",
        ),
        (SITE, (200, {}, b"<link href='/x/?rest_route=/' rel='https://api.w.org/'>"), f"{SITE}/x/?rest_route=/"),
        (SITE, (200, {"Link": f'<{SITE}/b/wp-json/>; rel="https://api.w.org/"'}, b""), f"{SITE}/b/wp-json/"),
        (SITE, (200, {}, b"<link rel='https://api.w.org/' href='http://[x'>"), API),
        (SITE, (404, {}, b""), API),
        (f"{SITE}/", (200, {}, b"<html></html>"), API),
        (f"{API}wp/v2/posts", None, API),
        (f"{SITE}/?rest_route=/wp/v2/posts", None, f"{SITE}/?rest_route=/"),
    ],
)
def test_where_the_api_is(base: str, page: Answer | None, root: str) -> None:
    def fetch(address: str) -> Answer:
        assert page is not None
        return page

    assert api_root(base, fetch) == root


def test_a_site_without_pretty_addresses() -> None:
    root = f"{SITE}/?rest_route=/"
    site = Site({f"{root}wp/v2/posts&per_page=100&page=1&_embed=wp:term,wp:featuredmedia": answer([post(1)], pages=1)})
    assert ids(site.read(root)) == ["1"]


def test_other_types_are_found_by_what_the_site_calls_them() -> None:
    types = {"post": {"rest_base": "posts"}, "recipe": {"rest_base": "recipes"}}
    site = Site(
        {
            f"{API}wp/v2/types": answer(types),
            url(1): answer([post(1)], pages=1),
            url(1, "recipes"): answer([post(2, "recipe")], pages=1),
        }
    )
    assert ids(site.read(post_types=("post", "recipe"))) == ["1", "2"]
    with pytest.raises(SourceError, match="no type of posts 'story'; it has: post, recipe"):
        site.read(post_types=("story",))


def test_pages_of_the_site_are_posts_of_a_type() -> None:
    site = Site({url(1, "pages"): answer([post(5, "page")], pages=1)})
    assert ids(site.read(post_types=("page",))) == ["5"]


def test_no_more_pages_are_fetched_than_allowed() -> None:
    site = Site({url(n): answer([post(10 - n)], pages=5) for n in range(1, 6)})
    found = site.read(max_pages=2)
    assert ids(found) == ["9", "8"]
    assert found.notes == ["only the first 2 pages of 5 were fetched"]


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ((200, {}, b"<html>Please log in</html>"), "Please log in"),
        ((200, {}, b""), "no JSON"),
        ((200, {}, b'{"a": 1}'), "another form"),
        (answer({"code": "rest_disabled", "message": "No."}, 401), "rest_disabled: No."),
        (answer({"code": "rest_disabled", "message": "No."}, 200), "rest_disabled: No."),
        (answer(INVALID_PAGE, 400), "rest_post_invalid_page_number"),
        (answer([post(1)], 500), "status 500"),
    ],
)
def test_an_error_is_never_an_empty_site(first: Answer, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        Site({url(1): first}).read()


def test_an_error_on_a_later_page_keeps_what_was_read_and_is_said() -> None:
    site = Site({url(1): answer([post(3)], pages=3), url(2): (502, {}, b"Bad gateway")})
    items = read_live(SITE, site, ReadOptions())
    assert next(items).fields["id"] == "3"  # type: ignore[union-attr]
    with pytest.raises(SourceError, match="page 2 of the posts cannot be read: status 502"):
        next(items)


def test_warnings_before_the_json_do_no_harm() -> None:
    status, headers, body = answer([post(1)], pages=1)
    assert ids(Site({url(1): (status, headers, b"<br />\n<b>Warning</b>: x<br />\n" + body)}).read()) == ["1"]


def test_a_post_that_moves_to_the_next_page_meanwhile_comes_once() -> None:
    site = Site({url(1): answer([post(3), post(2)], pages=2), url(2): answer([post(2), post(1)], pages=2)})
    assert ids(site.read()) == ["3", "2", "1"]


def test_a_site_that_answers_every_page_alike_ends() -> None:
    site = Site({url(n): answer([post(3)]) for n in range(1, 9)})
    with pytest.raises(SourceError, match="page 2 holds the same posts"):
        site.read()
    assert site.asked == [SITE, url(1), url(2)]
