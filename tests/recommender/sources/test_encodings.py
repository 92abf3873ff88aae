"""Which encoding bytes are in: one order of evidence for every format."""

import codecs
import io

import pytest

from recommender.sources import encodings
from recommender.sources.encodings import AsUtf8, Decoded, codec_of, decode, encoding_of

TEXT = "Über die Brücke nach Ærøskøbing: « quai », 10 €\n" * 3
RUSSIAN = "Новый причал открыт\n" * 3


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_whatever_is_declared(mark: bytes, encoding: str) -> None:
    data = mark + TEXT.encode(encoding)
    assert decode(data, ["latin-1"], ["koi8-r"])[0] == TEXT
    assert Decoded(io.BytesIO(data), encoding_of(data[:50], "koi8-r")).read(10_000) == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_shows_in_its_zeros(encoding: str) -> None:
    data = TEXT.encode(encoding)
    assert decode(data, ["utf-8"]) == (TEXT, encoding)
    assert encoding_of(data[:101]) == encoding


@pytest.mark.parametrize(
    ("text", "encoding", "before", "after", "read_as"),
    [
        (TEXT, "utf-8", [], [], "utf-8"),
        (TEXT, "utf-8", [], ["latin-1"], "utf-8"),  # a server's default
        (TEXT, "cp1252", [], [], "cp1252"),
        (TEXT, "cp1252", ["utf-8"], ["utf-8"], "utf-8"),  # damaged, as it says itself
        (TEXT, "cp1252", ["utf-8"], ["cp1252"], "cp1252"),
        (TEXT, "cp1252", [], ["iso-8859-1"], "cp1252"),  # the larger one is meant
        (RUSSIAN, "koi8-r", ["koi8-r"], [], "koi8-r"),
        (RUSSIAN, "koi8-r", [], ["koi8-r"], "koi8-r"),
        (RUSSIAN, "cp1251", [], ["no-such", "rot13", "windows-1251"], "cp1251"),
        (RUSSIAN, "utf-8", ["utf-16"], [], "utf-8"),  # which bytes without zeros cannot be
    ],
)
def test_what_is_declared_before_and_after_utf_8(
    text: str, encoding: str, before: list[str], after: list[str], read_as: str
) -> None:
    data = text.encode(encoding)
    found, name = decode(data, before, after)
    assert name == read_as
    assert found == data.decode(read_as, "replace")


def test_some_damage_is_still_utf_8_and_much_is_not() -> None:
    data = (TEXT * 10).encode()
    one_bad = data[:1] + b"\xff" + data[1:]
    assert decode(one_bad, [], ["latin-1"]) == (one_bad.decode("utf-8", "replace"), "utf-8")
    assert decode(data[:-1].rstrip(b"\n ")[:-1])[1] == "utf-8", "cut within a character"
    assert decode((TEXT * 10).encode("cp1252"), [], ["latin-1"])[1] == "cp1252"


def test_without_a_guess_damage_is_counted() -> None:
    data = b"Z\xfcrich"
    assert (encoding_of(data), encoding_of(data, guess=False)) == ("cp1252", "utf-8")
    found = Decoded(io.BytesIO(data), "utf-8")
    assert (found.read(100), found.read(100), found.unreadable) == ("Z\ufffdrich", "", 1)
    assert encoding_of("Zü".encode()[:-1]) == "utf-8", "only cut"


@pytest.mark.parametrize("label", ["", "hex", "rot13", "idna", "punycode", "utf-7", "unicode_escape", "zlib", "x" * 99])
def test_what_is_no_encoding_of_text_is_none(label: str) -> None:
    assert codec_of(label) == ""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_pieces_are_the_whole(size: int) -> None:
    file = AsUtf8(io.BytesIO(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")), "utf-16")
    assert file.read(0) == b""
    assert b"".join(iter(lambda: file.read(size), b"")).decode() == TEXT
    assert encodings.UNREADABLE not in TEXT
