"""Ctrl-C is exit status 130 without a traceback: while modules are imported, in the work, in finalizers, at the end.

Each command line is a module of its own that says where it is and is interrupted exactly there, by itself.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

IMPORTING = "signal.raise_signal(signal.SIGINT)\n"
WORKING = """
import typer
from recommender import cli_support

app = typer.Typer(pretty_exceptions_enable=False)

@app.command()
def work() -> None:
    print("begun")
    {work}
    print("not reached")

def main() -> None:
    cli_support.main(app)
    {end}
"""
SIGINT = "signal.raise_signal(signal.SIGINT)"
PLACES = {
    "importing": IMPORTING,
    "importing, where all exceptions are caught": f"try:\n    {SIGINT}\nexcept BaseException:\n    pass\n",
    "importing, in a finalizer": f"class A:\n    def __del__(self):\n        {SIGINT}\nA()\n",
    "before the command": "def main() -> None:\n    " + SIGINT + "\n",
    "in the work": WORKING.format(work=SIGINT, end=""),
    "in a progress bar": WORKING.format(
        work=f'with cli_support.item_bar("x", 3) as bar:\n        bar(1); {SIGINT}', end=""
    ),
    "in a spinner": WORKING.format(
        work=f'with cli_support.spinner("x") as (bar, _):\n        bar(1); {SIGINT}', end=""
    ),
    "while threads work": WORKING.format(
        work="from concurrent.futures import ThreadPoolExecutor as P\n    p = P(2)\n"
        f"    p.submit(time.sleep, 0.5); {SIGINT}",
        end="",
    ),
    "while it sleeps": WORKING.format(
        work="import threading, os\n    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    time.sleep(60)",
        end="",
    ),
    "in a finalizer": WORKING.format(
        work=f"A = type('A', (), dict(__del__=lambda self: {SIGINT}))\n    A(); time.sleep(60)", end=""
    ),
    "in a callback of weakref": WORKING.format(
        work=f"import weakref\n    A = type('A', (), {{}})\n    a = A()\n    r = weakref.ref(a, lambda _: {SIGINT})\n"
        "    del a; time.sleep(60)",
        end="",
    ),
    "twice": WORKING.format(work=f"try:\n        {SIGINT}\n    finally:\n        {SIGINT}", end=""),
    "at the end": WORKING.format(work="import atexit\n    atexit.register(lambda: " + SIGINT + ")\n    return", end=""),
    "while the end waits for a thread": WORKING.format(
        work="import threading, os\n    threading.Thread(target=time.sleep, args=(3,)).start()\n"
        "    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n    return",
        end="",
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_interruption_is_status_130_without_a_traceback(tmp_path: Path, place: str) -> None:
    (tmp_path / "line.py").write_text("import signal, time\n" + PLACES[place])
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # as in a terminal
        "from recommender.start import start; start('line')"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 130, child.stderr
    assert "error: interrupted" in child.stderr
    for word in ("Traceback", "KeyboardInterrupt", "Exception ignored"):
        assert word not in child.stderr
    assert "not reached" not in child.stdout
    assert ("begun" in child.stdout) is (PLACES[place].find("begun") >= 0)


def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """As nohup has it, and a shell's background jobs."""
    (tmp_path / "line.py").write_text(
        f"import signal\n{SIGINT}\ndef main() -> None:\n    {SIGINT}\n    print('done')\n"
    )
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from recommender.start import start; start('line')"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (child.stdout, child.stderr) == ("done\n", "")


@pytest.mark.parametrize("package", ["index", "eval", "api"])
def test_nothing_heavy_is_imported_before(package: str) -> None:
    """What is imported before the command begins cannot be interrupted in order."""
    code = (
        f"import sys, {package}.__main__; print(sorted(m for m in sys.modules if m.split('.')[0] in"
        " ('numpy', 'torch', 'typer', 'rich', 'pydantic', 'sqlalchemy', 'fastapi', 'uvicorn', 'faiss')))"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert child.stdout == "[]\n"
