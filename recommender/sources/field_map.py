"""From a source's own names to those of the input contract: by what the operator said, else by what is usual."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from recommender.articles.dates import read_time
from recommender.articles.values import is_none, label_of, text_of
from recommender.errors import SourceError, shown
from recommender.sources.field_names import CONTRACT, SYNONYMS, squeezed
from recommender.sources.field_paths import MISSING, FieldPath
from recommender.sources.options import SWITCHES, ReadOptions

_LONGEST_DATE = 100
_DIGIT = re.compile(r"\d", re.ASCII)


class FieldMap:
    """Renames the fields of records.

    ``fields`` says where a field of the contract stands (``body`` → ``content.rendered``, see FieldPath): there it is
    taken from, and from nowhere else. A field that it does not name and a record does not have is taken from the first
    of its usual other names (SYNONYMS) that holds something of its kind, however that name is spelt. ``curated_key`` is
    the key of curated lists, which ``fields`` may call ``related``. ``date_format``: strptime(3)'s; dates that fit it
    are read so, in UTC if it names no zone. Raises SourceError where ``fields`` names what is no field.
    """

    def __init__(self, fields: Mapping[str, str], curated_key: str = "related", date_format: str = "") -> None:
        self.paths: dict[str, FieldPath] = {}
        for field, path in fields.items():
            if field not in (*CONTRACT, curated_key):
                raise SourceError(f"{shown(field)} is no field of an article; the fields are {', '.join(CONTRACT)}")
            if not FieldPath(path).steps:
                raise SourceError(f"{shown(path)} is no path to a field, expected one such as content.rendered")
            self.paths[curated_key if field == "related" else field] = FieldPath(path)
        self._curated_key = curated_key
        self._date_format = date_format
        targets = [*(name for name in dict.fromkeys((*SYNONYMS, *CONTRACT)) if name != "related"), curated_key]
        self._targets = [target for target in dict.fromkeys(targets) if target not in self.paths]

    @classmethod
    def of(cls, options: ReadOptions) -> "FieldMap":
        """Return the map that ``options`` ask for."""
        return cls(options.fields, options.curated_key, options.date_format)

    def apply(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record ``fields`` under the contract's names; what stood under others and was used is not kept."""
        mapped = {name: value for name, path in self.paths.items() if (value := path.of(fields)) is not MISSING}
        rest = dict(fields)
        for name, path in self.paths.items():
            if name in mapped:
                rest = path.without(rest)
        for name in self.paths:
            rest.pop(name, None)
        for name, key in self._used(rest).items():
            rest[name] = _unwrapped(rest.pop(key))
        return self._dated(rest | mapped)

    def missing(self, fields: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the fields that are mapped to a path which this record does not have."""
        return tuple(name for name, path in self.paths.items() if path.of(fields) is MISSING)

    def candidates(self, fields: Mapping[str, Any], name: str) -> list[str]:
        """Return the keys that may hold the field ``name``, the one that is used first; none where it is mapped."""
        if name in self.paths:
            return []
        own = [name] if _given(fields.get(name)) else []
        return own + [key for key in self._others(fields, name) if key not in own]

    def _used(self, rest: Mapping[str, Any]) -> dict[str, str]:
        """The fields that ``rest`` does not have, with the key that each is taken from."""
        used: dict[str, str] = {}
        for name in self._targets:
            if not _given(rest.get(name)) and self._is_wanted(name, rest, used):
                found = [key for key in self._others(rest, name) if key not in used.values()]
                if found:
                    used[name] = _dated_first(rest, found) if name == "published_at" else found[0]
        return used

    def _others(self, rest: Mapping[str, Any], name: str) -> list[str]:
        """The keys of ``rest`` beside ``name`` that may hold it, the likeliest first."""
        spelt = {squeezed(key): key for key in reversed(list(rest)) if isinstance(key, str) and self._is_free(key)}
        names = (squeezed(each) for each in (name, *SYNONYMS.get(name, ())))
        keys = (spelt[each] for each in names if each in spelt)
        found = [key for key in dict.fromkeys(keys) if _KINDS.get(name, _given)(rest[key])]
        if name == "published_at":  # which may say when, or whether
            found = [key for key in found if squeezed(key) != "published" or _is_a_moment(rest[key])]
        return found

    def _is_free(self, key: str) -> bool:
        """Say whether ``key`` is no field's own name, but for ``published``, which may be the date."""
        return key == "published" or (key not in CONTRACT and key != self._curated_key)

    def _is_wanted(self, name: str, rest: Mapping[str, Any], used: Mapping[str, str]) -> bool:
        if name == "teaser":
            return not _given(rest.get("teasers"))
        if name == "id":  # what has an address has an id already, and keeps it
            return not _given(rest.get("url")) and self._may_name(rest, used)
        return True

    def _may_name(self, rest: Mapping[str, Any], used: Mapping[str, str]) -> bool:
        found = self._others(rest, "id")
        return bool(found) and (squeezed(found[0]) != "slug" or not ({"url"} & {*used, *self.paths}))

    def _dated(self, record: dict[str, Any]) -> dict[str, Any]:
        value = record.get("published_at")
        if self._date_format and isinstance(value, str | int) and not isinstance(value, bool):
            text = str(value).strip()[:_LONGEST_DATE]
            with suppress(ValueError, OverflowError, IndexError):  # it says itself in another way, or no date is found
                moment = datetime.strptime(text, self._date_format)
                record["published_at"] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
        return record


def _given(value: object) -> bool:
    """Say whether there is something: an empty list is a list of nothing."""
    return value is not None and not (isinstance(value, str) and not value.strip()) and value == value


def _unwrapped(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """MongoDB's way to write an id."""
    return value["$oid"] if isinstance(value, Mapping) and set(value) == {"$oid"} else value


def _dated_first(rest: Mapping[str, Any], keys: list[str]) -> str:
    return next((key for key in keys if read_time(rest[key])[0] is not None), keys[0])


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else [value]


def _is_text(value: object) -> bool:
    return any((text_of(item) or "").strip() for item in _each(value))


def _is_name(value: object) -> bool:
    value = _unwrapped(value)
    return isinstance(value, str | int) and not isinstance(value, bool) and _given(value)


def _is_label(value: object) -> bool:
    """A number names a section or tag that is written down elsewhere."""
    return any(isinstance(item, str | Mapping) and (label_of(item) or "").strip() for item in _each(value))


def _is_address(value: object) -> bool:
    return isinstance(value, str) and _given(value)


def _is_list_of_articles(value: object) -> bool:
    """A switch or a number only says whether there is to be a list, or how long."""
    if isinstance(value, str):
        return value.strip().lower() not in SWITCHES and not value.strip().isdigit()
    return isinstance(value, list | tuple) and any(_names_an_article(item) for item in value)


def _names_an_article(item: object) -> bool:
    if isinstance(item, Mapping):
        return not (is_none(item.get("id")) and is_none(item.get("url")))
    return _is_name(item)


def _is_image(value: object) -> bool:
    return any(isinstance(item, str | Mapping) and not is_none(item) for item in _each(value))


def _is_date(value: object) -> bool:
    return not is_none(value) and not isinstance(value, bool) and value not in (0, 1)


def _is_a_moment(value: object) -> bool:
    return len(_DIGIT.findall(str(value))) >= 4


_KINDS: dict[str, Callable[[object], bool]] = {
    "url": _is_address,
    "id": _is_name,
    "title": _is_text,
    "teaser": _is_text,
    "body": _is_text,
    "published_at": _is_date,
    "section": _is_label,
    "tags": _is_label,
    "language": _is_text,
    "image": _is_image,
    "related": _is_list_of_articles,
}
