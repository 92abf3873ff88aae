"""What the first records of a source say of its field map: paths that are nowhere, texts that nobody reads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from recommender.articles.values import is_none
from recommender.errors import SourceError
from recommender.sources.field_map import FieldMap
from recommender.sources.field_names import CONTRACT
from recommender.sources.field_paths import paths_in
from recommender.sources.items import Note

LOOKAHEAD = 1_000
"""How many records are looked at."""
LONG_TEXT = 300
"""Characters from which a text may be an article's body."""
_LISTED = 40
_WIDTH = 500
"""How many paths of one record are looked at."""


def check_fields(records: Sequence[Mapping[str, Any]], fields: FieldMap, place: str) -> tuple[Note, ...]:
    """Return what is to be known of how ``fields`` fits ``records``, the first LOOKAHEAD of a source or all.

    Raises SourceError where a field is mapped to a path that no record has; it lists the paths there are, with counts.
    """
    if not records:
        return ()
    _check_paths(records, fields, place)
    notes = (_no_body(records, fields), _several(records, fields, "body"))
    return tuple(Note(text, place) for text in notes if text)


def _check_paths(records: Sequence[Mapping[str, Any]], fields: FieldMap, place: str) -> None:
    missing = Counter(name for record in records for name in fields.missing(record))
    if nowhere := [name for name, count in missing.items() if count == len(records)]:
        said = " and ".join(f'"{fields.paths[name].text}" ({name})' for name in nowhere)
        raise SourceError(f"{_no_record(records)} {said}; there are: {_listed(records)}", place)


def _no_record(records: Sequence[object]) -> str:
    return "the only record does not have" if len(records) == 1 else f"none of {len(records):,} records has"


def _listed(records: Sequence[Mapping[str, Any]]) -> str:
    found = Counter(path for record in records for path in dict(islice(paths_in(record), _WIDTH)))
    names = [f"{path} ({count:,})" for path, count in found.most_common(_LISTED)]
    more = f" and {len(found) - _LISTED:,} more" if len(found) > _LISTED else ""
    return ", ".join(names) + more


def _no_body(records: Sequence[Mapping[str, Any]], fields: FieldMap) -> str:
    """Say which path looks like the body of most records, if most have none."""
    without = [record for record in map(fields.apply, records) if is_none(record.get("body"))]
    if 2 * len(without) <= len(records):
        return ""
    counts: Counter[str] = Counter()
    lengths: Counter[str] = Counter()
    for record in without:
        for path, length in _text_lengths(record).items():
            if length > LONG_TEXT:
                counts[path] += 1
                lengths[path] += length
    likely = [path for path, count in counts.items() if 2 * count > len(without)]
    if not likely:
        return ""
    best = max(likely, key=lambda path: (lengths[path], path))
    return (
        f"no body in {len(without):,} of {len(records):,} records; `{best}` looks like it"
        f" (--field {_quoted(f'body={best}')})"
    )


def _text_lengths(record: Mapping[str, Any]) -> dict[str, int]:
    lengths: Counter[str] = Counter()
    unread = {key: value for key, value in record.items() if key not in CONTRACT}
    for path, value in islice(paths_in(unread), _WIDTH):
        texts = value if isinstance(value, list) else [value]
        lengths[path] += sum(len(text) for text in texts if isinstance(text, str))
    return lengths


def _quoted(text: str) -> str:
    """As a shell takes it."""
    return f"'{text}'" if any(sign in text for sign in "\\*[] ") else text


def _several(records: Sequence[Mapping[str, Any]], fields: FieldMap, name: str) -> str:
    """Say which of several keys a field is taken from, where most records have several."""
    found = Counter(keys for record in records if len(keys := tuple(fields.candidates(record, name))) > 1)
    if 2 * found.total() <= len(records):
        return ""
    used, *others = found.most_common(1)[0][0]
    verb = "is" if len(others) == 1 else "are"
    return (
        f"the {name} is taken from `{used}`; {', '.join(f'`{key}`' for key in others)} {verb} not read"
        f" (--field {name}=…)"
    )
