"""Read before anything else: a console is as wide as COLUMNS says when it is made, and pytest-xdist sets that to 80."""

import os

os.environ.pop("COLUMNS", None)
