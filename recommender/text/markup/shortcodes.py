"""WordPress shortcodes (and BBCode): [gallery ids="1,2"], [caption id="x"]A quay[/caption]; not [sic], [1] or a[i]."""

import re

_BRACKET = re.compile(r"\[(?P<closing>/?)(?P<name>[a-z][a-z0-9_-]*+)(?P<rest>(?:[\s=][^\[\]]*+|/)?+)\]")
# A key of one letter is a formula ("[mean n=12]") unless its value is quoted, whatever became of the quotes.
_ATTRIBUTE = re.compile(
    r"\s+(?:[A-Za-z][\w-]+\s*=\s*[^\s=]|[A-Za-z]\s*=\s*(?:[\"'“”″‘’′]|&(?:quot|#0?3[49]|#82[0-9]{2}|#x27);))"
)
_BASE64 = re.compile(r"\[(vc_raw_html|vc_raw_js)\b[^\[\]]*+\][^\[\]]*+\[/\1\]")
_ALONE = frozenset(("gallery", "playlist", "toc"))
_BEFORE_CODE = frozenset("_()/#$@=\"'`“‘")
_AFTER_CODE = frozenset(":,;)/#=\"'`”’")


def without_shortcodes(text: str) -> str:
    """Return ``text`` without shortcodes; what they enclose stays.

    A bracket is one if it has attributes, closes itself, has its counterpart or an underscore in the name. Where one
    ends and the next begins, as columns do, an empty line parts what they enclose.
    """
    if "[" not in text:
        return text
    text = _BASE64.sub("", text)
    brackets = [match for match in _BRACKET.finditer(text)]  # no list(): it would hold the interpreter
    codes = _Shortcodes(text, brackets)
    parts: list[str] = []
    at = 0
    last: re.Match[str] | None = None
    for place, match in enumerate(codes.brackets):
        if not codes.is_one(place, last is not None and last.end() == match.start()):
            continue
        between = text[at : match.start()]
        parts.append("\n\n" if last and not between.strip() and _are_apart(last, between, match) else between)
        at, last = match.end(), match
    parts.append(text[at:])
    return "".join(parts)


def _are_apart(first: re.Match[str], between: str, second: re.Match[str]) -> bool:
    """Say whether two neighbours enclose blocks rather than words: columns, not "[b]one[/b] [i]two[/i]"."""
    if "_" in first["name"] or "_" in second["name"]:
        return True
    return bool(first["closing"] and not second["closing"]) and (between == "" or "\n" in between)


def _is_named(name: str) -> bool:
    """Say whether a shortcode may have this name and nothing else; a class of a regular expression has not."""
    return name in _ALONE or ("_" in name and "a-z" not in name)


class _Shortcodes:
    """Tells the shortcodes of one text from its other brackets."""

    def __init__(self, text: str, brackets: list[re.Match[str]]) -> None:
        self.text = text
        self.brackets = brackets
        opened = {match["name"] for match in brackets if not match["closing"]}
        self._paired = opened & {match["name"] for match in brackets if match["closing"]}

    def is_one(self, place: int, follows_one: bool) -> bool:
        """Say whether the bracket at ``place`` is a shortcode; ``follows_one``: whether one ends where it begins."""
        match = self.brackets[place]
        before, after = self.text[match.start() - 1 : match.start()], self.text[match.end() : match.end() + 1]
        if before == "\\" or (before == "[" and after == "]"):  # [[name]] is how WordPress shows one
            return False
        if match["name"] in self._paired:
            return True
        if after == "(":  # a link of Markdown
            return False
        if self._is_formed(match):
            return True
        if match["closing"] or match["rest"].strip() or not _is_named(match["name"]):
            return False
        if before == "]" and not follows_one:  # a reference of Markdown
            return False
        if after == "[":
            return self._is_followed_by_one(place)
        return not (before.isalnum() or before in _BEFORE_CODE) and after not in _AFTER_CODE

    def _is_formed(self, match: re.Match[str]) -> bool:
        rest = match["rest"]
        if match["closing"]:
            return "_" in match["name"] and not rest.strip()
        return bool(_ATTRIBUTE.match(rest)) or rest == "/" or rest.endswith(" /")

    def _is_followed_by_one(self, place: int) -> bool:
        following = self.brackets[place + 1 : place + 2]
        return any(
            match.start() == self.brackets[place].end()
            and (_is_named(match["name"]) or match["name"] in self._paired or self._is_formed(match))
            for match in following
        )
