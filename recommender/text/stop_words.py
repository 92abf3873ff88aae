"""The function words of a text's language, which say nothing of what the text is about.

``function_words/`` holds a list a language: articles, pronouns, prepositions, conjunctions, auxiliaries, modal verbs,
negation, particles. A word that also names a thing in the news ("mine", "won", French "été", Dutch "weer") stays out
unless it is among the commonest of its language: a word that is kept costs little, a word that is lost may be what
an article is about. Words are what ``words`` makes of a text, so "don't" is "don".
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import chain

from recommender.text.characters import sha256
from recommender.text.long_texts import in_parts

LANGUAGES = ("da", "de", "en", "es", "fi", "fr", "it", "nl", "no", "pl", "pt", "ru", "sv", "tr")
"""The languages there is a list for, as the first subtag of BCP 47."""
SAME_LIST = {"nb": "no", "nn": "no"}
"""The written forms of Norwegian, whose list is one."""
READ = 2_000
"""Characters of a text that are read to tell its languages: the first, some 300 words."""
LEAST_WORDS = 20
LEAST_DIFFERENT = 5
"""Different function words that tell a language: of a few, a text may be full by chance ("die", "war", "man")."""
LEAST_SHARE = 0.2
"""Share of a text's words that its language's function words make up at least; in prose it is .3 to .55."""
LEAST_OTHER = 0.1
"""Share of the words that a further language's function words make up, in a page that is translated in part; words of
the languages before do not count."""

_WORD = re.compile(r"\w\w++")  # finds what scikit-learn's \b\w\w+\b finds, in three quarters of the time


def words(text: str) -> list[str]:
    """Return the words of two characters and more of ``text``, in lower case: those of scikit-learn's vectorizers."""
    return list(chain.from_iterable(_WORD.findall(part.lower()) for part in in_parts(text)))


@cache
def function_words(language: str) -> frozenset[str]:
    """Return the function words of ``language``, one of LANGUAGES. Raises FileNotFoundError for any other."""
    lines = (files(__package__) / "function_words" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def lists_version() -> str:
    """Return a short digest of all lists: what was made with other lists has another one."""
    return sha256("\n".join(f"{each}: {' '.join(sorted(function_words(each)))}" for each in LANGUAGES))[:16]


def list_languages(declared: str, text: str) -> tuple[str, ...] | None:
    """Return which of LANGUAGES have the stop words of ``text``: () for none, None where that is not known.

    A ``declared`` tag whose language has two letters is believed; else ("", "und", "eng", "english") see
    ``told_languages``.
    """
    primary = declared.partition("-")[0]
    if len(primary) != 2:
        return told_languages(text)
    primary = SAME_LIST.get(primary, primary)
    return (primary,) if primary in LANGUAGES else ()


def told_languages(text: str) -> tuple[str, ...] | None:
    """Return the languages whose function words ``text`` is full of, in the order of LANGUAGES; None if there is none.

    First the one with most of them, LEAST_SHARE of all words at least; then, of the words that are not its own, those
    of another, LEAST_OTHER at least, and so on.
    """
    read = words(text[:READ])
    if len(read) < LEAST_WORDS:
        return None
    counts, different = (Counter(map(_languages().get, each)) for each in (read, set(read)))
    left = [shared for shared in counts if shared]  # a few groups of words, by the languages that share them
    found: list[str] = []
    while left:
        votes = dict.fromkeys(LANGUAGES, 0)
        for shared in left:
            for language in shared:
                votes[language] += counts[shared]
        best = max(LANGUAGES, key=votes.__getitem__)
        if votes[best] < (LEAST_OTHER if found else LEAST_SHARE) * len(read):
            break
        if sum(different[shared] for shared in left if best in shared) < LEAST_DIFFERENT:
            break
        found.append(best)
        left = [shared for shared in left if best not in shared]
    return tuple(sorted(found)) or None


@cache
def _languages() -> Mapping[str, tuple[str, ...]]:
    """The languages of every function word."""
    found: dict[str, tuple[str, ...]] = {}
    for language in LANGUAGES:
        for word in function_words(language):
            found[word] = (*found.get(word, ()), language)
    return found
