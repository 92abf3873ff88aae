"""What in a title tells the parts of a series apart: dates, part numbers, versions, ordinals, numbers.

In English, German, French and Spanish; digits and signs ("#4", "S01E02", "2024-05-03", "第3回") in any language.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from recommender.text.distinct_words import plain

REMEMBERED = 8_192
"""Titles whose markers are kept: those of the candidates of some forty lists."""

_MONTHS = (
    "january jan januar janner janvier enero",
    "february feb februar fevrier febrero",
    "march mar marz mars marzo",
    "april apr avril abril",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet julio",
    "august aug aout agosto",
    "september sept sep septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez decembre diciembre",
)
_WEEKDAYS = (
    "monday montag lundi lunes",
    "tuesday dienstag mardi martes",
    "wednesday mittwoch mercredi miercoles",
    "thursday donnerstag jeudi jueves",
    "friday freitag vendredi viernes",
    "saturday samstag sonnabend samedi sabado",
    "sunday sonntag dimanche domingo",
)
_PARTS = (
    "part parts pt teil partie parte episode ep folge episodio issue ausgabe edition edicion volume vol band tome tomo"
    " chapter kapitel chapitre capitulo week semaine semana woche kw day tag jour dia round runde ronda matchday"
    " spieltag journee jornada gameweek season staffel saison temporada stage etappe etape etapa lesson lektion lecon"
    " leccion lecture module step schritt number nummer numero no nr num n n° book session sprint entrega volet"
    " lieferung newsletter digest bulletin installment instalment fascicule heft act akt acte acto wk iss ch"
)
_NUMBERS = (  # "six" and "dix" are French, too; "neuf" and "once" mean something else far more often
    "one eins",
    "two zwei deux dos",
    "three drei trois tres",
    "four vier quatre cuatro",
    "five funf cinq cinco",
    "six sechs seis",
    "seven sieben sept siete",
    "eight acht huit ocho",
    "nine neun nueve",
    "ten zehn dix diez",
    "eleven elf onze",
    "twelve zwolf douze doce",
)
_ORDINALS = (
    "first erste erster ersten erstes premier premiere primer primera primero",
    "second zweite zweiter zweiten zweites deuxieme seconde segundo segunda",
    "third dritte dritter dritten drittes troisieme tercer tercera tercero",
    "fourth vierte vierter vierten viertes quatrieme cuarto cuarta",
    "fifth funfte funfter funften funftes cinquieme quinto quinta",
    "sixth sechste sechster sechsten sixieme sexto sexta",
    "seventh siebte siebter siebten septieme septimo septima",
    "eighth achte achter achten huitieme octavo octava",
    "ninth neunte neunter neunten neuvieme noveno novena",
    "tenth zehnte zehnter zehnten dixieme decimo decima",
    "eleventh elfte elfter elften onzieme",
    "twelfth zwolfte zwolfter zwolften douzieme",
)
_ROMAN = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split()


def _numbered(*rows: str) -> dict[str, str]:
    return {word: str(number) for number, row in enumerate(rows, start=1) for word in row.split()}


def _any(words: Iterable[str]) -> str:
    """A pattern for any of ``words``, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))


_MONTH, _WEEKDAY, _ORDINAL = _numbered(*_MONTHS), _numbered(*_WEEKDAYS), _numbered(*_ORDINALS)
_COUNT = _numbered(*_NUMBERS) | {roman: str(number) for number, roman in enumerate(_ROMAN, start=1)}
_SPELT = {word: number for word, number in _numbered(*_NUMBERS).items() if number != "1"}  # "one of them" is no count
_M, _P, _O = _any(_MONTH), _any(_PARTS.split()), _any(_ORDINAL)
_TH = r"(?:st|nd|rd|th|er|re|ere|e|eme|nde|[ao])"
_BEFORE_RELEASE = r"(?:v|version|release|build|beta|alpha|rc)\.?\s?"
_AFTER_RELEASE = r"(?:pre-?release|releases?|released|beta|alpha|rc|testing|lts|changelog)"
_PATTERN = re.compile(
    rf"""
      (?P<iso>\b(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?\b)
    | (?P<cjk>(?:(?:19|20)\d\d\s?年)?\s?\d\d?\s?月\s?\d\d?\s?日)
    | (?P<numeric>\b\d\d?[./-]\d\d?[./-](?:(?:19|20)?\d\d\b)|\b\d\d?\.\d\d?\.(?!\w))
    | \b(?P<day>\d\d?(?:\s?[-–]\s?\d\d?)?){_TH}?\.?\s(?:of\s|de\s)?(?P<month>{_M})\b
    | \b(?P<month2>{_M})\.?\s(?P<day2>\d\d?(?:\s?[-–]\s?\d\d?)?){_TH}?\b(?![.,:]?\d)
    | (?P<years>\b(?:19|20)\d\d\s?[-/–]\s?(?:(?:19|20)\d\d|\d\d)\b)
    | \bs(?P<season>\d\d?)\s?e(?P<episode>\d\d?\d?)\b
    | 第\s?(?P<nth>[\d一二三四五六七八九十百]+)
    | \b(?P<rank>\d\d?\d?){_TH}?\.?\s(?P<kind2>{_P})\b
    | \b(?P<rank2>{_O})\s(?P<kind3>{_P})\b
    | \b(?P<kind>{_P})(?:\b\.?\s?|°\s?)\#?\s?(?P<part>(?:\d+|{_any(_COUNT)})\b)(?![.,]\d)
    | \#\s?(?P<hash>\d+)\b
    | [(\[]\s?(?P<of>\d\d?\s?/\s?\d\d?|\d\d?)\s?[)\]]
    | \b{_BEFORE_RELEASE}(?P<release>\d+(?:\.\d+)*(?:[-.]?(?:rc|beta|alpha|pre|post|dev)[-.]?\d*)?)\b
    | \b(?P<release2>\d+(?:\.\d+){{2,}}(?:[-.]?(?:rc|beta|alpha|pre|post|dev)[-.]?\d*)?)\b
    | \b(?P<release3>\d+(?:\.\d+)+[-.]?(?:rc|beta|alpha)[-.]?\d*)\b
    | \b(?P<release4>\d+(?:\.\d+)+)(?=\s{_AFTER_RELEASE}\b)
    | \bq(?P<quarter>[1-4])\b
    | (?P<year>(?<![\d.,])(?:19|20)\d\d\b(?![.,]\d))
    | \b(?P<monthalone>{_M})\b
    | \b(?P<weekday>{_any(_WEEKDAY)})\b
    | \b(?P<ordinal>\d+){_TH}\b
    | \b(?P<ordinal2>\d\d?)\.(?=\s\w)
    | \b(?P<ordinal3>{_O})\b
    | (?P<number>\d+(?:[.,'’]\d+)*)
    | \b(?P<spelt>{_any(_SPELT)})\b
    | (?P<word>[^\W_]+)
    """,
    re.VERBOSE,
)
_TRAILING_ROMAN = re.compile(r"\b(?=[IVX]{2})(?P<roman>X{0,2}(?:IX|IV|V?I{0,3}))\W*$")

Facets = Mapping[str, frozenset[str]]
"""What is numbered, such as "month" or "episode" → the numbers that a title gives it."""


@dataclass(frozen=True, slots=True)
class Markers:
    """The markers of one title.

    ``dates`` by facet (year, month, day, weekday, quarter, or written in digits alone); ``parts`` by what is counted;
    ``releases`` of software; ``ordinals`` and ``numbers`` that count anything, in order; ``roman`` at the end; ``rest``
    all other words, without accents.
    """

    dates: Facets
    parts: Facets
    releases: frozenset[str]
    ordinals: tuple[str, ...]
    numbers: tuple[str, ...]
    roman: str
    rest: frozenset[str]


@lru_cache(maxsize=REMEMBERED)
def markers(title: str) -> Markers:
    """Return the markers of ``title``."""
    found: dict[str, list[str]] = defaultdict(list)
    for match in _PATTERN.finditer(plain(title)):
        for name, value in _read({key: value for key, value in match.groupdict().items() if value}):
            found[name].append(value)
    facets = {group: _facets(found, group) for group in ("date", "part")}
    last = _TRAILING_ROMAN.search(title)
    roman = last["roman"].casefold() if last and found["word"][-1:] == [last["roman"].casefold()] else ""
    return Markers(
        facets["date"],
        facets["part"],
        frozenset(found["release"]),
        tuple(found["ordinal"]),
        tuple(found["number"]),
        roman,
        frozenset(found["word"][:-1] if roman else found["word"]),
    )


def _read(groups: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what one match says: pairs of a name ("date month", "part week", "number", …) and a number as digits."""
    if kind := groups.get("kind") or groups.get("kind2") or groups.get("kind3"):
        number = groups.get("part") or groups.get("rank") or _ORDINAL[groups["rank2"]]
        yield f"part {kind}", _COUNT.get(number, number).lstrip("0")
        return
    for key, value in groups.items():
        name = key.rstrip("234")
        if name in ("iso", "cjk", "numeric"):
            yield "date digits", value
        elif name == "day":
            yield from (("date day", day.lstrip("0")) for day in re.findall(r"\d+", value))  # "3-4 May": on either
        elif name in ("year", "years", "quarter"):
            yield f"date {name.rstrip('s')}", re.sub(r"\s", "", value)
        elif name in ("month", "monthalone"):
            yield "date month", _MONTH[value]
        elif name == "weekday":
            yield "date weekday", _WEEKDAY[value]
        elif name in ("season", "episode", "nth", "hash", "of"):
            yield f"part {name}", value.replace(" ", "").lstrip("0")
        else:
            spelt = {"ordinal": _ORDINAL, "spelt": _SPELT}.get(name, {})
            yield "number" if name == "spelt" else name, spelt.get(value, value)


def _facets(found: Mapping[str, Iterable[str]], group: str) -> Facets:
    return {name.partition(" ")[2]: frozenset(of) for name, of in found.items() if name.partition(" ")[0] == group}
