"""Lists as files: the bytes that the API answers, and HTML that is safe to include."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pathvalidate import is_valid_filename
from typer.testing import CliRunner

from index.cli import app
from index.export import LISTED, export, file_name
from index.response import bound
from index.store.publish import open_current
from recommender.articles import Article, Record
from recommender.errors import PublishError
from recommender.ranking.request import RelatedRequest
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, build_store, records

ODD = ("news/2024/1", ".hidden", "a b?c#d", "é" * 200, "50%", "A")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    odd = [
        Record(Article(id=name, title=f"Harbour {n}", body="Dredging the harbour."), "") for n, name in enumerate(ODD)
    ]
    return build_store(tmp_path_factory.mktemp("store"), [*records(DEMO), *odd], ENCODER)


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[TestClient]:
    with served(store) as found:
        yield found


def exported(store: Path, folder: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["export", str(folder), "--store", str(store), *options])
    assert result.exit_code == 0, result.output
    return result.output


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "related").iterdir()}


def test_every_file_is_what_the_api_answers(store: Path, client: TestClient, tmp_path: Path) -> None:
    output = exported(store, tmp_path, "--limit", "5")
    found = files(tmp_path)
    cards = [card for card in open_current(store).corpus.cards if not card.is_stub]
    assert len(cards) > 70
    assert f"{len(cards)} lists" in output
    assert len(found) == 2 * len(cards) + 1
    names = {file_name(card.id) for card in cards}
    assert len(names) == len(cards)
    for card in cards:
        answer = client.get(f"/v1/articles/{_path(card.id)}/related?limit=5")
        assert found[f"{file_name(card.id)}.json"] == answer.content
        html = client.get(f"/v1/articles/{_path(card.id)}/related.html?limit=5")
        assert found[f"{file_name(card.id)}.html"] == html.content
        links = Links(html.text)
        assert links.hrefs == [item["url"] for item in answer.json()["items"] if item["url"]]
        assert links.items == len(answer.json()["items"])


def _path(identity: str) -> str:
    return "".join(f"%{byte:02X}" for byte in identity.encode())


class Links(HTMLParser):
    """What a browser would make of a fragment."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hrefs: list[str | None] = []
        self.items = 0
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.items += tag == "li"
        self.hrefs += [value for name, value in attrs if name == "href"]


def test_a_second_export_writes_what_changed_and_removes_what_is_gone(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "site"
    build_store(store, records(DEMO), ENCODER)
    exported(store, folder)
    before = files(folder)
    (folder / "related" / "own.json").write_text("mine")
    assert ": 0 files written, 0 removed" in exported(store, folder)
    gone = open_current(store).corpus.cards[0].id
    with served(store, writes=True) as client:
        client.app.state.writer.remove(gone)  # type: ignore[attr-defined]
    output = exported(store, folder)
    after = files(folder)
    assert ", 2 removed" in output
    assert set(before) - set(after) == {f"{file_name(gone)}.json", f"{file_name(gone)}.html"}
    assert after["own.json"] == b"mine"
    assert not any(gone.encode() in data for name, data in after.items() if name != LISTED)


def test_an_interruption_leaves_nothing_half_written(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def interrupted(new: str, path: Path) -> None:
        if path.name.endswith(".json") and path.name != LISTED:
            raise KeyboardInterrupt
        replace(new, path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            export(open_current(store), tmp_path, RelatedRequest(), lambda _: None)
    assert set(files(tmp_path)) == {LISTED}


def test_an_export_that_was_interrupted_is_finished_by_the_next(store: Path, tmp_path: Path) -> None:
    exported(store, tmp_path / "whole")
    snapshot, count = open_current(store), 0

    def stop(_: int) -> None:
        nonlocal count
        count += 1
        if count == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(snapshot, tmp_path / "half", RelatedRequest(min_score=bound(snapshot, 0.01)), stop)
    assert 80 <= len(files(tmp_path / "half")) <= 82
    exported(store, tmp_path / "half")
    whole, half = files(tmp_path / "whole"), files(tmp_path / "half")
    assert {name: orjson.loads(data)["items"] for name, data in half.items() if name.endswith("5.json")} == {
        name: orjson.loads(data)["items"] for name, data in whole.items() if name.endswith("5.json")
    }
    assert set(half) == set(whole)


NAMES = {
    "harbour-plan_2.a~b": "harbour-plan_2.a~b",
    "A": "%41",
    "a": "a",
    "É": "%C3%89",
    "é": "%C3%A9",
    "e\u0301": "e%CC%81",
    "ﬁ": "%EF%AC%81",
    "ß": "%C3%9F",
    "ſ": "%C5%BF",
    "con": "%63on",
    "CON": "%43%4F%4E",
    "Nul": "%4Eul",
    "nul.tar.gz": "%6Eul.tar.gz",
    "com1": "%63om1",
    "com¹": "com%C2%B9",
    "lpt9.x": "%6Cpt9.x",
    "conin$": "conin%24",
    "console": "console",
    "acon": "acon",
    "com10": "com10",
    ".": "%2E",
    "..": "%2E.",
    ".exported.json": "%2Eexported.json",
    "a.": "a.",
    "a ": "a%20",
    " a": "%20a",
    "a/b\\c:d": "a%2Fb%5Cc%3Ad",
    '<>"|?*': "%3C%3E%22%7C%3F%2A",
    "50%": "50%25",
    "%41": "%2541",
    "=": "%3D",
    "a\x07": "a%07",
    "x" * 200: "x" * 200,
    "x" * 201: "x" * 135 + "=" + hashlib.sha256(b"x" * 201).hexdigest(),
    "é" * 200: "%C3%A9" * 22 + "%C3" + "=" + hashlib.sha256("é".encode() * 200).hexdigest(),
}


@pytest.mark.parametrize(("identity", "name"), NAMES.items(), ids=[repr(name[:20]) for name in NAMES])
def test_file_names_by_hand(identity: str, name: str) -> None:
    assert file_name(identity) == name


def legal(name: str) -> bool:
    """Whether a file may be called so on every system."""
    return (
        all(is_valid_filename(f"{name}.{ending}", platform="universal", max_len=255) for ending in ("json", "html"))
        and all(is_valid_filename(name, platform=system) for system in ("windows", "linux", "macos"))
        and not name.startswith(".")
    ) or name.endswith(".")  # which an ending follows


def test_file_names_are_legal_everywhere() -> None:
    assert [name for name in NAMES.values() if not legal(name)] == []
    devices = [f"{name}{n}" for name in ("com", "lpt") for n in "0123456789¹²³"]
    devices += ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    odd = [case(name) + end for name in devices for case in (str, str.upper, str.title) for end in ("", ".x", " ", ".")]
    assert [name for name in odd if not legal(file_name(name))] == []
    assert not legal("con")
    assert not legal("a?")
    print(f"{len(NAMES) + len(odd)} names are legal")  # noqa: T201


IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300) | st.text(
    st.sampled_from("aAbB.=%/ éÉ\u0301ſs~1"), min_size=1, max_size=90
)
WITH_COUSINS = IDS.flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.sampled_from(
            [
                name.upper(),
                name.lower(),
                name.casefold(),
                name.swapcase(),
                unicodedata.normalize("NFC", name),
                unicodedata.normalize("NFD", name),
                unicodedata.normalize("NFKC", name),
                file_name(name),
                file_name(name).lower(),
                f"{name}.",
                f"{name} ",
            ]
        )
        | IDS,
    )
)


def on_disk(identity: str) -> str:
    """The name as a disk compares it that ignores case and Unicode forms."""
    return unicodedata.normalize("NFKC", file_name(identity)).casefold()


@settings(max_examples=1_000, deadline=None)
@given(WITH_COUSINS)
def test_no_two_ids_share_a_file(ids: tuple[str, str]) -> None:
    assert all(legal(file_name(identity)) for identity in ids)
    assert (on_disk(ids[0]) == on_disk(ids[1])) == (ids[0] == ids[1])


def test_a_name_made_to_look_like_a_long_one_is_another() -> None:
    assert len({file_name("x" * 400 + end) for end in "abc"}) == 3
    long = file_name("x" * 400)
    assert file_name(long) != long


def test_where_case_is_ignored_a_file_of_a_former_name_gives_way(store: Path, tmp_path: Path) -> None:
    """An export of before wrote ``A.json``, which is ``a.json`` there."""
    place = tmp_path / "related"
    place.mkdir()
    (place / LISTED).write_bytes(b'["Old.json"]')
    (place / "Old.json").write_bytes(b"of before")
    removed: list[bool] = []
    export(
        open_current(store),
        tmp_path,
        RelatedRequest(limit=1),
        lambda _: removed.append(not (place / "Old.json").exists()),
    )
    assert removed
    assert all(removed)


def test_what_cannot_be_written_is_named(store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match="file"):
        export(open_current(store), tmp_path / "file", RelatedRequest(), lambda _: None)
    (tmp_path / "related").mkdir()
    (tmp_path / "related" / LISTED).write_text("{")
    with pytest.raises(PublishError, match=r"exported\.json: no list"):
        export(open_current(store), tmp_path, RelatedRequest(), lambda _: None)
