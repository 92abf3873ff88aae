"""The seed: an article page saved as text."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import MAX_BODY, MAX_TEASER, MAX_TITLE, Record
from recommender.errors import InputError
from recommender.sources import page
from tests.conftest import SEED_PAGE
from tests.recommender.makers import split

RAW = SEED_PAGE.read_text(encoding="utf-8")
LINES = [line.strip() for line in RAW.splitlines() if line.strip()]
HEADING = LINES.index("Related Articles")
FURNITURE = ("Edit Content", "No More Articles", "Share the Article", "Sharing:")


def page_of(folder: Path, raw: str | bytes) -> Record:
    path = folder / "aras-2025.txt"
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    (found,), errors = split([path])
    assert not errors
    return found


@pytest.fixture(scope="module")
def seed() -> Record:
    (found,), errors = split([SEED_PAGE])
    assert not errors
    return found


def test_the_seed_is_one_article_of_thirteen_paragraphs(seed: Record) -> None:
    assert LINES[0] == "Edit Content"
    assert seed.article.id == "aras-2025"
    assert seed.article.title == LINES[1]
    assert seed.article.title == "Iran and Azerbaijan Conduct Joint Military Drills, Signaling Terrorist Threats"
    assert seed.article.paragraphs == LINES[2:HEADING]
    assert len(seed.article.paragraphs) == 13
    assert seed.place == f"{SEED_PAGE}:3"


def test_its_eight_teasers_are_stubs_in_the_editors_order(seed: Record) -> None:
    teasers = LINES[HEADING + 1 : LINES.index("No More Articles")]
    assert len(teasers) == 8
    assert [stub.teasers for stub in seed.stubs] == [(teaser,) for teaser in teasers]
    assert all(stub.is_stub and not stub.title for stub in seed.stubs)
    assert seed.related == tuple(stub.id for stub in seed.stubs)
    assert len(set(seed.related)) == 8
    assert "Operation Moses" in teasers[4]


def test_site_furniture_is_no_text(seed: Record) -> None:
    texts = [seed.article.title, seed.article.body, *(text for stub in seed.stubs for text in stub.teasers)]
    assert all(word in RAW for word in FURNITURE)
    assert not [word for word in FURNITURE for text in texts if word.lower() in text.lower()]


def with_heading(heading: str) -> str:
    return RAW.replace("\nRelated Articles\n", f"\n{heading}\n")


def after_heading(change: str) -> str:
    """The page with its teasers separated otherwise."""
    head, tail = RAW.split("\nRelated Articles\n")
    teasers = [line for line in tail.splitlines() if line.strip()]
    return f"{head}\nRelated Articles\n{change.join(teasers)}"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(RAW.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(RAW.replace("\n", "\r"), id="CR"),
        pytest.param(b"\xef\xbb\xbf" + RAW.encode(), id="byte-order mark"),
        pytest.param(RAW.replace(" ", "\u00a0"), id="no-break spaces"),
        pytest.param(RAW.replace(" ", "  \u3000 "), id="runs of spaces"),
        pytest.param(RAW.replace("\n", " \t\n\u00a0 "), id="spaces around lines"),
        pytest.param(RAW.replace(" ", "\u200b "), id="zero-width spaces"),
        pytest.param(RAW.rstrip() + "\n\n\n", id="blank lines at the end"),
        pytest.param(after_heading("\n"), id="teasers separated by line breaks"),
        pytest.param(after_heading("\n\n"), id="teasers separated by blank lines"),
        pytest.param(after_heading("\n \n\u00a0\n"), id="teasers separated by lines of spaces"),
        pytest.param("\n".join(LINES), id="no blank line at all"),
        pytest.param(with_heading("RELATED ARTICLES"), id="heading in capitals"),
        pytest.param(with_heading("related articles:"), id="heading with a colon"),
        pytest.param(with_heading("  Related\u00a0 Articles "), id="heading with odd spaces"),
        pytest.param("\n".join(x for x in LINES if not x.startswith(FURNITURE)), id="no furniture"),
        pytest.param(RAW.replace("Edit Content", "EDIT CONTENT").replace("Sharing:", "sharing: "), id="other case"),
        pytest.param(after_heading("\nEdit Content\n"), id="furniture between teasers"),
        pytest.param(f"{RAW}\n{LINES[HEADING + 1]}", id="a teaser twice"),
        pytest.param(f"{RAW}\n{LINES[HEADING + 2].upper()} !", id="a teaser twice, in other letters"),
    ],
)
def test_the_same_page_written_otherwise_reads_the_same(raw: str | bytes, seed: Record, tmp_path: Path) -> None:
    found = page_of(tmp_path, raw)
    assert (found.article, found.related, found.stubs) == (seed.article, seed.related, seed.stubs)


def test_the_last_heading_counts(tmp_path: Path) -> None:
    found = page_of(tmp_path, "Title\nOne.\nRelated Articles\nTwo.\nRelated articles\nTeaser.")
    assert found.article.paragraphs == ["One.", "Related Articles", "Two."]
    assert [stub.teasers for stub in found.stubs] == [("Teaser.",)]


def test_a_page_may_have_no_teasers(tmp_path: Path) -> None:
    found = page_of(tmp_path, "Title\nOne.\nRelated Articles\nNo More Articles")
    assert (found.article.body, found.related, found.stubs) == ("One.", (), ())


def test_a_word_of_the_furniture_inside_a_sentence_is_text(tmp_path: Path) -> None:
    found = page_of(tmp_path, "Title\nThey edit content by hand.\nRelated Articles\nNo more articles of faith.")
    assert found.article.body == "They edit content by hand."
    assert found.stubs[0].teasers == ("No more articles of faith.",)


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"", None, "the file is empty"),
        (b"\n \n\t\n", None, "the file is empty"),
        (b"Edit Content\nSharing: x", None, "the file is empty"),
        (b"Title\n\nOne.\nTwo.\n\n", 4, 'no heading "Related Articles" found'),
        (b"Edit Content\nRelated Articles\nTeaser.", 2, "no title before the heading"),
        (b"Title\n\nRelated Articles\nTeaser.", 3, "no paragraph between the title"),
        (b"Title\nOne.\nTw\xe9.\nRelated Articles", 3, "byte 0xe9 is not UTF-8"),
        ("Title\nOne.\n".encode("utf-16"), 1, "byte 0xff is not UTF-8"),
        (b"T" * (MAX_TITLE + 1) + b"\nOne.\nRelated Articles", 1, f"title is {MAX_TITLE + 1:,} characters long"),
        (b"T\nOne.\nRelated Articles\n\n" + b"t" * (MAX_TEASER + 1), 5, f"teaser is {MAX_TEASER + 1:,} characters"),
        (b"T\n" + b"p" * (MAX_BODY + 1) + b"\nRelated Articles", 1, f"body is {MAX_BODY + 1:,} characters long"),
        (b"T\nOne.\nRelated Articles\n" + b"\n" * 8_000_000, None, "larger than the limit of 8,000,000 bytes"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(raw: bytes, line: int | None, message: str, tmp_path: Path) -> None:
    path, good = tmp_path / "bad.txt", tmp_path / "good.txt"
    path.write_bytes(raw)
    good.write_text("Title\nOne.\nRelated Articles")
    found, errors = split([path, good])
    assert [item.article.id for item in found] == ["good"]
    assert [error.place for error in errors] == [f"{path}:{line}" if line else str(path)]
    assert message in errors[0].message


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


PIECES = st.lists(st.sampled_from([*LINES, "", " ", "\u2028", "\x0c", "\x00", "Related Articles", "é"]), max_size=40)
JOINTS = st.sampled_from(["\n", "\r\n", "\n\n", "\r", "\x85", "\v"])


@settings(max_examples=150)
@given(raw=st.one_of(st.binary(max_size=300), st.builds(lambda j, p: j.join(p).encode(), JOINTS, PIECES)))
def test_no_page_whatever_breaks_the_reader(raw: bytes, scratch: Path) -> None:
    path = scratch / "any.txt"
    path.write_bytes(raw)
    found, errors = split([path])
    assert len(found) + len(errors) == 1
    assert all(isinstance(e, InputError) and e.place.startswith(str(path)) and e.message for e in errors)
    for item in found:
        assert item.article.title
        assert item.article.body
        assert item.related == tuple(stub.id for stub in item.stubs)
        assert not [text for text in item.article.paragraphs if page.FURNITURE.fullmatch(text)]
