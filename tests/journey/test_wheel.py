"""The built wheel holds everything that the commands need."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT

COMMANDS = ("related-index", "related-api", "related-eval")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_runs_in_an_empty_environment(tmp_path: Path) -> None:
    copy = tmp_path / "source"
    names = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, copy)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "empty", with_pip=True)
    binaries = tmp_path / "empty" / "bin"
    run(binaries / "python", "-m", "pip", "install", "-q", "-r", ROOT / "requirements.lock")
    run(binaries / "python", "-m", "pip", "install", "-q", "--no-deps", wheel)
    for command in COMMANDS:
        assert "Usage" in run(binaries / command, "--help", cwd=tmp_path)
    store = tmp_path / "store"
    run(binaries / "related-index", "build", "--store", store, "--model", "hash", ROOT / "seeds", cwd=tmp_path)
    assert "✓" in run(binaries / "related-eval", "show", "aras-2025", "--store", store, cwd=tmp_path)


def run(*command: object, cwd: Path | None = None) -> str:
    result = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
