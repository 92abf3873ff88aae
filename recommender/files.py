"""Files that are replaced whole: whoever reads one meanwhile sees it as it was, or as it is now."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

PART = ".part"
"""What the names of files end in that are being written; one that an interruption left may be removed."""


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Let ``path``, whose folder must be there, hold ``content`` in one step, readable as ``mode`` says.

    It is not synchronised: after a loss of power it may be empty or the former one (index.store.filesystem does that).
    Raises OSError, and leaves nothing behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=PART)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
