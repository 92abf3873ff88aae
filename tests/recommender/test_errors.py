"""The tree of errors is the one the module draws."""

import inspect
import re

import pytest

from recommender import errors
from recommender.errors import ArticleError, InputError, RecommenderError, SourceError

DEFINED = {name: value for name, value in vars(errors).items() if inspect.isclass(value)}


def drawn() -> dict[str, str]:
    """Name → parent's name, read off the drawing."""
    parents, path = {}, []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+)( |$)", line):
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            if depth:
                parents[found[2]] = path[depth - 1]
    return parents


def test_the_tree_is_as_drawn() -> None:
    actual = {name: value.__base__.__name__ for name, value in DEFINED.items() if value is not RecommenderError}
    assert drawn() == actual
    assert len(actual) >= 12


def test_every_error_is_public_and_says_what_it_means() -> None:
    assert sorted(DEFINED) == errors.__all__
    assert all(issubclass(value, RecommenderError) and value.__doc__ for value in DEFINED.values())


@pytest.mark.parametrize("kind", [InputError, ArticleError, SourceError])
def test_an_error_of_the_input_names_its_place(kind: type[InputError]) -> None:
    placed, bare = kind("title is 7, expected a string", "a.jsonl:3"), kind("title is 7")
    assert (str(placed), placed.message, placed.place) == (
        "a.jsonl:3: title is 7, expected a string",
        "title is 7, expected a string",
        "a.jsonl:3",
    )
    assert (str(bare), bare.place) == ("title is 7", "")
