"""All pages of a small site: found by its sitemaps, fetched once, and gone on with after an interruption."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.errors import ArticleError, SourceError
from recommender.sources.fetch import CrawlOptions, DiskPageCache, Fetched, Fetcher, Progress, crawl
from recommender.sources.fetch.crawling import MAX_FAILURES, CrawlItem, Sitemap
from recommender.sources.items import LeftOut, Note
from tests.recommender.sources.test_fetch import Time
from tests.recommender.sources.web import Web, answer, web

NOW = 1_710_406_800.0  # 2024-03-14T09:00:00Z


def read_sitemap(data: bytes, place: str) -> Sitemap:
    """Lines: "page URL [lastmod]" or "map URL"."""
    text = data.decode()
    if not text.startswith("sitemap"):
        raise SourceError("no sitemap", place)
    found = re.findall(r"^(page|map) (\S+)(?: (\S+))?$", text, re.MULTILINE)
    pages = [(url, changed or None) for kind, url, changed in found if kind == "page"]
    return pages, [url for kind, url, _ in found if kind == "map"]


@pytest.fixture
def site() -> Iterator[Web]:
    with web() as found:
        found.paths |= {f"/{n}": answer(f"Story {n}".encode(), content_type="text/html") for n in range(1, 7)}
        found.paths["/robots.txt"] = answer(b"Sitemap: /index.xml\nUser-agent: *\nDisallow: /5")
        found.paths["/index.xml"] = sitemap(
            maps=[found.url(f"/{name}") for name in ("a.xml", "index.xml", "b.xml", "a.xml")]
        )
        found.paths["/a.xml"] = sitemap(found, "1", "2", "3", maps=[found.url("/index.xml")])
        found.paths["/b.xml"] = sitemap(found, "3", "4", "5", "6", "1#top")
        yield found


def sitemap(site: Web | None = None, *pages: str, maps: list[str] | None = None) -> bytes:
    lines = [f"page {site.url('/' + page)}" for page in pages] if site else []
    return answer("\n".join(["sitemap", *lines, *(f"map {url}" for url in maps or [])]).encode())


def run(site: Web, cache: DiskPageCache | None = None, now: float = NOW, **more: object) -> list[CrawlItem]:
    return list(begin(site, cache, now, **more))


def begin(site: Web, cache: DiskPageCache | None = None, now: float = NOW, **more: object) -> Iterator[CrawlItem]:
    moment = Time()
    with Fetcher(
        cache, allow_hosts=[site.host], delay=0, clock=moment, sleep=moment.sleep, now=lambda: now, timeout=10
    ) as fetcher:
        given: dict[str, object] = more or {"site_url": site.url("/")}
        yield from crawl(fetcher, read_sitemap, **given)  # type: ignore[arg-type]


def pages(items: list[CrawlItem]) -> list[bytes]:
    return [item.data for item in items if isinstance(item, Fetched)]


def test_a_site_is_found_by_its_robots_txt_and_each_page_is_fetched_once(site: Web) -> None:
    items = run(site)
    assert pages(items) == [b"Story 1", b"Story 2", b"Story 3", b"Story 4", b"Story 6"]
    assert [item for item in items if not isinstance(item, Fetched)] == [
        LeftOut("a page that robots.txt forbids", site.url("/5"))
    ]
    assert site.asked() == ["/index.xml", "/a.xml", "/1", "/2", "/3", "/b.xml", "/4", "/6"]


def test_an_interrupted_crawl_goes_on(site: Web, tmp_path: Path) -> None:
    first = begin(site, DiskPageCache(tmp_path))
    assert [next(first).data for _ in range(2)] == [b"Story 1", b"Story 2"]  # type: ignore[union-attr]
    first.close()  # type: ignore[attr-defined]
    site.hits.clear()
    items = run(site, DiskPageCache(tmp_path), NOW + 60)
    assert pages(items) == [b"Story 1", b"Story 2", b"Story 3", b"Story 4", b"Story 6"]
    assert [item.unchanged for item in items if isinstance(item, Fetched)] == [True, True, False, False, False]
    assert [path for path in site.asked() if "xml" not in path] == ["/3", "/4", "/6"]


@pytest.mark.parametrize(
    ("changed", "later", "asked"),
    [
        ("2024-03-13", 30 * 86_400, False),
        ("2024-03-14", 30 * 86_400, True),  # that day, but perhaps after it was fetched
        ("2024-03-14T08:59:59Z", 30 * 86_400, False),
        ("2024-03-14T09:00:01Z", 60, True),
        ("2024-03-14T04:30:00-05:00", 60, True),
        ("soon", 60, False),
        ("soon", 30 * 86_400, True),
        ("", 60, False),
        ("", 30 * 86_400, True),
    ],
)
def test_a_page_is_asked_for_again_only_if_it_may_have_changed(
    changed: str, later: float, asked: bool, site: Web, tmp_path: Path
) -> None:
    site.paths["/one.xml"] = answer(f"sitemap\npage {site.url('/1')} {changed}".strip().encode())
    for now in (NOW, NOW + later):
        site.hits.clear()
        assert pages(run(site, DiskPageCache(tmp_path), now, sitemap_url=site.url("/one.xml"))) == [b"Story 1"]
    assert ("/1" in site.asked()) is asked


def test_pages_and_sitemaps_of_other_sites_are_not_fetched(site: Web) -> None:
    lines = ["page http://169.254.169.254/latest", "page https://other.example/a", f"page {site.url('/1')}"]
    lines += ["map https://other.example/s.xml", "map file:///etc/passwd"]
    site.paths["/one.xml"] = answer("\n".join(["sitemap", *lines]).encode())
    items = run(site, sitemap_url=site.url("/one.xml"))
    assert pages(items) == [b"Story 1"]
    assert [type(item).__name__ for item in items] == ["LeftOut", "LeftOut", "Fetched", "LeftOut", "Note"]
    assert {item.kind for item in items if isinstance(item, LeftOut)} == {
        "a page on another site",
        "a sitemap on another site",
    }


def test_a_page_that_leads_to_another_site_is_left_out(site: Web) -> None:
    site.paths["/x"] = answer(status="302 F", location="http://127.0.0.1/")
    (item,) = run(site, start_urls=[site.url("/x")])
    assert isinstance(item, ArticleError)
    assert "no public address" in item.message or "cannot be fetched" in item.message


def test_no_more_pages_than_asked_for(site: Web) -> None:
    items = run(site, site_url=site.url("/"), options=CrawlOptions(max_pages=2))
    assert pages(items) == [b"Story 1", b"Story 2"]
    assert [item.text for item in items if isinstance(item, Note)] == ["more than 2 pages: the rest is not fetched"]


def test_progress_is_told(site: Web) -> None:
    told: list[Progress] = []
    run(site, sitemap_url=site.url("/a.xml"), options=CrawlOptions(on_progress=told.append, max_pages=3))
    assert told == [Progress(n, 3, n, site.url(f"/{n}")) for n in (1, 2, 3)]


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml"])
def test_a_sitemap_that_nobody_names_is_found(path: str, site: Web) -> None:
    site.paths |= {"/robots.txt": answer(b""), path: sitemap(site, "1")}
    assert pages(run(site)) == [b"Story 1"]


def test_a_site_without_sitemaps_is_an_error(site: Web) -> None:
    site.paths["/robots.txt"] = answer(b"")
    with pytest.raises(SourceError, match="no sitemap can be read"):
        run(site)
    site.paths["/sitemap.xml"] = answer(b"<html>Welcome</html>")
    with pytest.raises(SourceError, match="no sitemap can be read"):
        run(site)


def test_a_sitemap_that_cannot_be_read_is_said_and_the_others_are_read(site: Web) -> None:
    del site.paths["/a.xml"]
    items = run(site)
    assert pages(items) == [b"Story 3", b"Story 4", b"Story 6", b"Story 1"]
    (note,) = [item for item in items if isinstance(item, Note)]
    assert (note.text, note.place) == (
        "a sitemap is not read: the server answers with status 404",
        site.url("/a.xml"),
    )


def test_a_page_that_is_gone_is_named_and_the_others_are_fetched(site: Web) -> None:
    del site.paths["/2"]
    items = run(site, sitemap_url=site.url("/a.xml"))
    assert pages(items)[:2] == [b"Story 1", b"Story 3"]
    (error,) = [item for item in items if isinstance(item, ArticleError)]
    assert (error.message, error.place) == ("the server answers with status 404", site.url("/2"))


def test_a_site_that_breaks_down_is_given_up_and_one_of_old_links_is_not(site: Web) -> None:
    broken = [f"b{n}" for n in range(40)]
    site.paths["/one.xml"] = sitemap(site, *broken, "1")
    assert pages(run(site, sitemap_url=site.url("/one.xml"))) == [b"Story 1"]
    site.hits.clear()
    site.paths |= {f"/{each}": answer(status="500 No") for each in broken}
    with pytest.raises(SourceError, match="20 pages in a row cannot be fetched"):
        run(site, sitemap_url=site.url("/one.xml"))
    assert len(site.asked()) == 1 + MAX_FAILURES


def test_start_urls_alone(site: Web) -> None:
    assert pages(run(site, start_urls=[site.url("/2"), site.url("/1"), site.url("/2#x")])) == [b"Story 2", b"Story 1"]
