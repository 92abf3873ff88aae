"""What an article's text says of a name or a word: whether it holds it, dwells on it, and how it writes it."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.corpus.views import whole_text
from recommender.text import normalise
from recommender.text.names import written

_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_CALENDAR = frozenset(
    f"{_DAYS} {_DAYS.replace('day', 'days')} january february march april may june july august september october"
    " november december".split()
)
"""Written like names, and naming nothing."""
_PLAIN = frozenset(
    "able according across add added age ago along amid among around aside ask asked asks available away back "
    "backed bad based become began begin being best better big bring brought build built call called calls "
    "came case certain change changed check clear clearly close come coming continue continued create created "
    "current currently day days despite developing driven due early easy end ended ensure especially every "
    "example excited existing fact failed far feel felt few figure final find first follow found full further "
    "gave general get give given gives giving go goes going good got great ground group hand happen hard head "
    "heard help helped high highlights hold home hour hours however idea ideal important improve include "
    "included including increase inside instead internal job keep kept key kind knew know known large last "
    "late launch launched learn led left let leveraging like likely line list little live long look looked "
    "looking lot low made main mainly make making man many matter mean means meet men met might minute minutes "
    "month months more move multiple need needed needs new next night nothing number numbers offer official "
    "often old ongoing open opened order overall part particular past people perhaps person place plan point "
    "possible prior process provide provided provides put question questions quickly ran rather read ready "
    "real reason recent recently reducing related right room row run running said same say says second see "
    "seen sense set several share shared shares short show showed shown side sign similar simple since small "
    "sometimes soon specific start started state step still stop such support sure take taken taking talk tell "
    "thing things think third thought time times today told took top total towards true try turn type "
    "typically understand use used useful user uses using usually various very walk walked want wanted way "
    "ways week weeks well went whether whole wife without word words work worked working world year years yet".split()
)
"""Words that name no subject: of two articles that both say them, nothing is said."""
_CONTRACTED = re.compile("(?<=[^\\W_])['’](?=(?:ve|ll|re|d|t|m)\\b)", re.IGNORECASE)
"""The lexical model reads "I've" as "ve", which is no word to show."""

_ADJECTIVE = re.compile(r"[^ ]+(?:ese|ish|ern|raeli|rican|[a-z]{3}ian)|[^ ]+-[a-zß-ÿ][^ ]*")
"""What is made from a name and names nobody: "Israeli", "Western", "Iranian-backed"."""
_NOBODY = re.compile(r"I['’]\w+|(?:The|A|An) [A-Z0-9]+|(?:\w\.)+\w")
"""What is written like a name and is "I'm", "The 1", or an abbreviation that has lost its last stop."""
_INSIDE = re.compile(r"[a-zß-ÿ,;] ")
"""What stands before a word that is no sentence's first."""
SHORT = 100
"""Words of a text in which saying a thing once is to speak of it; in a longer one it is said twice, or on the card."""
LEAST_TERM = 3
"""Letters of a word that says something, unless it is written in capitals (EU) or in another script than Latin."""
STEM = 3
"""Letters by which two forms of one word differ at most: branch, branches."""


class ReasonText:
    """The names and words of an article's text, each computed when it is first needed.

    ``names``: case-folded form → as written, ``words`` normalised; ``whole``: that it is all there is to read,
    not only what stands on the card.
    """

    def __init__(self, article: Article | None, card: Card) -> None:
        self._card = "\n".join((card.title, *card.teasers))
        self._text = whole_text(article) if article else self._card
        self.whole = article is not None

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Case-folded form → as the text writes it first."""
        return {name.casefold(): name for name in reversed(written(self._text))}

    @cached_property
    def words(self) -> str:
        """The whole text, normalised, between spaces."""
        return f" {normalise(_CONTRACTED.sub('', self._text))} "

    def has_name(self, name: str) -> bool:
        """Say whether the text holds the name; one that is not known may."""
        return name in self.names or not self.whole

    @cached_property
    def brief(self) -> str:
        """The title and the teasers, normalised."""
        return f" {normalise(_CONTRACTED.sub('', self._card))} "

    def has_small(self, name: str) -> bool:
        """Say whether the text has a name of one word in small letters, too: then it is a word, and began a title."""
        small = name.lower()
        return (
            " " not in name
            and name not in (small, name.upper())
            and bool(re.search(rf"(?<!\w){re.escape(small)}(?!\w)", self._text))
        )

    def speaks_of(self, words: Sequence[str]) -> bool:
        """Say whether normalised ``words`` stand on the card, or are said more than in passing; unknown: they may."""
        if not self.whole:
            return True
        term = f" {' '.join(words)} "
        least = 1 if self.words.count(" ") < SHORT else 2
        return term in self.brief or self.words.count(term) >= least

    def written(self, words: Sequence[str]) -> str:
        """Return ``words`` with the capitals they always have in the text (EU, GitHub), else in small letters.

        "" if the text has them side by side only across a comma or a stop, or if they are an adjective of a name.
        """
        term = " ".join(words)
        if not self.whole:
            return term
        pattern = r"(?<!\w)" + r"(?:\s+|[-‐–])".join(map(re.escape, words)) + r"(?!\w)"
        found = list(re.finditer(pattern, self._text, re.IGNORECASE))
        if any(each.group().islower() for each in found):
            return term
        form = " ".join(found[-1].group().split()) if found else ""
        if _ADJECTIVE.fullmatch(form):
            return ""
        inside = any(_INSIDE.fullmatch(self._text[max(0, at - 2) : at]) for at in (each.start() for each in found))
        return form if inside or not form[1:].islower() else form.lower()

    def has_words(self, words: Sequence[str]) -> bool:
        """Say whether the text holds normalised ``words`` side by side; one not known may hold any single word."""
        return f" {' '.join(words)} " in self.words or not (self.whole or len(words) > 1)


def names_nobody(name: str) -> bool:
    """Say whether what is written like a name is a day, a month, or an adjective made from a name."""
    return bool(_CALENDAR.issuperset(name.casefold().split()) or _ADJECTIVE.fullmatch(name) or _NOBODY.fullmatch(name))


def says_something(words: Sequence[str], taken: Collection[str]) -> bool:
    """Say whether a term of normalised ``words`` names a subject, and one that is not made of words already taken."""
    if any(word[0].isnumeric() or word in _CALENDAR or word in _PLAIN for word in words):
        return False
    return any(word not in taken for word in words)


def too_short(words: Sequence[str], as_written: str) -> bool:
    """Say whether one of the words is of hardly any letters, unless it is written in capitals."""
    return not as_written.isupper() and any(len(word) < LEAST_TERM and word.isascii() for word in words)


def same_word(a: str, b: str) -> bool:
    """Say whether two words are one, or forms of one: the shorter begins the longer."""
    short, long = sorted((a, b), key=len)
    return short == long or (len(short) >= LEAST_TERM and long.startswith(short) and len(long) - len(short) <= STEM)
