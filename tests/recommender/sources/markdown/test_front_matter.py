"""Front matter in its three languages: what is read, what is refused and where, and that texts stay as written."""

import time

import pytest

from tests.recommender.sources.markdown.made_trees import page


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: The quay\ntags: [port]\n---\nText.",
        "\ufeff---\ntitle: The quay\ntags: [port]\n---\nText.",
        "---\r\ntitle: The quay\r\ntags:\r\n- port\r\n---\r\nText.\r\n",
        "---\ntitle: The quay\ntags: [port]\n...\nText.",
        "--- \ntitle: 'The quay'\ntags: [port]\n---  \n\nText.",
        '+++\ntitle = "The quay"\ntags = ["port"]\n+++\nText.',
        '{"title": "The quay",\n "tags": ["port"]}\n\nText.',
        "---\n# a comment\n\ntitle: >-\n  The\n  quay\ntags: [port]\n---\nText.",
    ],
    ids=["yaml", "bom", "crlf", "dots", "spaces", "toml", "json", "folded"],
)
def test_front_matter_in_every_form(text: str) -> None:
    article = page(text).record().article
    assert (article.title, article.tags, article.body) == ("The quay", ("port",), "Text.")


def test_lines_of_code_end_no_front_matter() -> None:
    found = page("---\ntitle: T\n---\nA\n\n```yaml\n---\ntitle: other\n---\n```\n\nB").record()
    assert found.article.title == "T"
    assert found.article.body == "A\n\n---\ntitle: other\n---\n\nB"


def test_a_page_that_begins_with_a_line_has_no_front_matter() -> None:
    assert page("---\nJust prose here.\n---\nMore.").record().article.body == "Just prose here.\n\nMore."
    assert page("---\n\nProse, and no end").record().article.body == "Prose, and no end"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("---\nlayout: post\ntitle: Harbour: a plan\n---\nText", 3, "not valid YAML"),
        ("---\ntitle: T\nx: !!python/object/apply:os.system [ls]\n---\n", 3, "python"),
        ("---\ntitle: T\nx: !Thing 3\n---\n", 3, "refused"),
        ("---\ntitle: T\n\tx: 3\n---\n", 3, "not valid YAML"),
        ("---\ntitle: {{ page.title }}\n---\n", 2, "key"),
        ("---\na: *b\n---\n", 2, "alias"),
        ("---\na: &a [*a]\n---\n", 2, "alias"),
        ("---\ntitle: no end\n", 1, "no end"),
        ('+++\ntitle = "T"\ndate = \n+++\n', 3, "TOML"),
        ('{"title": "T",\n "x": }\n', 2, "JSON"),
        ("---\nx: " + "[" * 60 + "]" * 60 + "\n---\n", 2, "nested"),
        ("---\nx: " + "[" * 100_000 + "\n---\n", 2, "nested"),
        ("---\n" + "- " * 90_000 + "\n---\n", 2, "nested"),
        ("+++\nx = " + "[" * 60 + "]" * 60 + "\n+++\n", 1, "nested"),
        ("+++\nx = " + "[" * 90_000 + "\n+++\n", 2, "nested"),
        ('{"x": ' + "[" * 90_000, 1, "nested"),
        ("---\nx: " + "a" * 300_000 + "\n---\n", 1, "longer"),
    ],
)
def test_bad_front_matter_is_refused_by_file_and_line(text: str, line: int, said: str) -> None:
    found = page(text, "a/b.md")
    (error,) = found.errors
    assert error.place == f"a/b.md:{line}"
    assert said in error.message
    assert not found.entries


def test_a_bomb_of_aliases_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    start = time.process_time()
    (error,) = page("---\n" + "\n".join(lines) + "\n---\n").errors
    assert "aliases" in error.message
    assert time.process_time() - start < 10


def test_texts_stay_as_they_are_written() -> None:
    article = page("---\ntitle: 1.10\ntags: [no, 1.10, 0123, 1e5, on, 2024-03-14]\n---\nx").record().article
    assert article.title == "1.10"
    assert article.tags == ("no", "1.10", "0123", "1e5", "on", "2024-03-14")


def test_anchors_and_merges_are_read() -> None:
    fields = page("---\nbase: &b {lang: fr}\ntags: &t [a]\nmore: *t\nall: {<<: *b, x: 1}\n---\nx").entries[0].fields
    assert (fields["more"], fields["all"]) == (["a"], {"lang": "fr", "x": "1"})


def test_bytes_that_are_no_utf_8() -> None:
    found = page("---\ntitle: Café\n---\nDéjà".encode("cp1252"))
    assert found.record().article.title == "Café"
    assert found.entries[0].notes == ("the file is not UTF-8: read as Windows-1252",)
    assert page("---\ntitle: Café\n---\nx".encode("utf-16")).record().article.title == "Café"
    assert page(b"a\n\x00b").errors[0].place == "page.md:2"
