"""The line that says why an article is in a list: one idea once, what the texts show before what was computed."""

from collections.abc import Iterator, Sequence

from recommender.ranking.hits import Source
from recommender.ranking.signals import SIGNALS
from recommender.text import normalise

NEAR = 7
"""Days apart that are worth a word."""
CLOSE = {"closeness": 30, "same_year": 366}
"""Days apart of which the words for a signal of time are true; it may add to a score for less far than others, too."""
IDEAS = 2
"""Ideas that are given at most where the texts show nothing."""
NAMES, TERMS, TAGS = 3, 3, 2
"""How many of each are in the line."""

PHRASES = {
    "tfidf": "many words in common",
    "fused": "the same broad topic",
    "body_body": "similar in meaning over the whole story",
    "body_teaser": "its summary is close in meaning to the whole story",
    "passage_passage": "a part of one is close in meaning to a part of the other",
    "passage_title": "its title is close in meaning to a part of the story",
    "brief_in_text": "the words of its title and summary occur in the story",
    "title_in_text": "words of its title occur in the story",
    "names": "some of the same names",
    "tags": "some of the same tags",
    "section": "in the same section",
    "closeness": "published within a month of each other",
    "same_year": "published within a year of each other",
    "listed_by_neighbours": "editors listed it beside similar articles",
    "lists_neighbours": "its own editor's list holds this story or similar ones",
    "list_popularity": "editors listed it before",
}
"""What it means in words that a signal added to the score."""
_IDEA = {"titles": "words", "fused": "meaning", "vectors": "meaning", "passages": "meaning"}
"""The groups of signals that say one thing to a reader, under one name; any other group is an idea of its own."""
_STANDS = {
    Source.PINNED: "an editor put it here",
    Source.FALLBACK: "it fills the list up: one of the latest that may stand here",
}


def line(
    source: Source,
    shared: tuple[Sequence[str], Sequence[str], Sequence[str]],
    picked_by: int,
    strongest: Sequence[str],
    days_apart: float | None,
) -> str:
    """Return why an article is there, in a line that is never empty and begins with a capital.

    ``shared`` are names, terms and tags of both articles, the best first; ``picked_by`` counts lists of similar
    articles that hold it. What the signals ``strongest`` mean is said only if there is nothing else, and at most IDEAS
    of them; ``days_apart`` calendar days from the query to the article, None where unknown, if they are NEAR.
    """
    near = days_apart is not None and abs(days_apart) <= NEAR
    said = [_STANDS[source]] if source in _STANDS else []
    if both := _both(*shared):
        said.append(f"both {both}")
    if picked_by:
        articles = "a similar article" if picked_by == 1 else f"{picked_by} similar articles"
        said.append(f"editors listed it beside {articles}")
    said = said or list(_ideas(strongest, days_apart, near=near))[:IDEAS]
    if near and days_apart is not None:
        said.append(_when(int(days_apart)))
    text = " ".join("; ".join(said or ["among the nearest articles there are"]).split())
    return text[0].upper() + text[1:]


def _both(names: Sequence[str], terms: Sequence[str], tags: Sequence[str]) -> str:
    names, terms = names[:NAMES], terms[:TERMS]
    told = {word for text in (*names, *terms) for word in normalise(text).split()}
    tags = [tag for tag in tags if not told.issuperset(normalise(tag).split())][:TAGS]
    parts = [
        f"{verb} {_listed(items)}"
        for verb, items in (("name", names), ("speak of", terms), ("are tagged", tags))
        if items
    ]
    *most, last = parts or [""]
    if len(parts) < 3 and len(names) < 2 and len(terms) < 2:
        return " and ".join(parts)
    return ", ".join((*most, f"and {last}")) if most else last


def _ideas(strongest: Sequence[str], days_apart: float | None, *, near: bool) -> Iterator[str]:
    """Yield the words of each signal that says something new and true; not of time, where the days are said anyway."""
    had = {"time"} if near else set[str]()
    for name in strongest:
        idea = _IDEA.get(SIGNALS[name].group, SIGNALS[name].group)
        true = name not in CLOSE or (days_apart is not None and abs(days_apart) <= CLOSE[name])
        if true and idea not in had:
            had.add(idea)
            yield PHRASES[name]


def _listed(items: Sequence[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def _when(days: int) -> str:
    if not days:
        return "published on the same day"
    return f"published {abs(days)} day{'s' if abs(days) > 1 else ''} {'later' if days > 0 else 'earlier'}"
