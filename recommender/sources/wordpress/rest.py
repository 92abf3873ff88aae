"""Reader of what WordPress's REST API answered, saved: a post, pages of posts, or several of them in a row."""

import re
from collections.abc import Iterator

from recommender.errors import ArticleError, SourceError
from recommender.sources.items import Item, LeftOut, Note
from recommender.sources.json_objects import ITEM, Found, JsonPath, json_start, objects
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress.post import LAST_PAGE, error_of, item_of

_POST = re.compile(rb"\"(?:title|content|excerpt|guid)\"\s*:\s*\{\s*\"rendered\"\s*:")
_ERROR = re.compile(rb"\{\s*\"code\"\s*:\s*\"rest_[a-z_]+\"")


def fits(source: Opened) -> bool:
    """Say whether ``source`` begins, perhaps after a server's warnings, with posts or an error of the REST API."""
    start = json_start(source.head)
    json = source.head[start:] if start >= 0 else b""
    return bool(_POST.search(json) or _ERROR.match(json))


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry for each published post, and a LeftOut for whatever else there is.

    Read are one post, an array, an array of arrays, one of these a line, or several in a row. Ids are WordPress's
    numbers, as in its exports.

    Raises SourceError if there is no JSON in it, or nothing but errors of the API.
    """
    count, error = 0, ""
    for found in objects(source, _is_outermost):
        if not isinstance(found, Found):
            yield found
        elif failed := error_of(found.value):
            code, message = failed
            error = error or f"the site answered with an error ({code}: {message})"
            if code == LAST_PAGE:
                yield LeftOut("a page after the last one, which the API refused", source.place)
            else:
                yield Note(
                    f"the site answered with an error in between ({code}: {message})", source.place, partial=True
                )
        else:
            item = item_of(found.value, source.place, options)
            count += not isinstance(item, ArticleError)
            yield item
    if error and not count:
        raise SourceError(error, source.place)


def _is_outermost(path: JsonPath) -> bool:
    return all(key == ITEM for key in path)
