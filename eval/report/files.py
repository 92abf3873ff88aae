"""Files that an evaluation writes: checked before the work begins, and written whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path

from recommender.errors import EvaluationError


def check_folder(option: str, path: Path) -> None:
    """Raise EvaluationError, naming ``option``, unless files can be made in ``path`` or it can be made."""
    if path.exists() and not path.is_dir():
        raise EvaluationError(f"{option} {path} is no folder")
    found = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not found.is_dir():
        raise EvaluationError(f"{option} {path} cannot be made: {found} is a file; name another folder")
    if not os.access(found, os.W_OK | os.X_OK):
        raise EvaluationError(f"{option} {path} cannot be written: no permission in {found}; name another folder")


def check_file(option: str, path: Path) -> None:
    """Raise EvaluationError, naming ``option``, unless a file can be written at ``path``."""
    if path.is_dir():
        raise EvaluationError(f"{option} {path} is a folder; name a file")
    check_folder(option, path.parent)


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Write ``files``, making their folders: all are complete beside their places before the first takes its own.

    An exception, Ctrl-C included, leaves the old files and nothing else.
    """
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.new") for path in files}
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path].write_bytes(data)
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
