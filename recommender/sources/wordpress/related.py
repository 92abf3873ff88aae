"""The lists that editors pick by hand in WordPress, in the forms in which plugins and themes keep them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from recommender.sources.options import CURATED_KEYS, SWITCHES

KEYS = (*CURATED_KEYS, "related_articles", "_related_posts", "_related", "yarpp", "crp_post_meta", "crp_relations_to")
"""Names of fields and of post meta, those of plugins among them (Related, Contextual and Custom Related Posts)."""
PREFIX = "_msrp_manual"
COMPUTED = frozenset(("jetpack-related-posts", "jetpack_related_posts"))
"""Lists that a plugin computes: never an editor's."""
MAX_PACKED = 256 * 1024
"""Bytes of a value that PHP serialised."""
_MAX_NESTED = 20
_PACKED = re.compile(r"\s*(?:a:\d|i:\d|s:\d)")
_NUMBERS = re.compile(r"\s*\d{1,18}(?:[,;|\s]+\d{1,18})*[,;|\s]*")
_ADDRESS = re.compile(r"https?://[^\s,]+")
_OF_MANUAL = ("manual_related", "related_posts", "posts", "ids")
_ID_KEYS = ("ID", "id", "post_id", "url", "link", "permalink")


def related_of(fields: Mapping[str, object], curated_key: str) -> list[str]:
    """Return the ids or addresses of the first list that ``fields`` hold, best first; empty if there is none.

    First comes ``curated_key``, where a list may also name articles in words, such as slugs; then KEYS in order.
    """
    own = None if curated_key in COMPUTED else fields.get(curated_key)
    prefixed = (key for key in fields if key.startswith(PREFIX))
    others = (names_in(fields.get(key)) for key in (*KEYS, *prefixed))
    return names_in(own) or _words(own) or next(filter(None, others), [])


def names_in(value: object) -> list[str]:
    """Return the ids and addresses that ``value`` lists, each once; none where it is no list of articles.

    Read are numbers, texts with commas, what PHP serialised, lists, and objects with an id or an address. A 1 alone is
    none of them: themes write it where a list is to be shown.
    """
    if value == 1 or (isinstance(value, str) and value.strip() == "1"):
        return []
    return list(dict.fromkeys(_names(value, _MAX_NESTED)))


def _words(value: object) -> list[str]:
    """The texts of a list; those of one text that has commas. A field of ACF's names its definition beside it."""
    if isinstance(value, str) and not _PACKED.match(value):
        value = value[:MAX_PACKED].split(",")
    words = [each.strip() for each in value if isinstance(each, str)] if isinstance(value, list) else []
    found = list(dict.fromkeys(word for word in words if word and not word.startswith("field_")))
    return [] if len(found) == 1 and found[0].lower() in SWITCHES else found


def _names(value: object, depth: int) -> Iterable[str]:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return _of_text(value, depth)
    if isinstance(value, int) and not isinstance(value, bool):
        return [str(value)] if 0 < value < 10**18 else []
    if isinstance(value, Mapping) and depth:
        return _of_mapping(value, depth - 1)
    if isinstance(value, Sequence) and depth:
        return [name for each in value for name in _names(each, depth - 1)]
    return []


def _of_text(text: str, depth: int) -> Iterable[str]:
    if _PACKED.match(text):
        return _names(_unpacked(text), depth - 1) if depth else []
    if len(text) <= MAX_PACKED and _NUMBERS.fullmatch(text):
        return [str(int(number)) for number in re.findall(r"\d+", text) if int(number)]
    return _ADDRESS.findall(text) if _ADDRESS.match(text.strip()) else []


def _of_mapping(value: Mapping[object, object], depth: int) -> Iterable[str]:
    plain = {key.decode("utf-8", "replace") if isinstance(key, bytes) else key: each for key, each in value.items()}
    if all(isinstance(key, int) for key in plain):
        if plain and all(isinstance(each, Mapping) for each in plain.values()):  # an id for each article's data
            return [str(key) for key in plain if isinstance(key, int) and key > 0]
        return [name for each in plain.values() for name in _names(each, depth)]
    for key in (*_OF_MANUAL, *_ID_KEYS):
        if names := list(_names(plain.get(key), depth)):
            return names
    return []


def _unpacked(text: str) -> object:
    """What PHP's ``serialize`` made ``text`` of; None if it is too large, or cannot be read."""
    import phpserialize  # type: ignore[import-untyped]

    packed = text.strip().encode("utf-8", "replace")
    if len(packed) > MAX_PACKED:
        return None
    try:
        return phpserialize.loads(packed)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
        return None
