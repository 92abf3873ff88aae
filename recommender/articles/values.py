"""One value of a record in the shapes that content systems and spreadsheets give it: as text, as an id."""

from collections.abc import Mapping

from recommender.errors import ArticleError, shown

_TEXTS = ("rendered", "processed", "value")
"""Where WordPress and Drupal keep a text, beside how it is marked up."""
_LABELS = ("name", "title", "label", "slug")
_EXACT = 2**53
"""From here on a float has lost the digits of the number it was."""


def is_none(value: object) -> bool:
    """Say whether ``value`` is a way to write that there is none: null, false, empty, blank, or pandas' NaN."""
    if isinstance(value, str):
        return not value.strip()
    return (
        value is None or value is False or (isinstance(value, list | tuple | Mapping) and not value) or value != value
    )


def id_of(value: object) -> str:
    """Return an id or tag as text: a string, a whole number, or the float that pandas makes of one.

    Raises ArticleError naming any other value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ArticleError(f"{shown(value)} is no id, expected a string or a whole number")


def text_of(value: object) -> str | None:
    """Return a string, a number, or the text that an object holds, as it stands there; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return id_of(value)
        except ArticleError:
            return str(value) if abs(value) < float("inf") else None
    if isinstance(value, Mapping):
        inner = next((value[key] for key in _TEXTS if key in value), None)
        return inner if isinstance(inner, str) else None
    return None


def label_of(value: object) -> str | None:
    """Return the text of a section or tag, also of an object with a name, a title, a label or a slug; else None."""
    text = text_of(value)
    if text is None and isinstance(value, Mapping):
        labels = (text_of(value[key]) for key in _LABELS if key in value)
        return next((label for label in labels if label and label.strip()), None)
    return text
