"""Related lists as files, for sites without a service: JSON as the API answers it, and a piece of HTML for the page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from index.fragment import fragment
from index.response import answer
from index.store.snapshot import Snapshot
from recommender.errors import PublishError
from recommender.files import replace_file
from recommender.ranking.request import RelatedRequest
from recommender.text import sha256

FOLDER = "related"
LISTED = ".exported.json"
"""The names of the files that were exported: what is no longer among them is removed."""
_NAMES = TypeAdapter(list[str])

MAX_NAME = 200
"""Bytes of a file's name, without its ending: file systems take 255."""
_KEPT = re.compile(rb"[a-z0-9._~-]")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)")
"""What Windows takes for a device, whatever stands behind the dot."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did: lists on disk now, files written because they differed, files removed."""

    lists: int
    written: int
    removed: int


def export(snapshot: Snapshot, folder: Path, request: RelatedRequest, on_article: Callable[[int], None]) -> Exported:
    """Write ``related/ID.json`` and ``related/ID.html`` of every article into ``folder``, but of stubs and drafts.

    Each file is replaced whole, and only if it differs, so an export that was interrupted is finished by the next.
    Files of articles that are gone are removed; files that no export wrote are left alone. ``on_article`` is told how
    many were just done. Raises PublishError naming the file that cannot be written.
    """
    place, corpus = folder / FOLDER, snapshot.corpus
    paged = corpus.directory.present & corpus.directory.published
    rows = [row for row, card in enumerate(corpus.cards) if paged[row] and not card.is_stub]
    names = {f"{file_name(corpus.cards[row].id)}.{ending}" for row in rows for ending in ("json", "html")}
    written = 0
    try:
        place.mkdir(parents=True, exist_ok=True)
        before = _listed(place)
        _put(place / LISTED, _list(before | names))  # first, so that no file of ours is ever forgotten
        for name in before - names:  # first: where case is ignored it may be the file of a name that comes
            (place / name).unlink(missing_ok=True)
        for row in rows:
            found = answer(snapshot, corpus.query(row), request)
            path = place / file_name(corpus.cards[row].id)
            written += _put(Path(f"{path}.json"), found.to_bytes()) + _put(Path(f"{path}.html"), fragment(found))
            on_article(1)
        _put(place / LISTED, _list(names))
    except OSError as error:
        raise PublishError(f"{error.filename or place}: {error.strerror or error}") from error
    return Exported(len(rows), written, len(before - names))


def file_name(identity: str) -> str:
    """Return the name, without its ending, of the files of the article with this id: a function of the id alone.

    The id in UTF-8, percent-encoded (RFC 3986) but for ``a-z 0-9 - . _ ~``: capitals are encoded, so no two ids share a
    file on a disk that ignores case or Unicode forms. So is the first character of a name that is hidden (``.a``) or a
    device of Windows (``con``, ``nul.a``). A name longer than MAX_NAME is cut to 135 characters, "=", and the SHA-256
    of the id in hex: no other name holds a "=".
    """
    name = "".join(chr(byte) if _KEPT.match(bytes([byte])) else f"%{byte:02X}" for byte in identity.encode())
    if name.startswith(".") or _DEVICE.match(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    digest = sha256(identity)
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - len(digest) - 1]}={digest}"


def _put(path: Path, data: bytes) -> bool:
    """Let ``path`` hold ``data``, whole or not at all; say whether it did not before."""
    if path.exists() and path.read_bytes() == data:
        return False
    replace_file(path, data, 0o644)
    return True


def _list(names: set[str]) -> bytes:
    return orjson.dumps(sorted(names), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _listed(place: Path) -> set[str]:
    path = place / LISTED
    if not path.exists():
        return set()
    try:
        return {name for name in _NAMES.validate_json(path.read_bytes()) if Path(name).name == name}
    except ValueError:
        raise PublishError(f"{path}: no list of exported files; remove it, and the files it should name") from None
