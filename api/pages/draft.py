"""A text that is not published yet: what is related, what tells it already, and which words of it could link."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from fastapi import Request

from api.related import request_of, texts_of
from api.requests import Draft, RelatedParams
from index.live.served_encoder import ServedEncoder
from index.response import RelatedToDraft, answer_to_draft
from index.store.snapshot import Snapshot
from recommender.articles import http_url, parse_article
from recommender.articles.card import Card
from recommender.explain.links import link_phrases
from recommender.text.stop_words import list_languages


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the draft's text; ``place``: from 1, the item of the list that it could link to."""

    text: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One link: the item's place and card, and the phrase that could carry it, None where the draft has none."""

    place: int
    card: Card
    phrase: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said of a draft: its list with the cards of its items, paragraphs with their phrases, the links."""

    related: RelatedToDraft
    cards: Sequence[Card]
    paragraphs: Sequence[Sequence[Piece]]
    suggestions: Sequence[Suggestion]

    @property
    def html(self) -> str:
        """The draft as HTML, with the links in their phrases."""
        urls = {each.place: http_url(each.card.url) for each in self.suggestions}
        return "\n".join(f"<p>{''.join(_html(piece, urls) for piece in pieces)}</p>" for pieces in self.paragraphs)


def about(request: Request, snapshot: Snapshot, draft: Draft, params: RelatedParams) -> Answered:
    """Return what is related to ``draft`` and where it could link. Raises ArticleError, EncoderError."""
    drafts: ServedEncoder = request.app.state.drafts
    given = draft.model_dump(mode="json", exclude_none=True)
    record = parse_article({**given, "id": "draft"}, site_url=request.app.state.config.site_url)
    article = replace(record.article, id="")
    query = snapshot.corpus.draft(article, drafts.encoder(snapshot.manifest.model))
    wanted = request_of(request, snapshot, params)
    related = answer_to_draft(snapshot, query, wanted, texts_of(request, snapshot, article))
    cards = [snapshot.corpus.cards[snapshot.corpus.row(item.id)] for item in related.items]
    text = str(given.get("body", "")).replace("\r\n", "\n").strip()
    linked = [(place, card) for place, card in enumerate(cards, start=1) if http_url(card.url)]
    rarity = snapshot.corpus.lexicon.words.rarity(list_languages(article.language, text))
    phrases = link_phrases(text, [card for _, card in linked], rarity)
    found = [(phrase, place) for phrase, (place, _) in zip(phrases, linked, strict=True) if phrase]
    places = {phrase.start: (phrase.end, place) for phrase, place in found}
    suggestions = [
        Suggestion(place, card, text[phrase.start : phrase.end] if phrase else None)
        for phrase, (place, card) in zip(phrases, linked, strict=True)
    ]
    return Answered(related, cards, _paragraphs(text, places), suggestions)


def _paragraphs(text: str, places: dict[int, tuple[int, int]]) -> list[list[Piece]]:
    """Cut ``text`` into paragraphs, each cut where a phrase begins and ends; ``places``: start → (end, place)."""
    found: list[list[Piece]] = [[]]
    at = 0
    for start, (end, place) in sorted(places.items()):
        _add(found, text[at:start])
        found[-1].append(Piece(text[start:end], place))
        at = end
    _add(found, text[at:])
    return [pieces for pieces in found if any(piece.text.strip() for piece in pieces)]


def _add(found: list[list[Piece]], text: str) -> None:
    for number, part in enumerate(text.split("\n")):
        if number:
            found.append([])
        if part:
            found[-1].append(Piece(part))


def _html(piece: Piece, urls: dict[int, str | None]) -> str:
    text = escape(piece.text)
    url = urls.get(piece.place or 0)
    return f'<a href="{escape(url)}">{text}</a>' if url else text
