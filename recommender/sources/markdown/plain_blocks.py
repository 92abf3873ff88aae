"""Markdown → the text a reader sees, so written that ``recommender.text.markup`` gives it back as it is.

That room reads a body as HTML, with shortcodes and templates, if it looks so; code and formulas would suffer. Here what
is text is written with entities where it could be taken for markup, and only the page's own HTML is left to be read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from recommender.sources.markdown.code_marks import BRACE, by_ticks
from recommender.sources.markdown.plain_paragraphs import plain_paragraph

_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]{1,31};)")
_BRACES = re.compile(r"\{(?=[{%#])")
_BRACKETS = re.compile(r"\[(?=/?[a-z])")
# The plainest links and emphasis, in which most paragraphs have all their marks; what is left of marks is parsed. Each
# begins with a character of its own, for which Python's search jumps ahead; then it asks what may not stand before.
_TARGET = r"""\((?:[^()\s<>`\\]*|[^()\s<>`\\]+[ ]+(?:"[^"\n`\\]*"|'[^'\n`\\]*'))\)"""
_LINK = re.compile(rf"\[(?<![!\\]\[)([^\[\]\n`!<\\]+)\]{_TARGET}")
_IMAGE = re.compile(rf"!(?<!\\!)\[[^\[\]\n`\\]*\]{_TARGET}")
_STRONG = re.compile(r"\*(?<![\w*\\]\*)(\*?)([^\s*_`\[\]<>\\](?:[^*_`\[\]<>\\]*[^\s*_`\[\]<>\\])?)\*\1(?![\w*])")
_EMPHASIS = re.compile(r"_(?<![^\s(\"']_)(_?)([^\W_](?:[^*_`\[\]<>\\]*[^\W_])?)_\1(?![^\s.,;:!?)\"'])")
_SUSPECT = re.compile(r"[\\*`\[~_<&]")
_MARKUP = re.compile(r"\\[!-/:-@\[-`{-~\n]|[*`\[]|~~|_(?:(?<![^\W_]_)|(?![^\W_]))|<[A-Za-z/!?]|&#?\w+;", re.ASCII)
_BREAK = "  \n"
_COMMENT_END = "-->"
_UNSEEN_CHUNK = re.compile(r"\{.*\b(?:include|echo)\s*=\s*(?:FALSE|F)\b")
_UNSEEN_OPTION = re.compile(r"(?:#\|[^\n]*\n)*#\|\s*(?:echo|include)\s*:\s*false\b")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item, a row: ``text`` with entities. ``kind``: text, item, code, html, or h1 to h6."""

    kind: str
    text: str


def as_written(text: str) -> str:
    """Return ``text`` so that ``plain`` makes it ``clean(text)``: what looks like markup is written with entities."""
    if "&" in text:
        text = _ENTITY.sub("&amp;amp;amp;", text)  # decoded three times over
    if "<" in text:
        text = text.replace("<", "&LT;")  # the spelling of which no text is taken for escaped HTML
    if "{" in text:
        text = _BRACES.sub("&#123;", text)
    if "[" in text:
        text = _BRACKETS.sub("&#91;", text)
    if BRACE in text:
        text = text.replace(BRACE, "&#123;")
    return text.replace("`", "&#96;") if "`" in text else text


def blocks(text: str, *, indented_code: bool = True) -> list[Block]:
    """Return the blocks of the Markdown ``text``, in order. Images go, of links the text stays."""
    parser = _parser(indented_code)
    env: dict[str, Any] = {}
    tokens: list[Any] = []
    parser.block.parse(_normalized(text), parser, env, tokens)  # of what ``parse`` does the rest is for inline tokens
    return list(_blocks(parser, tokens, env))


def joined(found: Sequence[Block]) -> str:
    """Return the body that ``found`` are: paragraphs parted by blank lines, or HTML where a part of them is."""
    if any(block.kind == "html" or "<" in block.text for block in found):
        return "\n".join(_element(block) for block in found)
    parts: list[str] = []
    last = ""
    for block in found:
        parts.append(("\n" if last == block.kind == "item" else "\n\n") if parts else "")
        parts.append(block.text)
        last = block.kind
    return "".join(parts)


def line_of(text: str) -> str:
    """Return a line of Markdown, such as a heading, as text with entities."""
    return " ".join(" ".join(block.text for block in blocks(text) if block.kind != "html").split())


def _element(block: Block) -> str:
    if block.kind == "html":
        return block.text
    if block.kind == "code":
        return f"<pre>{block.text}</pre>"
    text = block.text.replace("\n", "<br>")
    return f"<li>{text}</li>" if block.kind == "item" else f"<div>{text}</div>"


@cache
def _parser(indented_code: bool) -> Any:  # noqa: ANN401
    from markdown_it import MarkdownIt

    parser: Any = MarkdownIt("commonmark", {"maxNesting": 60}).enable(["table", "strikethrough"]).disable("inline")
    parser.normalizeLink = parser.normalizeLinkText = _unchanged  # addresses are dropped: half the time
    parser.validateLink = _always
    parser.block.ruler.before("table", "plain_paragraph", plain_paragraph)
    return parser if indented_code else parser.disable("code")


def _normalized(text: str) -> str:
    """The text as CommonMark wants it: Unix line ends, no NUL."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _unchanged(url: str) -> str:
    return url


def _always(_: str) -> bool:
    return True


def _blocks(parser: Any, tokens: Sequence[Any], env: dict[str, Any]) -> Iterator[Block]:  # noqa: ANN401
    state = _State()
    for token in tokens:
        if token.type == "inline":
            text = _inline(parser, token.content, env).strip()
            if state.row is not None:
                state.row.append(text)
            elif text:
                yield Block(state.kind, text)
            state.kind = "text"
        elif token.type in ("fence", "code_block"):
            if text := _code(token):
                yield Block("code", text)
        elif token.type == "html_block":
            if text := _without_comments(token.content).strip():
                yield Block("html", text)
        elif row := state.pass_bound(token):
            yield Block("item", row)


@dataclass(slots=True)
class _State:
    """Where among open lists and tables the next text stands, and what it is."""

    kind: str = "text"
    lists: int = 0
    row: list[str] | None = None

    def pass_bound(self, token: Any) -> str:  # noqa: ANN401
        """Pass the start or the end of a block; return the row that ends there, "" if none does."""
        row = ""
        if token.type == "paragraph_open":
            self.kind = "item" if token.hidden and self.lists else "text"
        elif token.type == "heading_open":
            self.kind = token.tag
        elif token.type == "tr_open":
            self.row = []
        elif token.type == "tr_close":
            row, self.row = " ".join(filter(None, self.row or ())), None
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            self.lists += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.lists -= 1
        return row


def _code(token: Any) -> str:  # noqa: ANN401
    """The text of a block of code; "" for what R Markdown runs and does not show."""
    if "{" in token.info and (_UNSEEN_CHUNK.match(token.info) or _UNSEEN_OPTION.match(token.content)):
        return ""
    return as_written(token.content.strip("\n"))


def _inline(parser: Any, content: str, env: dict[str, Any]) -> str:  # noqa: ANN401
    text = _simple(content)
    return _parsed(parser, content, env) if text is None else text


def _simple(content: str) -> str | None:
    """The text of a paragraph whose marks are of the plainest; None where they are not."""
    if _BREAK not in content and not _SUSPECT.search(content):
        return as_written(content.replace("\n", " "))
    found = []
    for is_code, part in by_ticks(content):
        if is_code:
            part = part.strip("`").replace("\n", " ")
        else:
            if "](" in part:
                part = _LINK.sub(r"\1", _IMAGE.sub(" ", part))
            if "*" in part:
                part = _STRONG.sub(r"\2", part)
            if "_" in part:
                part = _EMPHASIS.sub(r"\2", part)
            if _BREAK in part or _MARKUP.search(part):
                return None
            part = part.replace("\n", " ")
        found.append(as_written(part))
    return "".join(found)


def _parsed(parser: Any, content: str, env: dict[str, Any]) -> str:  # noqa: ANN401
    tokens: list[Any] = []
    parser.inline.parse(content, parser, env, tokens)
    parts: list[str] = []
    text = ""  # what stands side by side, for an entity may be in parts
    for token in tokens:
        name = token.type
        if name in ("text", "text_special"):
            text += token.content
            continue
        if other := _other(name, token.content):
            parts += [_prose(text), other]
            text = ""
    return "".join([*parts, _prose(text)])


def _other(name: str, content: str) -> str:
    """What a part of a line that is no text becomes."""
    if name == "code_inline":
        return as_written(content)
    if name == "html_inline":
        return _without_comments(content)
    return {"softbreak": " ", "image": " ", "hardbreak": "\n"}.get(name, "")


def _prose(text: str) -> str:
    """Like ``as_written``, but shortcodes in brackets are left to be read as such."""
    return as_written(text).replace("&#91;", "[") if "[" in text else as_written(text)


def _without_comments(markup: str) -> str:
    parts: list[str] = []
    at = 0
    while (start := markup.find("<!--", at)) >= 0:
        parts.append(markup[at:start])
        end = markup.find(_COMMENT_END, start)
        at = len(markup) if end < 0 else end + len(_COMMENT_END)
    return "".join([*parts, markup[at:]])
