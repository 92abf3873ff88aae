"""The texts of a snapshot, all JSON: which files they are, how they are written and read back."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from index.store.arrays import Terms
from recommender.articles.card import Card
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.corpus.corpus import Corpus
from recommender.editors.documents import editorial_document, editorial_of
from recommender.editors.overrides import Editorial
from recommender.errors import RulesError, SnapshotError
from recommender.text.stop_words import LANGUAGES, lists_version

CARDS, LISTS, ALIASES, TERMS = "cards.jsonl", "lists.json", "aliases.json", "terms.json"
EDITORIAL, BOILERPLATE = "editorial.json", "boilerplate.json"
TEXTS = (CARDS, LISTS, ALIASES, TERMS, EDITORIAL, BOILERPLATE)

Lists = Mapping[str, tuple[str, ...]]
"""Curated lists: by article id, the ids or URLs that an editor picked."""

_CARD = TypeAdapter(Card)
_STRINGS = TypeAdapter(dict[str, tuple[str, ...]])
_ALIASES = TypeAdapter(dict[str, str])
_BOILERPLATE = TypeAdapter(Boilerplate)


def texts_of(corpus: Corpus, lists: Lists, editorial: Editorial) -> dict[str, bytes]:
    """Return the texts of a build by file name, as they are to be written."""
    lexicon = corpus.lexicon
    terms = {
        "terms": lexicon.words.terms,
        "stop_words": lexicon.words.stop_words,
        "languages": lexicon.words.languages,
        "function_words": (lists_version(),),
        "names": lexicon.names.terms,
        "tags": lexicon.tags.terms,
    }
    return {
        CARDS: b"".join(orjson.dumps(card, option=orjson.OPT_APPEND_NEWLINE) for card in corpus.cards),
        LISTS: orjson.dumps(lists),
        ALIASES: orjson.dumps(dict(corpus.directory.aliases)),
        TERMS: orjson.dumps(terms),
        EDITORIAL: orjson.dumps(editorial_document(editorial)),
        BOILERPLATE: orjson.dumps(corpus.boilerplate),
    }


def read_cards(folder: Path, count: int) -> tuple[Card, ...]:
    """Return the cards in ``folder``. Raises SnapshotError unless they are ``count``, of distinct ids, in order."""
    cards = tuple(_CARD.validate_json(line, strict=True) for line in (folder / CARDS).read_bytes().splitlines())
    ids = [card.id for card in cards]
    if len(cards) != count or any(a >= b for a, b in pairwise(ids)):
        raise SnapshotError(f"{folder / CARDS}: expected {count:,} cards with distinct ids in order")
    return cards


def read_lists(folder: Path) -> Lists:
    """Return the curated lists."""
    return _STRINGS.validate_json((folder / LISTS).read_bytes())


def read_aliases(folder: Path) -> dict[str, str]:
    """Return the aliases: former id or alias → id."""
    return _ALIASES.validate_json((folder / ALIASES).read_bytes())


def read_boilerplate(folder: Path) -> Boilerplate:
    """Return the boilerplate that was left out at the build."""
    return _BOILERPLATE.validate_json((folder / BOILERPLATE).read_bytes(), strict=True)


def read_terms(folder: Path) -> Terms:
    """Return the terms. Raises SnapshotError if they were made with other stop words or for unknown languages."""
    path = folder / TERMS
    terms = _STRINGS.validate_json(path.read_bytes())
    if terms["function_words"] != (lists_version(),):
        raise SnapshotError(f"{path}: built with other stop words; build again")
    if not set(terms["languages"]).issubset(LANGUAGES):
        raise SnapshotError(f"{path}: languages are {terms['languages']}, expected some of {LANGUAGES}")
    return terms


def read_editorial(folder: Path) -> Editorial:
    """Return what editors decided. Raises SnapshotError if it cannot be read as that."""
    path = folder / EDITORIAL
    try:
        return editorial_of(orjson.loads(path.read_bytes()))
    except (ValueError, RulesError) as error:
        raise SnapshotError(f"{path}: cannot be read as what editors decided ({error})") from error
