"""Reader of a Ghost export: tables as JSON, of any size."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

import orjson

from recommender.errors import ArticleError
from recommender.sources.ghost.posts import TABLES, Tables, fields_of, left_out_of
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.json_objects import ITEM, Found, JsonPath, json_start, objects
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions

IN_MEMORY = 16 * 1024**2
"""Bytes of posts that wait in memory for the tables behind them; more wait in a temporary file."""
_PREFIXES = (("db", ITEM, "data"), ("data",), ())
_WRAPPED = re.compile(rb"\"exported_on\"\s*:|\"db\"\s*:\s*\[\s*\{\s*\"(?:meta|data)\"")
_POSTS = re.compile(rb"\"posts\"\s*:\s*\[")
_OWN_KEYS = re.compile(
    rb"\"(?:mobiledoc|lexical|feature_image|codeinjection_head|custom_excerpt|comment_id|posts_tags)\"\s*:"
)
_NO_ADDRESS = "the export has no addresses of its posts: with --site-url they have some"
_OTHER_ADDRESS = "the site's addresses hold what the post does not have: it is left without address"


def fits(source: Opened) -> bool:
    """Say whether ``source`` is an export of Ghost, or posts of its Content API."""
    head = source.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(b"{") or json_start(head) != 0:
        return False
    return bool(_WRAPPED.search(head[:4096]) or (_POSTS.search(head) and _OWN_KEYS.search(head)))


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry for each published post, and a LeftOut for drafts, pages, and what was only sent.

    Ids are those of Ghost's posts; addresses have the form of ``options.permalink``, else of the export's settings,
    else ``/:slug/``. What waits for its tags waits in a temporary file, so that memory is bounded by the
    tables beside the posts (MAX_ROWS of them).

    Raises SourceError if it is no JSON, or passes a limit.
    """
    tables = Tables(source.place)
    slugs: Counter[str] = Counter()
    count = 0
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as waiting:
        for found in objects(source, _is_row):
            if not isinstance(found, Found):
                yield found
            elif found.path[-2] != "posts":
                tables.learn(found.path[-2], found.value)
            else:
                count += 1
                place = f"{source.place}, post {count}"
                if kind := left_out_of(found.value, options.post_types):
                    yield LeftOut(kind, place)
                elif problem := _keep(found.value, place, options, waiting, slugs):
                    yield problem
        waiting.seek(0)
        yield from _entries(waiting, tables, slugs, source.place, options)


def _is_row(path: JsonPath) -> bool:
    return len(path) >= 2 and path[-1] == ITEM and path[-2] in TABLES and path[:-2] in _PREFIXES


def _keep(
    post: dict[str, Any], place: str, options: ReadOptions, waiting: IO[bytes], slugs: Counter[str]
) -> ArticleError | None:
    """Write one post where it waits; an ArticleError if it cannot be one."""
    fields = fields_of(post, options)
    if not fields["id"]:
        return ArticleError("the post has neither id, uuid nor slug", place)
    slugs[fields["slug"]] += 1
    try:
        waiting.write(orjson.dumps([place, fields]) + b"\n")
    except orjson.JSONEncodeError as error:
        return ArticleError(f"the post cannot be kept ({error})", place)
    return None


def _entries(
    waiting: IO[bytes], tables: Tables, slugs: Counter[str], place: str, options: ReadOptions
) -> Iterator[Item]:
    told = ""
    for line in waiting:
        where, fields = orjson.loads(line)
        notes: list[str] = []
        slug, fields = fields["slug"], tables.complete(fields, options)
        permalink = fields.pop("permalink", "")
        fields.pop("slug", None)
        if slug and not fields.get("url"):
            if slugs[slug] > 1:
                notes.append(f"its slug {slug[:80]!r} is another post's, too: it is left without address")
            elif not options.site_url:
                told = told or _NO_ADDRESS
            elif not permalink:
                notes.append(_OTHER_ADDRESS)
            else:
                fields["url"] = permalink
        if slug and slugs[slug] == 1:
            fields["aliases"] = [slug, f"/{slug}/"] if slug != fields["id"] else [f"/{slug}/"]
        yield Entry(fields, where, tuple(notes))
    if told:
        yield Note(told, place)
