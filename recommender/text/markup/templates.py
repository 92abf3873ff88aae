"""Template languages left in a text: Hugo's {{< >}} and {{% %}}, Liquid's and Jinja's {% %}, {{ }} and {# #}."""

import re

# Every part stops where the next template begins, so that openings without an end cost no more than their length.
_TEMPLATE = re.compile(
    r"\{\{/\*(?:[^*{]|\*(?!/\}\})|\{(?!\{/\*))*+\*/\}\}"
    r"|\{#(?:[^#{]|#(?!\})|\{(?!#))*+#\}"
    r"|\{\{[<%](?:[^{}]|\{(?![{%])|\}(?!\}))*+(?<=[>%])\}\}"
    r"|\{%[-~+]?\s*(?P<tag>[A-Za-z]\w*+)(?:[^{%]|%(?!\})|\{(?![%{]))*+%\}"
    # An expression: not the braces of a program or a formula ("style={{...}}", "\frac{{a}}", "{{1, 2}}").
    # (Each part begins with a brace, for which Python's search jumps ahead.)
    r"|\{(?<![=\\$}{]\{)(?<!= \{)\{(?:(?<!\w\{\{)|(?=[-~]?\s))[-~]?\s*[A-Za-z_.\"'$@/^&>!|][^{}\n]{0,300}\}\}"
)
_PAIRED = {name: re.compile(rf"\{{%[-~+]?\s*end{name}\s*[-~+]?%\}}") for name in ("comment", "raw", "verbatim")}


def without_templates(text: str) -> str:
    """Return ``text`` without template tags and expressions; what stands between paired tags stays, comments go.

    What Liquid is told to leave alone (``{% raw %}``) stays as it is.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return text
    parts: list[str] = []
    missing: set[str] = set()
    at = 0
    for match in _TEMPLATE.finditer(text):
        if match.start() < at:
            continue
        parts.append(text[at : match.start()])
        at = match.end()
        name = match["tag"]
        if name not in _PAIRED or name in missing:
            continue
        if end := _PAIRED[name].search(text, at):
            parts.append("" if name == "comment" else text[at : end.start()])
            at = end.end()
        else:
            missing.add(name)
    parts.append(text[at:])
    return "".join(parts)
