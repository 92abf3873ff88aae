"""Every error a user can meet, as one tree.

RecommenderError
├── InputError            the input is wrong; names the value, what was expected, and the place
│   ├── ArticleError      one record is no article
│   ├── SourceError       a file or folder cannot be read as articles
│   └── RulesError        the site's rules cannot be read
├── SettingsError         an environment variable does not fit
├── CatalogError          the catalog database is missing, locked or of another schema
│   └── CatalogLostError  it is not, or no longer, the catalog that was opened, or that the snapshot was built from
├── EncoderError          the embedding model cannot be loaded
├── SnapshotError         a snapshot is missing, damaged, or of another schema
│   ├── NoSnapshotError   nothing has been published in this store yet
│   └── SchemaError       a snapshot is of another release's schema
├── RankerError           a ranker's weights do not fit
├── PublishError          a snapshot could not be written or may not be published
│   └── LockedError       another build holds the store
├── UnknownArticleError   no article has this id or URL
├── BuildInterruptedError a long stage was interrupted; what it finished is kept
└── EvaluationError       an evaluation cannot be run as asked
"""

import re

_PASSWORD = re.compile(r"(//[^:@/]*:).*@")


class RecommenderError(Exception):
    """Base of every error this project raises on purpose; its text is fit for a user."""


class InputError(RecommenderError):
    """Input that does not fit. ``place`` says where: ``file:line``, or a field of a request."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.place = place


class ArticleError(InputError):
    """One record is no article."""


class SourceError(InputError):
    """A file or folder cannot be read as articles."""


class RulesError(InputError):
    """The site's rules cannot be read."""


class SettingsError(RecommenderError):
    """An environment variable does not fit."""


class CatalogError(RecommenderError):
    """The catalog database is missing, locked or of another schema."""


class CatalogLostError(CatalogError):
    """It is not, or no longer, the catalog that was opened, or that the snapshot was built from."""


class EncoderError(RecommenderError):
    """The embedding model cannot be loaded."""


class SnapshotError(RecommenderError):
    """A snapshot is missing, damaged, or of another schema."""


class NoSnapshotError(SnapshotError):
    """Nothing has been published in this store yet."""


class SchemaError(SnapshotError):
    """A snapshot is of another release's schema; ``reason`` says in a few words which, and which is read here."""

    def __init__(self, place: object, found: int, known: int) -> None:
        newer = found > known
        self.reason = f"schema {found} is too {'new' if newer else 'old'}, this version reads {known}"
        remedy = "build again with this version, or serve it with the one that built it" if newer else "build again"
        super().__init__(f"{place}: {self.reason}: {remedy}")


class RankerError(RecommenderError):
    """A ranker's weights do not fit."""


class PublishError(RecommenderError):
    """A snapshot could not be written, or may not be published."""


class LockedError(PublishError):
    """Another build holds the store."""


class UnknownArticleError(RecommenderError):
    """No article has this id or URL."""


class BuildInterruptedError(RecommenderError):
    """A long stage was interrupted; what it had finished is kept and reused by the next run."""


class EvaluationError(RecommenderError):
    """An evaluation cannot be run as asked."""


def shown(value: object) -> str:
    """Return ``value`` as a message names it: its repr, at most 80 characters of it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def without_password(url: str) -> str:
    """Return ``url`` as a message may show it: ``***`` in place of a password."""
    return _PASSWORD.sub(r"\1***@", url)


__all__ = [
    "ArticleError",
    "BuildInterruptedError",
    "CatalogError",
    "CatalogLostError",
    "EncoderError",
    "EvaluationError",
    "InputError",
    "LockedError",
    "NoSnapshotError",
    "PublishError",
    "RankerError",
    "RecommenderError",
    "RulesError",
    "SchemaError",
    "SettingsError",
    "SnapshotError",
    "SourceError",
    "UnknownArticleError",
]
