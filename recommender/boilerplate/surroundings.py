"""The text of pieces that are seen again and again, and boilerplate that is glued to the pieces around them.

A footer that is glued to a sentence without its full stop, as where bodies are cut after so many words, is no piece of
its own there: it is known by what the surroundings of its next piece have in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from recommender.boilerplate.pieces import form, unspaced, words

_SAMPLES = 32
"""How often the surroundings of a piece are kept …"""
_LENGTH = 200
"""… and so many characters of them."""
_MARKS = ".!?…。！？\"'”’»)] "
"""What ends the article's own text before glued boilerplate."""


class Surroundings:
    """The ``texts`` of pieces seen often, by key, and samples of the pieces before and behind them."""

    def __init__(self) -> None:
        self.texts: dict[bytes, str] = {}
        self._before, self._behind = defaultdict[bytes, list[str]](list), defaultdict[bytes, list[str]](list)

    def add(self, pieces: Iterable[str], keys: Sequence[bytes], often: Sequence[bool]) -> None:
        """Add one body: its pieces, their keys, and which of them were seen ``often``."""
        texts = list(pieces)
        for place, key in enumerate(keys):
            if not often[place]:
                continue
            self.texts.setdefault(key, texts[place])
            if place and not often[place - 1] and len(self._before[key]) < _SAMPLES:
                self._before[key].append(texts[place - 1][-_LENGTH:])
            if place + 1 < len(keys) and not often[place + 1] and len(self._behind[key]) < _SAMPLES:
                self._behind[key].append(texts[place + 1][:_LENGTH])

    def glued(self, keys: Sequence[bytes], enough: int, known: Sequence[bytes]) -> tuple[str, ...]:
        """Return the texts of ``keys``, with what more than half of their surroundings share before them and behind.

        At least ``enough`` of the samples that were kept must share it, and none of the forms that are ``known`` does.
        """
        enough = min(enough, _SAMPLES)
        before = shared_start([each[::-1] for each in self._before[keys[0]]], enough)[::-1].lstrip(_MARKS)
        behind = shared_start(self._behind[keys[-1]], enough)
        return (
            *([before] if words(before) > 1 and not form(before).endswith(tuple(known)) else ()),
            *(self.texts[key] for key in keys),
            *([behind] if words(behind) > 1 and not any(each.startswith(form(behind)) for each in known) else ()),
        )


def shared_start(texts: Sequence[str], enough: int) -> str:
    """Return the longest beginning that more than half of ``texts`` have, ``enough`` at least, to a word's end."""
    found, left = "", list(texts)
    while letters := Counter(text[len(found)] for text in left if len(text) > len(found)):
        letter, count = letters.most_common(1)[0]
        if count < enough or 2 * count <= len(texts):
            break
        found += letter
        left = [text for text in left if text.startswith(found)]
    inside = found and not unspaced(found[-1]) and any(_within_word(text, len(found)) for text in left)
    return (found.rpartition(" ")[0] if inside else found).strip()


def _within_word(text: str, place: int) -> bool:
    return text[place - 1].isalnum() and text[place : place + 1].isalnum()
