"""Where a draft could link to what is suggested: the words of it that name what a suggestion is about."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from recommender.articles.card import Card

MAX_WORDS = 8
"""Words of a phrase: what a reader takes in as one link."""
LEAST = 0.75
"""Rarity that the words of a phrase have together at least: one rare word, or two that are less so."""
TEASER = 0.6
"""What a word counts that stands in the suggestion's teasers and not in its title."""
STRANGE = 0.3
"""What a word of the phrase counts against it that the suggestion does not have, unless it is a stop word."""

_WORD = re.compile(r"[^\W_]+(?:[’'\-][^\W_]+)*")
_POSSESSIVE = re.compile(r"[’']s$")


@dataclass(frozen=True, slots=True)
class LinkPhrase:
    """The words ``draft[start:end]``, which could carry the link to a suggestion."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    form: str
    weight: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Choice:
    score: float
    item: int
    start: int
    end: int


def link_phrases(draft: str, cards: Sequence[Card], rarity: Callable[[str], float]) -> list[LinkPhrase | None]:
    """Return, for each of ``cards``, the phrase of ``draft`` that could carry a link to it, in their order.

    That phrase, of words with nothing but spaces between them, whose words shared with the card's title and teasers are
    rarest together (see ``LexicalModel.rarity``); ties go to the earlier card, then to the shorter and the earlier
    phrase. No two phrases overlap: the best is chosen first. None where no phrase reaches LEAST, or all are taken.
    """
    runs = _runs(draft, rarity)
    counts = [_counts(card) for card in cards]
    choices = [choice for item, each in enumerate(counts) for run in runs for choice in _choices(item, run, each)]
    choices.sort(key=lambda each: (-round(each.score, 6), each.item, each.end - each.start, each.start))
    found: list[LinkPhrase | None] = [None] * len(cards)
    for choice in choices:
        taken = any(each and choice.start < each.end and each.start < choice.end for each in found)
        if found[choice.item] is None and not taken:
            found[choice.item] = LinkPhrase(choice.start, choice.end)
    return found


def _runs(draft: str, rarity: Callable[[str], float]) -> list[list[_Word]]:
    """Return the words of ``draft`` in runs, each of words with nothing but spaces between them."""
    matches = list(_WORD.finditer(draft))
    if not matches:
        return []
    words = [_Word(_form(m.group()), _weight(m.group(), rarity), m.start(), m.end()) for m in matches]
    runs = [words[:1]]
    for before, word in pairwise(words):
        between = draft[before.end : word.start]
        if between.isspace() and "\n" not in between:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _choices(item: int, run: Sequence[_Word], counts: Mapping[str, float]) -> list[_Choice]:
    """Return the phrases of ``run`` that begin and end with a word of the card's ``counts`` and reach LEAST."""
    found = []
    for first, opening in enumerate(run):
        if not counts.get(opening.form) or not opening.weight:
            continue
        score, seen = 0.0, set[str]()
        for word in run[first : first + MAX_WORDS]:
            count = counts.get(word.form, 0.0)
            if not count:
                score -= STRANGE * bool(word.weight)
                continue
            if word.form not in seen:
                score += count * word.weight
            seen.add(word.form)
            if word.weight and score >= LEAST:
                found.append(_Choice(score, item, opening.start, word.end))
    return found


def _counts(card: Card) -> Mapping[str, float]:
    """Return what each word of the card counts, by its form."""
    words = {_form(word): TEASER for teaser in card.teasers for word in _WORD.findall(teaser)}
    return words | {_form(word): 1.0 for word in _WORD.findall(card.title)}


def _weight(word: str, rarity: Callable[[str], float]) -> float:
    """Return how rare the word is; of one with hyphens, its rarest part. Numbers name nothing."""
    parts = re.split(r"[’'\-]", _POSSESSIVE.sub("", word.lower()))
    return max((rarity(part) for part in parts if len(part) > 1 and not part.isnumeric()), default=0.0)


def _form(word: str) -> str:
    """Return the word as it is compared: without case, possessive and plural."""
    word = _POSSESSIVE.sub("", word.casefold())
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
