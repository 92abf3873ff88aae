"""One feed, of whatever kind: is it one, what are its entries, and what is to be said of it as a whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recommender.articles.dates import read_time
from recommender.articles.url import url_key_or_none
from recommender.errors import ArticleError, SourceError
from recommender.sources.feeds import json_feed, xml_feed
from recommender.sources.feeds.found import Feed
from recommender.sources.feeds.text import decoded, root
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.text.markup.plain_text import plain

MAX_FEED: Final = 64 * 1024**2
"""Bytes of a feed."""
WINDOW: Final = True
"""A feed holds a site's latest entries: what is not in it is not gone."""
FULL_TEXT = 1_200
"""Characters: where half the descriptions of a feed that has nothing else are longer, they are the texts themselves."""
_SAMPLE = 40


def fits(source: Opened) -> bool:
    """Say whether the file is RSS, RDF with RSS in it, Atom or JSON Feed, and no export of WordPress."""
    head, _ = decoded(source.head, source.content_type)
    if head.lstrip("\ufeff \t\r\n").startswith("{"):
        return json_feed.fits(head)
    return xml_feed.fits(root(head), head)


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield the feed's entries in its order, of several with one id the latest, and Notes.

    Raises SourceError if it is no feed, or larger than MAX_FEED.
    """
    data = source.read_all(MAX_FEED)
    text, said = decoded(data, source.content_type)
    base = source.url or options.site_url
    try:
        if text.lstrip("\ufeff \t\r\n").startswith("{"):
            feed = json_feed.feed_of(text, source.place, base)
        else:
            feed = xml_feed.feed_of(text, source.place, base, options.curated_key)
    except (SourceError, ArticleError):
        raise
    except Exception as error:  # whatever a library meets that it does not expect
        raise SourceError(f"the feed cannot be read ({type(error).__name__})", source.place) from error
    if feed.faults and not feed.entries:
        raise SourceError(f"not a feed that can be read: {feed.faults[0]}", source.place)
    if said:
        yield Note(said, source.place)
    for fault in feed.faults:
        yield Note(fault, source.place)
    yield from _items(feed, source.place)


@dataclass(frozen=True, slots=True)
class _Numbered:
    place: str
    fields: Mapping[str, Any]


def _items(feed: Feed, place: str) -> Iterator[Item]:
    """The entries, each once, then what is missing in all of them."""
    kept: dict[str, _Numbered] = {}
    for number, fields in enumerate(feed.entries, start=1):
        each = _Numbered(f"{place}, entry {number}", fields)
        if not any(fields.get(key) for key in ("id", "url", "title", "teaser", "body")):
            yield LeftOut("an empty entry of a feed", each.place)
            continue
        if feed.cut and number == len(feed.entries):
            yield ArticleError("the feed ends within this entry: it is not read", each.place)
            continue
        key = _key(fields) or each.place
        older, newer = (each, None) if key not in kept else sorted((kept[key], each), key=_moment)
        kept[key] = newer or older
        if newer:
            yield LeftOut("an older form of an entry that the feed has twice", older.place)
    if not kept:
        yield Note("the feed holds no entry", place)
        return
    entries = _with_bodies(kept.values())
    yield from (Entry(each.fields, each.place) for each in entries)
    yield from _notes(entries, place, feed)


def _key(fields: Mapping[str, Any]) -> str:
    return str(fields.get("id") or url_key_or_none(fields.get("url")) or fields.get("url") or "")


def _moment(entry: _Numbered) -> float:
    """When the entry was last changed, as far as it says; entries that say nothing keep their order."""
    for key in ("updated_at", "published_at"):
        moment, _ = read_time(entry.fields.get(key))
        if moment:
            return moment.timestamp()
    return float("-inf")


def _with_bodies(entries: Iterable[_Numbered]) -> list[_Numbered]:
    """The entries; where descriptions are all that the feed has, and long, they are bodies and no teasers."""
    found = [_Numbered(each.place, _without_echo(each.fields)) for each in entries]
    if any(each.fields.get("body") for each in found):
        return found
    teasers = [each.fields.get("teaser") for each in found[:_SAMPLE]]
    lengths = sorted(len(plain(teaser)) if isinstance(teaser, str) else 0 for teaser in teasers)
    if lengths[len(lengths) // 2] < FULL_TEXT:
        return found
    return [
        _Numbered(each.place, {"body" if key == "teaser" else key: value for key, value in each.fields.items()})
        for each in found
    ]


def _without_echo(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields without a short body that is the teaser once more, or a teaser that is a long body once more."""
    teaser, body = fields.get("teaser"), fields.get("body")
    if not (isinstance(teaser, str) and isinstance(body, str)) or len(body) > 10 * FULL_TEXT:
        return fields
    text = plain(body)
    if text != plain(teaser):
        return fields
    echo = "teaser" if len(text) >= FULL_TEXT else "body"
    return {key: value for key, value in fields.items() if key != echo}


def _notes(entries: list[_Numbered], place: str, feed: Feed) -> Iterator[Note]:
    count = len(entries)
    bodies = sum(bool(each.fields.get("body")) for each in entries)
    if not bodies:
        yield Note("the feed has no full texts: title and summary only", place)
    elif bodies < count:
        yield Note(f"{count - bodies:,} of {count:,} entries have no full text: title and summary only", place)
    undated = sum(read_time(each.fields.get("published_at"))[0] is None for each in entries)
    if undated:
        yield Note(f"{undated:,} of {count:,} entries have no date that can be read", place)
    changed = sum("published_at" in each.fields and each.fields.get("dated_by") == "updated" for each in entries)
    if changed:
        yield Note(f"{changed:,} of {count:,} entries are dated by their last change: they say no other date", place)
    if feed.next_page:
        yield Note(f"the feed goes on at {feed.next_page}, which is not read", place)
