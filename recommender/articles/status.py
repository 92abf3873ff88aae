"""Whether an article is for readers yet: what its status, its draft mark and its visibility say."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from recommender.articles.dates import read_time
from recommender.errors import shown

_UNPUBLISHED = frozenset(
    """
    draft drafts autodraft private pending pendingreview inreview underreview needsreview awaitingreview readyforreview
    review inprogress assigned pitch idea unpublished notpublished onhold held trash trashed deleted removed withdrawn
    retracted rejected declined cancelled canceled suspended blocked spam inherit hidden unlisted inactive disabled
    internal expired offline sent password protected passwordprotected
    """.split()
)
"""Without spaces, hyphens and capitals, which differ. ``sent``: Ghost's newsletters, which are no pages."""
_SCHEDULED = frozenset("future scheduled schedule embargo embargoed queued".split())
"""Published as from the article's date: without one it would never come."""
_PUBLISHED = frozenset(
    """
    publish published public live active enabled online final approved released visible listed archived archive members
    member paid tiers everyone open
    """.split()
)
_YES = frozenset("true yes y on t 1".split())
_NO = frozenset("false no n off f 0".split())
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_NAMES = ("value", "name", "slug", "label")


def published_of(fields: Mapping[str, Any], dated: bool) -> tuple[bool, str | None]:
    """Say whether the article whose record has these ``fields`` is published, and a warning if one is not understood.

    It is not where one of ``status``, ``visibility``, ``draft`` and ``published`` says so; what none of them says, or
    says in words unknown here, is published. ``dated``: the article's date is known, so that one that is scheduled for
    it is kept back by the date alone.
    """
    warnings = []
    for key, reader in (("status", _of_status), ("visibility", _of_status), ("draft", _of_draft)):
        value = _plain(fields.get(key))
        published = True if _is_none(value) else reader(value, dated)
        if published is False:
            return False, None
        if published is None:
            warnings.append(f"{key} is {shown(fields[key])}, which is not known here: taken as published")
    value = _plain(fields.get("published"))
    if _is_none(value):
        pass
    elif (published := _yes_or_no(value)) is False:
        return False, None
    elif published is None and read_time(value)[0] is None:  # a date is when, not whether
        warnings.append(f"published is {shown(fields['published'])}, which is neither yes nor no: taken as published")
    return True, " ".join(warnings) or None


def _of_status(value: object, dated: bool) -> bool | None:
    """Say whether a status means published, None where it is not known; a truth value says so itself, as in Drupal."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    words = _BETWEEN_WORDS.sub("", value).lower()
    if words in _SCHEDULED:
        return dated
    return False if words in _UNPUBLISHED else True if words in _PUBLISHED else None


def _of_draft(value: object, _: bool) -> bool | None:
    draft = _yes_or_no(value)
    return None if draft is None else not draft


def _yes_or_no(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _YES else False if word in _NO else None


def _plain(value: object) -> object:
    """Return the value in a list of one, or the name of an object that has one; else the value itself."""
    for _ in range(3):
        if isinstance(value, Mapping):
            value = next((value[name] for name in _NAMES if name in value), value)
        elif isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 1:
            value = value[0]
    return value


def _is_none(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == [] or value == {} or value != value  # pandas' NaN
