"""API keys: seen once, kept as hashes, asked for by routes that write; they appear nowhere else."""

import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import orjson
import pytest
from fastapi import Depends
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api import keys
from api.cli import app as commands
from api.keys import KeyRing, KeysError, require_key
from index.store.filesystem import FileSystem
from tests.api.serving import served
from tests.api.test_app import check_problem


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[TestClient]:
    """The API with one route that writes."""
    with served(tmp_path) as client:

        @client.app.put("/test/write")  # type: ignore[attr-defined, untyped-decorator]
        def write(who: Annotated[str, Depends(require_key)]) -> str:
            return who

        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_a_key_opens_until_it_is_revoked(writing: TestClient, tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    first, second = ring.new("newsroom"), ring.new("archive")
    assert writing.put("/test/write", headers=bearer(first)).json() == "newsroom"
    assert writing.put("/test/write", headers=bearer(second)).json() == "archive"
    ring.revoke("newsroom")
    check_problem(writing.put("/test/write", headers=bearer(first)), 401, "key_refused")
    assert writing.put("/test/write", headers=bearer(second)).json() == "archive"


def test_without_a_key_and_with_a_wrong_one(writing: TestClient, tmp_path: Path) -> None:
    secret = KeyRing(tmp_path).new("newsroom")
    missing = writing.put("/test/write")
    check_problem(missing, 401, "key_required")
    assert missing.headers["www-authenticate"] == "Bearer"
    check_problem(writing.put("/test/write", headers={"authorization": f"Basic {secret}"}), 401, "key_required")
    check_problem(writing.put(f"/test/write?key={secret}&access_token={secret}"), 401, "key_required")
    for wrong in (secret[:-1], f"{secret}x", secret.upper(), "x", sha256(secret.encode()).hexdigest(), "é" * 9):
        answer = writing.put("/test/write", headers={"authorization": f"Bearer {wrong}".encode()})
        check_problem(answer, 401, "key_refused")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_reads_need_no_key(writing: TestClient) -> None:
    assert writing.get("/healthz").status_code == 200


def test_only_the_hash_of_256_random_bits_is_kept(tmp_path: Path) -> None:
    secrets = [KeyRing(tmp_path).new(f"k{n}") for n in range(20)]
    assert len(set(secrets)) == 20
    assert all(secret.startswith("rk_") and len(secret) == 3 + 43 for secret in secrets)  # 43 base64 digits: 256 bits
    text = (tmp_path / "api_keys.json").read_text()
    kept = orjson.loads(text)["keys"]
    assert [key["sha256"] for key in kept] == [sha256(secret.encode()).hexdigest() for secret in secrets]
    assert [key["name"] for key in kept] == [f"k{n}" for n in range(20)]
    age = datetime.now(UTC) - datetime.fromisoformat(kept[0]["created_at"])
    assert timedelta(0) <= age < timedelta(minutes=5)
    assert not any(secret[3:] in text for secret in secrets)


def test_every_key_is_compared_in_constant_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing(tmp_path)
    secrets = [ring.new(f"k{n}") for n in range(5)]
    compared = []
    real = keys.hmac.compare_digest
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda a, b: compared.append(a) or real(a, b))
    for secret, owner in ((secrets[0], "k0"), (secrets[4], "k4"), ("wrong", None)):
        compared.clear()
        assert ring.owner(secret) == owner
        assert len(compared) == 5


def test_names_are_taken_and_missing(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    ring.new("a")
    with pytest.raises(KeysError, match="there is a key 'a' already"):
        ring.new("a")
    with pytest.raises(KeysError, match="there is no key 'b'"):
        ring.revoke("b")


@pytest.mark.parametrize("text", ["", "[]", '{"keys": [{"name": "x"}]}', '{"keys": [{"sha256": "zz"}]}', "\x00"])
def test_a_damaged_file_opens_nothing(writing: TestClient, tmp_path: Path, text: str) -> None:
    secret = KeyRing(tmp_path).new("a")
    (tmp_path / "api_keys.json").write_text(text)
    check_problem(writing.put("/test/write", headers=bearer(secret)), 503, "keys_unavailable")
    with pytest.raises(KeysError, match="not a file of API keys"):
        KeyRing(tmp_path).new("b")
    assert (tmp_path / "api_keys.json").read_text() == text


class Dying(FileSystem):
    """Fails at the nth event."""

    def __init__(self, at: int) -> None:
        self.left = at

    def event(self, operation: str, path: Path) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(28, os.strerror(28), str(path))


def test_a_change_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "api_keys.json"
    ring = KeyRing(tmp_path)
    ring.new("first")
    before = path.read_bytes()
    for at in range(1, 20):
        try:
            KeyRing(tmp_path, Dying(at)).new("second")
        except OSError:
            assert [key.name for key in KeyRing(tmp_path).all()] in (["first"], ["first", "second"])
            if path.read_bytes() != before:
                KeyRing(tmp_path).revoke("second")
                before = path.read_bytes()
        else:
            break
    assert at >= 6
    assert [key.name for key in ring.all()] == ["first", "second"]


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    threads = [threading.Thread(target=KeyRing(tmp_path).new, args=(f"k{n}",)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key.name for key in KeyRing(tmp_path).all()) == sorted(f"k{n}" for n in range(16))


def test_a_key_appears_nowhere(
    writing: TestClient, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good = KeyRing(tmp_path).new("a")
    texts: list[Any] = []
    for secret in (good, "rk_canary"):
        for method, path in (("PUT", "/test/write"), ("GET", "/v1/articles/x"), ("POST", "/v1/related"), ("GET", "/x")):
            answer = writing.request(method, path, headers=bearer(secret))
            texts += [answer.text, str(answer.headers)]
    (tmp_path / "api_keys.json").write_text("{")
    texts.append(writing.put("/test/write", headers=bearer(good)).text)
    texts += [caplog.text, *capsys.readouterr(), writing.get("/metrics").text]
    texts += [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert caplog.text
    assert not [text for text in texts if good in text or good[3:] in text or "canary" in text]


def run(*arguments: str, store: Path) -> Any:
    return CliRunner().invoke(commands, ["keys", *arguments, "--store", str(store)])


def test_the_command_line(tmp_path: Path) -> None:
    made = run("new", "newsroom", store=tmp_path)
    secret = made.stdout.strip()
    assert KeyRing(tmp_path).owner(secret) == "newsroom"
    run("new", "[red]archive", store=tmp_path)
    listed = run("list", store=tmp_path).output.splitlines()
    assert [line.split("  ")[1] for line in listed] == ["newsroom", "[red]archive"]
    assert secret not in "".join(listed)
    assert isinstance(run("new", "newsroom", store=tmp_path).exception, KeysError)
    assert run("revoke", "newsroom", store=tmp_path).exit_code == 0
    assert isinstance(run("revoke", "newsroom", store=tmp_path).exception, KeysError)
    assert [key.name for key in KeyRing(tmp_path).all()] == ["[red]archive"]
    assert run("new", "", store=tmp_path).exit_code == 2
    assert run("new", "x" * 101, store=tmp_path).exit_code == 2


def test_a_store_before_the_command_is_refused_instead_of_ignored(tmp_path: Path) -> None:
    other = tmp_path / "other"
    found = CliRunner().invoke(commands, ["--store", str(other), "keys", "list", "--store", str(tmp_path)])
    assert found.exit_code == 2
    assert "say --store behind the command" in found.output
