"""What makes reading fast changes no text: the rule for plain paragraphs, the plainest marks, texts without marks."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.sources.markdown import plain_blocks
from recommender.sources.markdown.code_marks import in_prose
from recommender.sources.markdown.marks import _without_inline_marks, _without_line_marks, without_marks

LINES = """a | * | - | + | 1. | 2) | > | # | ## x | === | --- | *** | ``` | ~~~ | <div> | </div> | <!-- | --> | [a]: b
 | [a] |a|b| | |-|-| | :-: | a|b | _x_ | é | \t | word word | "quoted" | (in brackets) | 12 | ... | \\ | &amp;""".split(
    " | "
)
INDENTS = ["", "", "", " ", "   ", "    ", "      ", "\t", "> ", "- ", "* ", "1. ", ">", "  > - "]
LINE = st.tuples(st.lists(st.sampled_from(INDENTS), max_size=2).map("".join), st.sampled_from(LINES)).map("".join)
TEXT = st.lists(st.one_of(LINE, st.just("")), max_size=12).map("\n".join)


@pytest.fixture(scope="module", params=[True, False])
def both(request: pytest.FixtureRequest) -> tuple[Callable[[str], object], Callable[[str], object]]:
    """The blocks of a text, and those that the parser without the rule for plain paragraphs finds in it."""
    parser = plain_blocks._parser.__wrapped__(request.param)
    parser.disable("plain_paragraph")

    def reference(text: str) -> object:
        env: dict[str, object] = {}
        return list(plain_blocks._blocks(parser, parser.parse(text, env), env))

    return lambda text: plain_blocks.blocks(text, indented_code=request.param), reference


@settings(max_examples=150, deadline=None)
@given(text=TEXT)
@example("- a\n  b\n\n  c\nd\n- e")
@example("> a\nb\n> c\n\nd\n====\ne\n---")
@example("a\n    b\n\n    c\n- d\n\n      e")
@example("a\r\nb\r\n\r\nc\0d")
def test_plain_paragraphs_are_what_the_parser_makes_of_them(
    both: tuple[Callable[[str], object], Callable[[str], object]], text: str
) -> None:
    found, reference = both
    assert found(text) == reference(text)


MARKS = [
    "_",
    "__",
    "*",
    "**",
    "a",
    "b c",
    " ",
    ".",
    '"',
    "(",
    ")",
    "`",
    "``",
    "[a](b)",
    "[a](b 'c')",
    '![a](b "c")',
    "[",
    "]",
]
INLINE = st.lists(
    st.sampled_from([*MARKS, "é", "x_y", "!", "\\", "<b>", "&amp;", "~~", "\n", "  \n"]), max_size=10
).map("".join)


@settings(max_examples=200, deadline=None)
@given(INLINE)
@example('_a_, (__b c__) "_d_" x_y_z _e_')
@example("[a](b \"c d\") ![e](f 'g') [h](i) _j_")
@example("*a* **b**`c`*d*")
def test_the_plainest_marks_are_what_the_parser_makes_of_them(text: str) -> None:
    text = text.replace("\\`", "`")  # that no code begins there is not known here
    simple = plain_blocks._simple(text.strip())
    if simple is not None:
        parsed = plain_blocks._parsed(plain_blocks._parser(True), text.strip(), {})
        assert "".join(simple.split()) == "".join(parsed.split())


EXTENSIONS = """!!! note "Mind" | ??? x | :::tip[T] | ::: | {:.a} | [toc] | <!-- toc --> | > [!NOTE] | *[A]: b | [^1]
 | [^1]: a | - [ ] b | [[c|d]] | a{.e} | (x){f=g} | : h | >>>>>>>>>>>>>>>>>>>>>>>> i | ``` | `{.j}` | text | - k
 | {: .l}""".split(" | ")
EXTENDED = st.lists(st.sampled_from([*EXTENSIONS, "", "    indented", "{", "}", ">"]), max_size=8).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(EXTENDED)
def test_marks_are_looked_for_wherever_there_may_be_any(text: str) -> None:
    lines = _without_line_marks(text)
    assert _without_line_marks(f"[toc]\n{text}") == lines
    assert without_marks(text) == in_prose(_without_inline_marks, lines)
