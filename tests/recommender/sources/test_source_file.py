"""related.toml: what the commands' options say, said once."""

from pathlib import Path

import pytest

from recommender.errors import SourceError
from recommender.sources import ReadOptions
from recommender.sources.source_file import read_options

ALL = """
[other]
key = 1
[source]
curated-key = "see_also"
site_url = "https://news.example/"
format = "jsonl"
related-selector = "aside a"
post-types = ["post", "page"]
query = "select 1"
path = "data.posts"
max-pages = 50
date-format = "%d/%m/%Y"
[source.fields]
body = "content.rendered"
"""


def test_every_option_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "related.toml"
    path.write_text(ALL)
    assert read_options(path) == ReadOptions(
        curated_key="see_also",
        site_url="https://news.example/",
        format="jsonl",
        fields={"body": "content.rendered"},
        related_selector="aside a",
        post_types=("post", "page"),
        query="select 1",
        path="data.posts",
        max_pages=50,
        date_format="%d/%m/%Y",
    )


@pytest.mark.parametrize("text", ["", "[other]\na = 1\n", "[source]\n"])
def test_what_is_not_said_is_as_always(text: str, tmp_path: Path) -> None:
    path = tmp_path / "related.toml"
    path.write_text(text)
    assert read_options(path) == ReadOptions()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[source]\ncurated-kye = 'x'\n", "has no key 'curated-kye'; did you mean 'curated-key'?"),
        ("[source]\nformat = 3\n", "source.format is 3, expected a text in quotes"),
        ("[source]\npost-types = 'post'\n", "source.post-types is 'post', expected a list of texts"),
        ("[source]\nmax-pages = true\n", "source.max-pages is True, expected a whole number"),
        ("[source]\nfields = {body = 1}\n", "expected a table of texts"),
        ("source = 1\n", "[source] is 1, expected a table"),
        ("[source\n", "not valid TOML"),
        (b"\xff\xfe", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(text: str | bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "related.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SourceError, match="related.toml") as caught:
        read_options(path)
    assert message in str(caught.value)
