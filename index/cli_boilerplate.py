"""The command line of what is left out as boilerplate: ``related-index boilerplate``."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from index.cli_catalog import open_catalog
from index.store.publish import open_current
from recommender import cli_support
from recommender.boilerplate.boilerplate import Block, Boilerplate
from recommender.cli_support import Store
from recommender.errors import InputError

SHORT_KEY = 8
"""Hex digits of a key that are shown, and needed."""
EXCERPT = 80
"""Characters of a text that are shown after a build."""
LARGEST = 3
"""Blocks that are shown after a build: those that take most words out of the archive."""


def boilerplate(
    *,
    store: Store,
    refuse: Annotated[list[str] | None, typer.Option(metavar="KEY", help="It is content: leave it in.")] = None,
    confirm: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Leave it out, however rare.")] = None,
    undo: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Let the number of articles decide.")] = None,
) -> None:
    """List the texts that many articles share and that are left out, or decide about one; the next build obeys."""
    found = open_current(store).corpus.boilerplate  # before a catalog is created where there is no store
    catalog = open_catalog(store)
    verdicts = [
        (key, verdict) for keys, verdict in ((refuse, False), (confirm, True), (undo, None)) for key in keys or ()
    ]
    known = catalog.boilerplate_decisions()
    for keys, text, verdict in [(*_named(key, found.blocks, known), verdict) for key, verdict in verdicts]:
        catalog.decide_boilerplate(keys, verdict)
        cli_support.out.print(f"{keys[0][:SHORT_KEY]} {_quoted(text)}: {_said(verdict)}", markup=False)
    if verdicts:
        cli_support.out.print("the next build applies it: related-index build")
    else:
        _list(found, known)
        if found.blocks:
            cli_support.next_step("one that is content", f"related-index boilerplate --store {store} --refuse KEY")
    catalog.close()


def say(found: Boilerplate) -> None:
    """Print after a build what is largest of what it ``found``."""
    blocks = found.stripped
    largest = sorted(blocks, key=lambda block: (-block.articles * block.words, block.key))[:LARGEST]
    for block in largest:
        teaser, of = (" as the teaser", "") if block.in_teasers else ("", f" of {found.articles:,}")
        cli_support.out.print(
            f"left out as boilerplate: {_quoted(block.text)}{teaser} in {block.articles:,}{of} articles", markup=False
        )
    if more := len(blocks) - len(largest):
        cli_support.out.print(f"… and {more:,} more; see: related-index boilerplate")


def _named(key: str, blocks: Sequence[Block], decided: Mapping[str, bool]) -> tuple[tuple[str, ...], str]:
    """Return the keys and the text of the block that ``key`` begins the key of. Raises InputError."""
    start = key.lower()
    if len(start) >= SHORT_KEY:
        fits = [(block.keys, block.text) for block in blocks if any(each.startswith(start) for each in block.keys)]
        fits = fits or [((each,), "") for each in decided if each.startswith(start)]  # its text is in no article now
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise InputError(f"{key!r} begins the keys of {len(fits)} texts: give more of the one that is meant")
    raise InputError(f"no boilerplate has the key {key!r}; related-index boilerplate lists {len(blocks):,} with theirs")


def _list(found: Boilerplate, decided: Mapping[str, bool]) -> None:
    for block in found.blocks:
        about = f"{block.articles:,} articles, {block.words:,} words"
        notes = ("whole teaser" if block.in_teasers else "", _state(block, decided.get(block.key)))
        cli_support.out.print(", ".join((about, *filter(None, notes))), style="bold", end="  ")
        cli_support.out.print(block.key[:SHORT_KEY], style="cyan")
        cli_support.out.print(f"  {block.text}", markup=False)
    texts = "text that is" if len(found.blocks) == 1 else "texts that are"
    cli_support.out.print(f"{len(found.blocks):,} {texts} boilerplate, in {found.articles:,} articles with a body")


def _state(block: Block, decided: bool | None) -> str:
    if decided == block.decided:
        return {None: "", True: "confirmed", False: "refused"}[decided]
    return {None: "undecided", True: "confirmed", False: "refused"}[decided] + " from the next build on"


def _said(verdict: bool | None) -> str:
    if verdict is None:
        return "left out where enough articles share it"
    return "left out, however rare" if verdict else "not left out"


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= EXCERPT else text[:EXCERPT].rpartition(' ')[0] + '…'}”"
