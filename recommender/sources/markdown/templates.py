"""What generators fill in before Markdown is read: Liquid, Jinja and Tera tags, Hugo's shortcodes.

``recommender.text.markup.templates`` takes them out of any text; here is what it cannot know of Markdown: code that a
tag encloses, captions, and whether code holds templates at all.
"""

import re

from recommender.sources.markdown.code_marks import BRACE, in_code
from recommender.text.markup.templates import without_templates

_RAW = re.compile(r"\{%[-~+]?\s*raw\s*[-~+]?%\}((?:[^{]|\{(?!%[-~+]?\s*(?:end)?raw))*+)\{%[-~+]?\s*endraw\s*[-~+]?%\}")
_SHOWN = re.compile(r"\{\{([<%])/\*((?:[^*{}]|\*(?!/)|\}(?!\}))*+)\*/([>%])\}\}")
_HIGHLIGHT = re.compile(
    r"\{%[-~+]?\s*highlight\b[^%{}]*%\}((?:[^{]|\{(?!%[-~+]?\s*(?:end)?highlight))*+)\{%[-~+]?\s*endhighlight\s*[-~+]?%\}"
    r"|\{\{<\s*highlight\b[^<>{}]*>\}\}((?:[^{]|\{(?!\{<\s*/?\s*highlight))*+)\{\{<\s*/\s*highlight\s*>\}\}"
)
_CAPTIONED = re.compile(
    r"(?:\{\{[<%]|\{%[-~+]?\s*include\b|\{\{(?=\s*\w+\())(?P<inside>(?:[^{}<>%]|[%>](?!\})|<)*?)(?:[>%]?\}\}|%\})"
)
_CAPTION = re.compile(r"""\b(?:caption|title)\s*=\s*(?:"([^"{}\n]*)"|'([^'{}\n]*)'|`([^`{}\n]*)`)""")
_FENCE = "~~~~~~~~"
LONGEST = 5_000
"""Characters of one tag."""


def without_template_tags(text: str, *, also_in_code: bool) -> str:
    """Return ``text`` without template tags; what they enclose stays, and so do a figure's captions.

    ``also_in_code``: the generator fills templates in before it looks for code, as Jekyll does; else braces in code
    are code. Braces that a tag says to leave alone come back as BRACE.
    """
    text = text.replace(BRACE, "")
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return text
    text = _RAW.sub(lambda found: found[1].replace("{", BRACE), text)
    text = _SHOWN.sub(lambda found: f"{BRACE}{BRACE}{found[1]}{found[2]}{found[3]}}}}}", text)
    text = _HIGHLIGHT.sub(_fenced, text)
    if not also_in_code:
        text = in_code(lambda code: code.replace("{", BRACE), text)
    text = _CAPTIONED.sub(_captions, text)
    return without_templates(text)


def _fenced(found: re.Match[str]) -> str:
    code = (found[1] or found[2] or "").strip("\n").replace(_FENCE, "")
    return f"\n{_FENCE}\n{code}\n{_FENCE}\n"


def _captions(found: re.Match[str]) -> str:
    inside = found["inside"]
    if len(inside) > LONGEST or "=" not in inside or ("caption" not in inside and not _is_figure(inside)):
        return found[0]
    captions = (next(filter(None, each.groups()), "") for each in _CAPTION.finditer(inside))
    shown = "\n\n".join(dict.fromkeys(caption for caption in captions if caption.strip()))
    return f"\n\n{shown}\n\n" if shown else found[0]


def _is_figure(inside: str) -> bool:
    return inside.split(None, 1)[:1] in (["figure"], ["img"], ["image"], ["picture"])
