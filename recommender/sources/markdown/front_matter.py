"""Front matter: the values in YAML, TOML or JSON that stand before the text of a page."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from recommender.articles.values import is_none
from recommender.errors import ArticleError
from recommender.sources.markdown.yaml_values import MAX_DEPTH, YamlFault, yaml_value

MAX_FRONT_MATTER = 256 * 1024
"""Characters."""

_YAML_START = re.compile(r"---[ \t]*\n")
_YAML_END = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_TOML_START = re.compile(r"\+\+\+[ \t]*\n")
_TOML_END = re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.MULTILINE)
_JSON_START = re.compile(r'\{\s*"')
_KEY = re.compile(r"\s*(?:#.*\n\s*)*[\w\"'-]+[ \t]*:(?:\s|\Z)")
_TOML_LINE = re.compile(r"\(at line (\d+)")


@dataclass(frozen=True, slots=True)
class Page:
    """A page taken apart: the text of its front matter and the line where that begins, the body and its line."""

    kind: str
    front: str
    front_line: int
    body: str
    body_line: int


class FrontMatter:
    """The values of a page, found by name whatever its capitals."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self._keys = {key.lower(): key for key in reversed(list(values))}

    def first(self, *names: str) -> Any:  # noqa: ANN401 - any value of front matter
        """Return the first value under ``names`` (in lower case) that is not empty, else None."""
        for name in names:
            if name in self._keys and not is_none(value := self.values[self._keys[name]]):
                return value
        return None

    def text(self, *names: str) -> str:
        """Return the first value under ``names`` that is a text, a number or a list of texts (its first), else ""."""
        for name in names:
            value = self.first(name)
            if isinstance(value, list):
                value = next((item for item in value if isinstance(item, str) and item.strip()), None)
            if isinstance(value, str):
                return value.strip()
            if isinstance(value, int | float) and not isinstance(value, bool):
                return str(value)
        return ""

    def says(self, name: str, *, truth: bool) -> bool:
        """Say whether the value under ``name`` is a way to write ``truth``."""
        value = self.values.get(self._keys.get(name, ""))
        if isinstance(value, bool):
            return value is truth
        word = str(value).strip().lower() if isinstance(value, str | int) else ""
        return word in (("true", "yes", "on", "1") if truth else ("false", "no", "off", "0"))


def taken_apart(text: str) -> Page:
    """Part front matter from body. ``text`` has Unix line ends and no byte order mark."""
    for kind, start, end in (("YAML", _YAML_START, _YAML_END), ("TOML", _TOML_START, _TOML_END)):
        if opening := start.match(text):
            closing = end.search(text, opening.end())
            front = text[opening.end() : closing.start() if closing else len(text)]
            if closing is None and not (_KEY.match(front) or kind == "TOML"):
                break  # a line across the page
            body = text[closing.end() :] if closing else ""
            unclosed = "" if closing else f"{kind} without end"
            return Page(unclosed or kind, front, 2, body, text.count("\n", 0, len(text) - len(body)) + 1)
    if _JSON_START.match(text):
        return Page("JSON", text, 1, "", 1)
    return Page("", "", 1, text, 1)


def front_matter_of(page: Page, place: str) -> tuple[FrontMatter, Page]:
    """Return the front matter of ``page`` and the page with its body.

    Raises ArticleError, which names the line, where the front matter cannot be read.
    """
    if page.kind.endswith("without end"):
        raise ArticleError("the front matter has no end", f"{place}:1")
    if page.kind and page.kind != "JSON" and len(page.front) > MAX_FRONT_MATTER:
        raise ArticleError(f"the front matter is longer than {MAX_FRONT_MATTER:,} characters", f"{place}:1")
    try:
        value, page = _value(page, place)
        _check(value, place)
    except RecursionError:
        raise ArticleError("the front matter is nested too deep", f"{place}:{page.front_line}") from None
    if not isinstance(value, dict):
        if value is None or page.kind != "YAML":
            return FrontMatter({}), page
        return FrontMatter({}), Page("", "", 1, f"{page.front}\n\n{page.body}", 2)  # prose between two lines
    return FrontMatter(value), page


def _value(page: Page, place: str) -> tuple[Any, Page]:
    if page.kind == "YAML":
        try:
            return yaml_value(page.front), page
        except YamlFault as fault:
            said = f"the front matter is {fault.message}"
            raise ArticleError(said, f"{place}:{page.front_line + fault.line}") from None
    if page.kind == "TOML":
        try:
            return _plain(tomllib.loads(page.front, parse_float=str)), page
        except ValueError as error:
            at = _TOML_LINE.search(str(error))
            line = page.front_line + (int(at[1]) - 1 if at else 0)
            raise ArticleError(f"the front matter is not valid TOML ({error})", f"{place}:{line}") from None
    return _json(page, place) if page.kind else (None, page)


def _json(page: Page, place: str) -> tuple[Any, Page]:
    start = page.front[:MAX_FRONT_MATTER]
    try:
        value, end = json.JSONDecoder(parse_float=str, parse_int=str).raw_decode(start)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise ArticleError(f"the front matter is not valid JSON ({error})", f"{place}:{line}") from None
    return value, Page("JSON", start[:end], 1, page.front[end:], page.front.count("\n", 0, end) + 1)


def _check(value: object, place: str) -> None:
    """Refuse what YAML's reader would have refused in TOML and JSON."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        deeper: list[object] = []
        for item in level:
            deeper += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        if not deeper:
            return
        level = deeper
    raise ArticleError(f"the front matter is nested more than {MAX_DEPTH} levels deep", f"{place}:1")


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of TOML
    """Dates of TOML as texts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value
