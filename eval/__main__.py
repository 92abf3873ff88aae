"""``python -m eval``, and what ``related-eval`` runs: nothing heavy is imported before Ctrl-C is answered for."""

import sys
from importlib.util import find_spec

from recommender.start import start

EXTRA = ("bm25s", "ir_measures", "matplotlib", "threadpoolctl")
"""What the extra ``eval`` installs, as it is imported: building and serving do not need it."""


def main() -> None:
    """Run the command line; without the extra, exit with status 1 and how to install it."""
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        told = f"related-eval needs {', '.join(missing)}, not installed here: pip install 'related-articles[eval]'"
        sys.exit(f"error: {told}")
    start("eval.cli")


if __name__ == "__main__":
    main()
