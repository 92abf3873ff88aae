"""What a reader yields: articles as the source has them, what was left out on purpose, what could not be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.articles import Article
from recommender.errors import ArticleError, InputError


@dataclass(frozen=True, slots=True)
class Entry:
    """One article as a source has it, before it is checked.

    ``fields`` have the names of the input contract (docs/content.md) or names of the source's own, which a FieldMap
    turns into those. ``place``: file and line, or what else finds it again. ``notes`` say, a sentence each, what the
    reader dropped or guessed. ``stubs``: articles of which the source tells a teaser only.
    """

    fields: Mapping[str, Any]
    place: str
    notes: tuple[str, ...] = ()
    stubs: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is there and was not read on purpose: a draft, an attachment, a page of links.

    ``kind`` is a noun phrase that many share, with what to do about it, if anything ("a page; --post-type page reads
    it").
    """

    kind: str
    place: str


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be known about a source as a whole, such as a selector that matched nothing.

    ``partial``: it does not show all that it has, so that what is missing in it is not gone.
    """

    text: str
    place: str
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record or file that could not be used; ``error`` names value, expectation and place."""

    error: InputError


Item = Entry | LeftOut | Note | ArticleError
"""What a reader yields; it raises SourceError or OSError where it cannot go on."""
