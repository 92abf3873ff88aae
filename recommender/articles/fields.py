"""The fields of one record, each in the shapes that real systems write it in."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from recommender.articles.article import (
    MAX_BODY,
    MAX_MARKS,
    MAX_RELATED,
    MAX_TAGS,
    MAX_TEASER,
    MAX_TEASERS,
    MAX_TITLE,
    MAX_URL,
)
from recommender.articles.dates import read_time
from recommender.articles.url import absolute_url, has_credentials, is_relative, masked, url_key
from recommender.articles.values import id_of, is_none, label_of, text_of
from recommender.errors import ArticleError, shown
from recommender.text import clean
from recommender.text.markup.plain_text import plain, plain_line

MAX_LANGUAGE = 35
"""Characters of a language tag (RFC 5646, 4.4.1)."""
_NO_ADDRESS = f"is no http(s) address of at most {MAX_URL:,} characters"
_URLS_BETWEEN_COMMAS = re.compile(r",\s+|,(?=https?://)|\n")
_NAMES_BETWEEN_COMMAS = re.compile(r"[,\n]")


class Fields:
    """Reads the fields of ``record``; relative addresses are resolved against ``site_url``, if there is one.

    Only texts that are over their limit raise ArticleError. What else cannot be read is left out, and ``warnings`` says
    so in a sentence that names the field and the value.
    """

    def __init__(self, record: Mapping[str, Any], site_url: str = "") -> None:
        self.warnings: list[str] = []
        self._record = record
        self._site_url = site_url

    def title(self) -> str:
        """The title, on one line."""
        return _within("title", plain_line(_bounded("title", self._text("title", " "))), MAX_TITLE)

    def body(self) -> str:
        """The body; a list is one of paragraphs."""
        return _within("body", plain(_bounded("body", self._text("body", "\n\n"))), MAX_BODY)

    def teasers(self) -> tuple[str, ...]:
        """The texts of ``teaser`` and ``teasers``, each once."""
        value = self._record.get("teasers")
        several = self._items("teasers", value, text_of, "is no text")
        found = [("teaser", self._text("teaser", "\n\n")), *(("teasers", text) for text in several)]
        texts = (_within(key, plain(_bounded(key, text)), MAX_TEASER) for key, text in found)
        return self._at_most("teasers", texts, MAX_TEASERS)

    def section(self) -> str:
        """The section; of several the first one that is a text."""
        value = self._record.get("section")
        if isinstance(value, list | tuple):
            named = [item for item in value if isinstance(item, str | Mapping) and not is_none(label_of(item))]
            value = next(iter([*named, *(item for item in value if not is_none(item))]), None)
        if is_none(value):
            return ""
        section = plain_line(_bounded("section", label_of(value) or ""))
        if section and len(section) <= MAX_TITLE:
            return section
        self.leave_out("section", value, f"is no text of at most {MAX_TITLE:,} characters")
        return ""

    def tags(self) -> tuple[str, ...]:
        """The tags, each once."""
        value = self._record.get("tags")
        if isinstance(value, str):
            value = _split_tags(_bounded("tags", value))
        labels = self._items("tags", value, label_of, "is no tag")
        tags = (plain_line(_bounded("tags", label)) for label in labels)
        return self._at_most("tags", self._short("tags", tags, MAX_TITLE), MAX_TAGS)

    def language(self) -> str:
        """The language tag, in lower case; of several the first."""
        value = self._record.get("language")
        if isinstance(value, list | tuple):
            given = [item for item in value if not is_none(item)]
            value = next(iter([*(item for item in given if isinstance(item, str)), *given]), None)
        if is_none(value):
            return ""
        language = clean(value) if isinstance(value, str) else ""
        if language and len(language) <= MAX_LANGUAGE:
            return language.lower().replace("_", "-")
        self.leave_out("language", value, "is no language tag")
        return ""

    def published_at(self) -> datetime | None:
        """The date, in UTC."""
        moment, warning = read_time(self._record.get("published_at"), "published_at")
        if warning:
            self.warnings.append(warning)
        return moment

    def image(self) -> str | None:
        """The image's address; of several the first."""
        value = self._record.get("image")
        if isinstance(value, list | tuple):
            value = next((item for item in value if not is_none(item)), None)
        if isinstance(value, Mapping):
            value = next((value[key] for key in ("url", "src", "href") if key in value), value)
        if is_none(value) or value == 0:
            return None
        if isinstance(value, str) and has_credentials(value):
            self.warnings.append("image is an address with credentials: left out")
            return None
        return self._address("image", value)

    def canonical_url(self) -> str | None:
        """The address of the original."""
        value = self._record.get("canonical_url")
        return None if is_none(value) else self._address("canonical_url", value)

    def url(self, *, needed: bool) -> tuple[str | None, str]:
        """The article's address, and what stands in for an id: its key, or a relative one as it was sent.

        Raises ArticleError where it is ``needed`` as an id and can be none.
        """
        value = self._record.get("url")
        if is_none(value):
            return None, ""
        text = clean(value) if isinstance(value, str) else ""
        if needed and not text:
            raise ArticleError(f"url is {shown(value)}, expected a string")
        if needed and (self._site_url or not is_relative(text)):
            absolute_url(text, self._site_url)  # raises
        url = self._address("url", value)
        if url:
            return url, url_key(url)
        return None, _within("url", text, MAX_URL) if needed else ""

    def names(self, key: str) -> tuple[str, ...] | None:
        """The articles that a list names by ids or URLs, best first, each once; None where it says of no list."""
        value = self._record.get(key)
        if isinstance(value, list | tuple) and not value:
            return ()
        if isinstance(value, str):
            value = (_URLS_BETWEEN_COMMAS if "://" in value else _NAMES_BETWEEN_COMMAS).split(value)
        names = self._items(key, value, self._name, "is no id or URL")
        return self._at_most(key, self._short(key, names, MAX_URL), MAX_RELATED) or None

    def name(self, key: str) -> str | None:
        """The article that a field names by id or URL."""
        value = self._record.get(key)
        if is_none(value):
            return None
        name = self._name(value) or ""
        if name and len(name) <= MAX_URL:
            return name
        self.leave_out(key, value, "is no id or URL")
        return None

    def leave_out(self, key: str, value: object, why: str) -> None:
        """Remember that ``value`` of the field is not used, and why."""
        self.warnings.append(f"{key} is {shown(value)}, which {why}: left out")

    def _text(self, key: str, between: str) -> str:
        value = self._record.get(key)
        if isinstance(value, list | tuple):
            return between.join(self._items(key, value, text_of, "is no text"))
        text = "" if is_none(value) else text_of(value)
        if text is None:
            self.leave_out(key, value, "is no text")
        return text or ""

    def _items(self, key: str, value: object, read: Callable[[object], str | None], why: str) -> list[str]:
        """Return what ``read`` makes of each item of a list that is not empty; a value that is no list is one item."""
        items: Sequence[object] = value if isinstance(value, list | tuple) else [value]
        given = [item for item in items if not is_none(item)]
        read_items = [(item, read(item)) for item in given]
        if unread := [item for item, text in read_items if text is None]:
            held = "holds" if isinstance(value, list | tuple) else "is"
            self.warnings.append(f"{key} {held} {shown(unread[0])}{_and_more(unread)}, which {why}: left out")
        return [text for _, text in read_items if text]

    def _short(self, key: str, texts: Iterable[str], limit: int) -> list[str]:
        found = list(texts)
        if long := [text for text in found if len(text) > limit]:
            why = f"over {limit:,} characters long: left out"
            self.warnings.append(f"{key} holds {shown(long[0])}{_and_more(long)}, which is {why}")
        return [text for text in found if len(text) <= limit]

    def _at_most(self, key: str, texts: Iterable[str], count: int) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(text for text in texts if text))
        if len(found) > count:
            self.warnings.append(f"{key} has {len(found):,} entries, the limit is {count:,}: the others are left out")
        return found[:count]

    def _address(self, key: str, value: object) -> str | None:
        text = clean(value) if isinstance(value, str) else ""
        try:
            url = absolute_url(text, self._site_url)
        except ArticleError:
            value = masked(value) if isinstance(value, str) else value
            if text and not self._site_url and is_relative(text):
                self.leave_out(key, value, "is relative, and --site-url does not say to what")
            else:
                self.leave_out(key, value, _NO_ADDRESS)
            return None
        if has_credentials(text):
            self.warnings.append(f"{key} is an address with credentials: they are left out")
        return url

    def _name(self, value: object) -> str | None:
        """Return an id or a URL, a relative one resolved where an object calls it a URL or it begins with a slash."""
        try:
            if not isinstance(value, Mapping):
                name = clean(id_of(value))
                return absolute_url(name, self._site_url) if self._site_url and name.startswith("/") else name
            if not is_none(value.get("id")):
                return clean(id_of(value["id"]))
            url = clean(id_of(value.get("url")))
            return absolute_url(url, self._site_url) if self._site_url else url
        except ArticleError:
            return None


def _and_more(items: Sequence[object]) -> str:
    return f" and {len(items) - 1:,} more" if len(items) > 1 else ""


def _split_tags(text: str) -> list[str]:
    """Split at the one separator that is there; where it is a bar or a semicolon, a tag may hold commas."""
    lines = [plain_line(line) for line in text.splitlines()]  # first, because an entity ends in a semicolon
    between = next((each for each in "|;" if any(each in line for line in lines)), ",")
    return [tag for line in lines for tag in line.split(between)]


def _bounded(key: str, text: str) -> str:
    """Return ``text``. Raises ArticleError where it holds more than MAX_MARKS of "<" and "["."""
    marks = text.count("<") + text.count("[")
    if marks > MAX_MARKS:
        raise ArticleError(f'{key} holds {marks:,} of "<" and "[", which begin markup; the limit is {MAX_MARKS:,}')
    return text


def _within(key: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise ArticleError(f"{key} is {len(text):,} characters long, the limit is {limit:,}")
    return text
