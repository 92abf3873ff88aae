"""The formats that are read, and how they are told apart: by the first bytes, where these say nothing by the name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recommender.errors import SourceError
from recommender.sources import feeds, ghost, html, json_documents, jsonl, markdown, page
from recommender.sources.items import Item
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.sources.tables import delimited, parquet
from recommender.sources.wordpress import rest, wxr


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is found and read; ``about`` and ``example`` are for people.

    ``suffixes``: what such files are called. ``window``: it shows a site's newest articles only. ``free``: its fields
    are called as its maker liked, so that a FieldMap is asked what they mean.
    """

    name: str
    about: str
    example: str
    suffixes: tuple[str, ...]
    fits: Callable[[Opened], bool]
    read: Callable[[Opened, ReadOptions], Iterator[Item]]
    window: bool = False
    free: bool = False


JSONL = Format(
    "jsonl",
    "JSON lines: one article a line, also packed",
    "related-index build articles.jsonl.gz",
    (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"),
    jsonl.fits,
    jsonl.read,
    free=True,
)
FORMATS: Sequence[Format] = (
    Format(
        "parquet",
        "Parquet, with the extra [parquet]",
        "related-index build articles.parquet --field body=text",
        (".parquet",),
        parquet.fits,
        parquet.read,
        free=True,
    ),
    Format(
        "wxr",
        "WordPress export (Tools → Export), whole or in parts",
        "related-index build site.WordPress.2026-11-28.xml",
        (".xml",),
        wxr.fits,
        wxr.read,
    ),
    Format(
        "feed",
        "RSS, Atom, JSON Feed: a file or an address",
        "related-index build https://news.example/feed.xml",
        (".rss", ".atom", ".xml"),
        feeds.fits,
        feeds.read,
        window=True,
    ),
    Format(
        "ghost",
        "Ghost export (Settings → Export)",
        "related-index build site.ghost.json",
        (".json",),
        ghost.fits,
        ghost.read,
    ),
    Format(
        "wordpress",
        "answers of WordPress's REST API, saved; or the address of a WordPress site",
        "related-index build https://blog.example/ --format wordpress",
        (".json",),
        rest.fits,
        rest.read,
    ),
    Format(
        "html",
        "pages of HTML: one, a folder that a generator built, or a site by its sitemaps",
        "related-index build public/ --related-selector 'aside.related a'",
        (".html", ".htm", ".xhtml"),
        html.fits,
        html.read,
    ),
    Format(
        "markdown",
        "Markdown with front matter: a page, or the folder of Hugo, Jekyll, Astro, MkDocs, …",
        "related-index build content/ --site-url https://blog.example/",
        (".md", ".mdx", ".markdown"),
        markdown.fits,
        markdown.read,
    ),
    JSONL,
    Format(
        "json",
        "a JSON document with articles in it, of any size",
        "related-index build dump.json --path data.posts --field body=content.rendered",
        (".json",),
        json_documents.fits,
        json_documents.read,
        free=True,
    ),
    Format(
        "csv",
        "a table: CSV, TSV, semicolons, as spreadsheets write it",
        "related-index build articles.csv --date-format %d/%m/%Y",
        (".csv", ".tsv"),
        delimited.fits,
        delimited.read,
        free=True,
    ),
    Format(
        "page",
        'an article page saved as text, its list under "Related Articles"',
        "related-index build seeds/aras-2025.txt",
        (".txt",),
        page.fits,
        page.read,
    ),
)
"""The first that fits reads a file: those that are sure of their first bytes stand before those that go by a name."""

DATABASE = (
    "database",
    "any SQL database, by its SQLAlchemy URL",
    "related-index build sqlite:///cms.db --query 'SELECT id, title, body FROM posts'",
)
SUFFIXES = tuple(dict.fromkeys(suffix for each in FORMATS for suffix in each.suffixes))


def format_named(name: str) -> Format:
    """Return the format of that name. Raises SourceError naming those there are."""
    found = next((each for each in FORMATS if each.name == name), None)
    if found is None:
        raise SourceError(f"{name!r} is no format; known: {', '.join(each.name for each in FORMATS)}")
    return found


def format_of(source: Opened, options: ReadOptions) -> Format | None:
    """Return the format that ``options`` name, or else the first that fits ``source``; None if there is none."""
    if options.format:
        return format_named(options.format)
    if jsonl.is_named(source):
        return JSONL
    return next((each for each in FORMATS if each.fits(source)), None)
