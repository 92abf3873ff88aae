"""The reader of a set of pages, looked at twice: what they are to one another first, then their texts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from recommender.articles.url import url_key_or_none
from recommender.errors import ArticleError, SourceError
from recommender.sources.html.addresses import shown_address
from recommender.sources.html.boxes import check_selector, drop_boxes, drop_leads
from recommender.sources.html.cards import cards_in_boxes, lines_in_boxes
from recommender.sources.html.charset import decode
from recommender.sources.html.dom import MAX_PAGE, parse
from recommender.sources.html.main_text import as_field, without_titles
from recommender.sources.html.metadata import metadata
from recommender.sources.html.page import Page
from recommender.sources.html.site import Site
from recommender.sources.html.survey import Survey, survey
from recommender.sources.html.templates import Templates
from recommender.sources.html.text import main_text as short_text
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.options import ReadOptions

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser


def read_pages(pages: Iterable[Page], options: ReadOptions, place: str = "") -> Iterator[Item]:
    """Yield an Entry, LeftOut or ArticleError for each page, in their order, and then Notes about all of them.

    Every page is loaded twice, one at a time; of the first time little is kept. Raises SourceError, before any page,
    if ``options.related_selector`` is no CSS selector. ``place``: what the Notes call the set.
    """
    check_selector(options.related_selector)
    return _read([_with_address(page) for page in pages], options, place)


def _read(pages: list[Page], options: ReadOptions, place: str) -> Iterator[Item]:
    surveys, faults = _survey_all(pages, options)
    site = Site.of(pages, surveys)
    templates = Templates()
    counts: Counter[str] = Counter()
    place = place or (pages[0].place if pages else "")
    for number, page in enumerate(pages):
        if number in faults:
            yield faults[number]
        elif kind := site.left_out.get(number):
            yield LeftOut(kind, page.place)
        else:
            yield _read_page(number, site, options, templates, counts)
    yield from _notes(site, options, counts, place)


def _with_address(page: Page) -> Page:
    """The page, without an address that is none."""
    return page if url_key_or_none(page.url) else replace(page, url="")


def _survey_all(pages: list[Page], options: ReadOptions) -> tuple[list[Survey | None], dict[int, ArticleError]]:
    surveys: list[Survey | None] = []
    faults: dict[int, ArticleError] = {}
    for number, page in enumerate(pages):
        try:
            surveys.append(survey(parse(_loaded(page)), page, options.related_selector))
        except ArticleError as error:
            faults[number] = ArticleError(error.message, page.place)
            surveys.append(None)
    return surveys, faults


def _loaded(page: Page) -> str:
    """The text of a page. Raises ArticleError where it cannot be loaded, or is none."""
    try:
        data = page.load()
    except SourceError as error:
        raise ArticleError(error.message, page.place) from None
    except OSError as error:
        raise ArticleError(f"the page cannot be read ({error.strerror or error})", page.place) from None
    if len(data) > MAX_PAGE:
        raise ArticleError(f"the page is larger than the limit of {MAX_PAGE:,} bytes", page.place)
    text = decode(data, page.content_type)
    if not text.strip():
        raise ArticleError("the page is empty", page.place)
    return text


def _read_page(
    number: int, site: Site, options: ReadOptions, templates: Templates, counts: Counter[str]
) -> Entry | ArticleError:
    page, seen = site.pages[number], site.surveys[number]
    if seen is None:  # for the type checker: pages without a survey are faults
        return ArticleError("the page cannot be read", page.place)
    try:
        html = _loaded(page)
        tree = parse(html)
    except ArticleError as error:
        return ArticleError(error.message, page.place)
    fields: dict[str, Any] = _identity(number, site)
    fields |= metadata(tree, fields.get("url", "") or seen.address, seen.base, site.suffix)
    titles = fields.pop("titles")
    changed = bool(options.related_selector) and drop_boxes(tree, options.related_selector)
    changed = drop_leads(tree) or changed
    unwanted = lines_in_boxes(tree.body, seen.address, seen.base) if tree.body is not None else set()

    def shown_html(without_cards: bool) -> str:
        return _without_cards(tree, seen) if without_cards else (tree.html or "") if changed else html

    short = short_text(tree) if seen.is_short else ""
    text = short or templates.text(tree, shown_html, _site_of(page, seen), unwanted)
    body = without_titles(text, titles)
    if body:
        fields["body"] = as_field(body)
    counts["pages"] += 1
    counts["without text"] += not body
    if not body and not fields.get("title"):
        return ArticleError("no title and no text found in the page", page.place)
    if fields.get("teaser") in site.common_descriptions:
        del fields["teaser"]
    if "image" in fields:
        fields["image"] = shown_address(fields["image"])
    if number in site.original:
        fields["translation_of"] = name_of(site.original[number], site)
    related = _related(number, site, counts)
    if related:
        fields[options.curated_key] = related
    return Entry(fields, page.place)


def _without_cards(tree: "LexborHTMLParser", seen: Survey) -> str:
    """The page without boxes of cards."""
    other = parse(tree.html or "")
    for card in cards_in_boxes(other.body, seen.address, seen.base) if other.body is not None else ():
        card.decompose()
    return other.html or ""


def name_of(number: int, site: Site) -> str:
    """Return what lists call the article of page ``number``: its id, or its address if that is known."""
    fields = _identity(number, site)
    return str(fields.get("id") or fields["url"])


def _identity(number: int, site: Site) -> dict[str, Any]:
    """The page's id, url, aliases and canonical_url.

    The address is the id where it is known; else the path is, or, of a saved page, the address it gives itself.
    """
    page, seen = site.pages[number], site.surveys[number]
    canonical = seen.canonical if seen else ""
    own = bool(canonical) and site.addresses.find(canonical) == number
    fields: dict[str, Any] = {}
    aliases = list(site.aliases.get(number, ()))
    if page.url:
        fields["url"] = canonical if own else page.url
        aliases += [page.url] if own and canonical != page.url else []
        if canonical and site.addresses.find(canonical) is None:
            fields["canonical_url"] = canonical
    elif own and not site.is_built:
        fields["url"] = canonical
    else:
        fields["id"] = page.path
        if own and not canonical.startswith("http://site.invalid"):
            fields["url"] = canonical
        elif canonical and site.addresses.find(canonical) is None:
            fields["canonical_url"] = shown_address(canonical)
    if aliases:
        fields["aliases"] = list(dict.fromkeys(aliases))
    return fields


def _related(number: int, site: Site, counts: Counter[str]) -> list[str]:
    """The articles that the page's own boxes link to; its own address and those out of the set as they are."""
    seen = site.surveys[number]
    boxes = seen.boxes if seen else ()
    names: dict[str, None] = {}
    for box in boxes:
        if box in site.common_boxes:
            counts["common"] += 1
            continue
        for address in box:
            found = site.article(address)
            counts["self"] += found == number
            counts["outside"] += found is None
            names[site.addresses.name(address) if found is None else name_of(found, site)] = None
    counts["with box"] += any(boxes)
    return list(names)


def _notes(site: Site, options: ReadOptions, counts: Counter[str], place: str) -> Iterator[Note]:
    of = f"of {counts['pages']:,} article pages"
    if options.related_selector and counts["pages"]:
        matched = sum(1 for n, each in enumerate(site.surveys) if each and each.matched and n not in site.left_out)
        chosen = f"--related-selector {options.related_selector!r}"
        if not matched:
            yield Note(f"{chosen} matches on 0 {of}: the box may be filled by script", place)
        elif not counts["with box"]:
            yield Note(
                f"{chosen} matches on {matched:,} {of}, on none with a link: the box may be filled by script", place
            )
        if site.common_boxes:
            told = f"one same list stands on more than 20 % of the pages that have one ({counts['common']:,} times)"
            yield Note(f"{chosen}: {told}, as what is most read does; it is not taken as curated", place)
        if counts["self"]:
            yield Note(f"{counts['self']:,} links of related boxes lead to their own page", place)
        if counts["outside"]:
            yield Note(
                f"{counts['outside']:,} links of related boxes lead to pages that are not among those read", place
            )
    if site.ignored_canonical:
        told = f"many pages name {shown_address(site.ignored_canonical)} as their canonical address"
        yield Note(f"{told}, which cannot be: it is not heeded", place)
    if counts["without text"]:
        yield Note(f"no text was found on {counts['without text']:,} {of}: it may be filled by script", place)


def _site_of(page: Page, seen: Survey) -> str:
    """What tells templates of one site from those of others."""
    address = page.url or seen.canonical
    return f"{urlsplit(address).netloc} {seen.site}"
