"""Pages of HTML and posts in Markdown with known main texts, one function a layout: what templates of all times do."""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

PARAGRAPHS = (3, 16)
"""Paragraphs of a page, from and to."""


@dataclass(frozen=True, slots=True)
class Story:
    """What one page tells: its paragraphs are the main text. ``others``: titles and teasers of other pages."""

    title: str
    paragraphs: Sequence[str]
    others: Sequence[tuple[str, str]]


def stories(titles: Sequence[str], paragraphs: Sequence[str], count: int) -> list[Story]:
    """Return ``count`` stories put together from ``paragraphs``, the same ones for the same arguments."""
    rng = random.Random(0)  # noqa: S311 - no secret
    made = []
    for number in range(count):
        others = [(rng.choice(titles), rng.choice(paragraphs)[:120]) for _ in range(8)]
        text = rng.sample(paragraphs, rng.randint(*PARAGRAPHS))
        made.append(Story(f"{rng.choice(titles)} ({number})", text, others))
    return made


def _links(names: str, tag: str = "li") -> str:
    return "".join(f'<{tag}><a href="/{name}/">{name.title()}</a></{tag}>' for name in names.split())


_SECTIONS = "home news sport culture money opinion weather about contact"
_NAV = f"<nav><ul>{_links(_SECTIONS)}</ul></nav>"
_FOOT = "<footer><p>Published by the Gazette, 1 Quay Street. All rights reserved.</p></footer>"
_DIV_FOOT = f'<div id="foot"><p>All rights reserved, the Gazette.</p><ul>{_links("terms privacy")}</ul></div>'


def _page(story: Story, body: str) -> str:
    head = (
        f'<meta charset="utf-8"><title>{escape(story.title)} | The Gazette</title><link rel="stylesheet" href="/x.css">'
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _h1(story: Story) -> str:
    return f"<h1>{escape(story.title)}</h1>"


def _text(story: Story) -> str:
    return "\n".join(f"<p>{escape(each)}</p>" for each in story.paragraphs)


def _lines(story: Story) -> str:
    return "<br><br>\n".join(map(escape, story.paragraphs))


def _cards(story: Story, tag: str = "div") -> str:
    return "".join(
        f'<{tag} class="card"><a href="/posts/o{n}/"><h3>{escape(title)}</h3></a><p>{escape(teaser)}</p></{tag}>'
        for n, (title, teaser) in enumerate(story.others)
    )


def _article(story: Story) -> str:
    return _page(story, f"<header>{_NAV}</header><article>{_h1(story)}{_text(story)}</article>{_FOOT}")


def _main(story: Story) -> str:
    return _page(
        story, f'{_NAV}<main><h1>{escape(story.title)}</h1><div class="body">{_text(story)}</div></main>{_FOOT}'
    )


def _div_soup(story: Story) -> str:
    top = f'<div class="top">{_links(_SECTIONS, "div")}</div>'
    middle = (
        f'<div><div class="hd">{_h1(story)}<div>By Jane Roe, 14 March</div></div><div class="txt">{_text(story)}</div>'
    )
    return _page(story, f'<div id="wrap">{top}{middle}</div><div class="side">{_cards(story)}</div></div>{_DIV_FOOT}')


def _table(story: Story) -> str:
    cells = f"<td>{_links(_SECTIONS, 'div')}</td><td>{_h1(story)}{_text(story)}</td><td>{_cards(story)}</td>"
    return _page(story, f'<table width="100%"><tr valign="top">{cells}</tr></table>{_DIV_FOOT}')


def _nested_tables(story: Story) -> str:
    inner = f"<table><tr><td>{_h1(story)}</td></tr><tr><td><font size=2>{_lines(story)}</font></td></tr></table>"
    cells = f'<td bgcolor="#eee">{_links(_SECTIONS, "div")}</td><td>{inner}</td>'
    rows = f"<tr><td colspan=2>The Gazette</td></tr><tr>{cells}</tr><tr><td colspan=2>All rights reserved.</td></tr>"
    return _page(story, f"<center><table>{rows}</table></center>")


def _line_breaks(story: Story) -> str:
    top = f'<div class="menu">{_links(_SECTIONS, "span")}</div>'
    return _page(story, f"{top}{_h1(story)}<div>{_lines(story)}</div><hr>{_DIV_FOOT}")


def _long_navigation(story: Story) -> str:
    menu = "".join(
        f"<li><a href='/topics/{n}/'>{escape(title)}</a></li>" for n, (title, _) in enumerate(story.others * 20)
    )
    side = f'<div class="sidebar"><ul>{menu}</ul></div>'
    return _page(story, f'{side}<div class="content">{_h1(story)}{_text(story)}</div>{_FOOT}')


def _comments(story: Story) -> str:
    said = "".join(
        f'<li class="comment"><p>{escape(teaser)}</p><a href="#">Reply</a></li>' for _, teaser in story.others
    )
    below = f'<div id="comments"><h2>Comments</h2><ol>{said}</ol></div>'
    return _page(
        story, f'{_NAV}<main><article>{_h1(story)}<div class="entry">{_text(story)}</div></article>{below}</main>'
    )


def _related_boxes(story: Story) -> str:
    inside = "".join(
        f'<li><a href="/posts/o{n}/">{escape(title)}</a></li>' for n, (title, _) in enumerate(story.others)
    )
    box = f'<aside class="related"><h2>Related</h2><ul>{inside}</ul></aside>'
    below = f"<section><h2>More stories</h2>{_cards(story, 'article')}</section>"
    return _page(story, f"{_NAV}<main><article>{_h1(story)}{_text(story)}{box}</article>{below}</main>{_FOOT}")


def _one_paragraph(story: Story) -> str:
    return _page(story, f"{_NAV}<main>{_h1(story)}<p>{escape(story.paragraphs[0])}</p></main>{_FOOT}")


LAYOUTS: dict[str, Callable[[Story], str]] = {
    "article": _article,
    "main": _main,
    "div soup": _div_soup,
    "table": _table,
    "nested tables": _nested_tables,
    "line breaks": _line_breaks,
    "long navigation": _long_navigation,
    "comments": _comments,
    "related boxes": _related_boxes,
    "one paragraph": _one_paragraph,
}


def main_text(layout: str, story: Story) -> str:
    """Return the text of a story as the layout shows it."""
    return "\n".join(story.paragraphs[:1] if layout == "one paragraph" else story.paragraphs)


def post(story: Story) -> str:
    """Return the story as a post in Markdown with all that posts have: headings, lists, links, code, emphasis, HTML."""
    parts = [f"---\ntitle: {json.dumps(story.title)}\ndate: 2024-03-14\ntags: [harbour, quay]\n---\n"]
    for number, each in enumerate(story.paragraphs):
        words = re.split(r" +", each)
        middle = len(words) // 2
        words[middle] = (f"[{words[middle]}](/posts/o{number}/)", f"**{words[middle]}**", f"`{words[middle]}`")[
            number % 3
        ]
        parts.append(f"## Part {number}\n\n{' '.join(words)}\n" if number % 4 == 3 else f"{' '.join(words)}\n")
        parts.append(f"- berth {number}\n- quay {number}\n")
    parts.append("```python\n" + "for berth in quay:\n    berth.load(timber=True)\n" * 10 + "```\n")
    return "\n".join(parts)
