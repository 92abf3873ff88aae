"""API keys: who may change articles. Only hashes of them are stored.

A key is 256 random bits, so a plain SHA-256 of it cannot be reversed or guessed; slow, salted hashes are for secrets
that people choose. The file of hashes need not be secret, but whoever can write to it can give himself a key.
"""

import base64
import hmac
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Self

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from filelock import FileLock
from pydantic import BaseModel, Field, ValidationError

from api.problems import ProblemError
from index.store.filesystem import FileSystem
from recommender.errors import RecommenderError

log = logging.getLogger(__name__)

FILE = "api_keys.json"
PREFIX = "rk_"
"""What every key begins with, so that one that leaked into a text can be recognised."""
MAX_NAME = 100

_bearer = HTTPBearer(auto_error=False, description="An API key: `related-api keys new NAME`.")


class KeysError(RecommenderError):
    """The file of API keys is damaged, or a name in it is taken or missing."""


class Key(BaseModel):
    """One key as it is stored: its name and its hash."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created_at: datetime


class Keys(BaseModel):
    """All keys of a store."""

    keys: list[Key] = Field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file; there are no keys where there is none. Raises KeysError."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except (ValidationError, OSError) as error:
            raise KeysError(f"{path}: not a file of API keys ({type(error).__name__})") from None


class KeyRing:
    """The keys of one store. The file is read again whenever it has changed."""

    def __init__(self, store: Path, filesystem: FileSystem | None = None) -> None:
        self._path = store / FILE
        self._filesystem = filesystem or FileSystem()
        self._read: tuple[tuple[int, int, int] | None, Keys] = (None, Keys())

    def new(self, name: str) -> str:
        """Make a key for ``name`` and return it: only its hash is stored. Raises KeysError if the name is taken."""
        secret = PREFIX + secrets.token_urlsafe(32)

        def add(keys: list[Key]) -> list[Key]:
            if any(key.name == name for key in keys):
                raise KeysError(f"there is a key {name!r} already; revoke it first, or take another name")
            return [*keys, Key(name=name, sha256=_digest(secret), created_at=datetime.now(UTC))]

        self._change(add)
        return secret

    def revoke(self, name: str) -> None:
        """Delete the key of ``name``. Raises KeysError if there is none."""

        def drop(keys: list[Key]) -> list[Key]:
            left = [key for key in keys if key.name != name]
            if len(left) == len(keys):
                raise KeysError(f"there is no key {name!r}")
            return left

        self._change(drop)

    def all(self) -> list[Key]:
        """Return the keys, in the order they were made. Raises KeysError."""
        try:
            status = self._path.stat()
        except OSError:
            return Keys.read(self._path).keys
        stamp = status.st_mtime_ns, status.st_ino, status.st_size
        if stamp != self._read[0]:
            self._read = stamp, Keys.read(self._path)
        return self._read[1].keys

    def owner(self, secret: str) -> str | None:
        """Return the name of the key ``secret``, None if it is no key; both take the same time. Raises KeysError."""
        digest, found = _digest(secret), None
        for key in self.all():
            if hmac.compare_digest(key.sha256, digest):
                found = key.name
        return found

    def _change(self, change: Callable[[list[Key]], list[Key]]) -> None:
        """Replace the stored keys by what ``change`` makes of them, whole or not at all."""
        fs, path = self._filesystem, self._path
        fs.mkdir(path.parent)
        with FileLock(path.with_suffix(".lock")):
            keys = Keys(keys=change(Keys.read(path).keys))
            fresh = path.with_suffix(".new")
            fs.remove(fresh)
            fs.write(fresh, lambda sink: sink.write(keys.model_dump_json(indent=2).encode()))
            fs.replace(fresh, path)
            fs.sync_folder(path.parent)


def require_key(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """Return the name of the key that the request came with. Every route that writes depends on this.

    Raises a problem: 401 without a key, or with an unknown one (RFC 6750, 3.1); 503 if the keys cannot be read.
    """
    if given is None:
        raise ProblemError(401, "key_required", "this needs an API key", {"WWW-Authenticate": "Bearer"})
    ring: KeyRing = request.app.state.keys
    try:
        name = ring.owner(given.credentials)
    except KeysError as error:
        log.error("%s", error)
        raise ProblemError(503, "keys_unavailable", "the API keys cannot be read") from None
    if name is None:
        refused = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise ProblemError(401, "key_refused", "this API key is not known, or was revoked", refused)
    return name


def secret_in(authorization: str) -> str | None:
    """Return the API key in a header Authorization, known or not: a Bearer token, or the password of Basic (RFC 7617).

    None if there is none. Browsers send Basic by themselves, so it opens what can be read and nothing that writes.
    """
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return None
    try:
        _, colon, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return password if colon else None


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
