"""The command line of the site's rules: ``related-index rules``."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from index.answer import bound
from index.cli_catalog import open_catalog
from index.live import Live
from index.publish import current_version
from index.snapshot import Snapshot
from index.writer import publish_rules
from recommender import console
from recommender.card import Card
from recommender.console import Store
from recommender.editors.rule_file import MAX_BYTES, read_rules
from recommender.editors.rule_lint import lint
from recommender.editors.rules import SiteRules
from recommender.errors import RulesError, SourceError
from recommender.related import related
from recommender.settings import settings
from recommender.sources.opened import read_regular
from recommender.wanted import Wanted

app = typer.Typer(help="Check, try and put in force what never stands beside what.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="A file of rules, in YAML.", metavar="FILE")]
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Changed:
    """How one list would change: the article whose list it is, what leaves it, what comes."""

    card: Card
    out: tuple[Card, ...]
    new: tuple[Card, ...]


@app.command()
def check(file: File, *, store: Store) -> None:
    """Say what is wrong with a file of rules, and what in it has no effect on the articles there are."""
    rules = _read(file)
    register = _served(store).corpus.register
    rules = rules.under(register.aliases)
    cards = [card for card, there in zip(register.cards, register.present, strict=True) if there]
    for finding in lint(rules, cards, datetime.now(UTC)):
        console.warn(f"{file}: {finding}")
    console.out.print(f"{file}: {_counted(rules)}", markup=False)


@app.command("try")
def try_command(file: File, *, store: Store, limit: Annotated[int, typer.Option(min=1, max=100)] = 8) -> None:
    """Show which lists would change if the file were in force; nothing is put in force."""
    snapshot, rules = _served(store), _read(file)
    cards = snapshot.corpus.cards
    with console.item_bar("trying", len(cards)) as bar:
        changed = [each for each in _changes(snapshot, rules, limit) if bar(1) is None and each is not None]
    for each in changed[:SHOWN]:
        console.out.print(Text(_label(each.card), style="bold"))
        for mark, colour, named in (("-", "red", each.out), ("+", "green", each.new)):
            for card in named:
                console.out.print(Text(f"  {mark} {_label(card)}", style=colour))
    more = f", the first {SHOWN} above" if len(changed) > SHOWN else ""
    console.out.print(f"{file}: {_counted(rules)}; {len(changed):,} lists would change{more}", markup=False)


@app.command()
def use(file: File, *, store: Store) -> None:
    """Put a file of rules in force, in place of the one before; the servers follow at once."""
    console.check_store(store)
    rules, catalog = _read(file), open_catalog(store)
    publish_rules(store, catalog, _text(file))
    catalog.close()
    console.out.print(f"{file}: {_counted(rules)} in force", markup=False)


@app.command()
def show(*, store: Store) -> None:
    """Print the rules in force, as they were written."""
    console.check_store(store)
    catalog = open_catalog(store)
    typer.echo(catalog.rules(), nl=False)
    catalog.close()


def _changes(snapshot: Snapshot, rules: SiteRules, limit: int) -> Iterator[Changed | None]:
    """One item an article: how its list would change, None if not at all."""
    corpus, now = snapshot.corpus, datetime.now(UTC)
    min_score = bound(snapshot, settings().min_score)
    wanted = Wanted(limit=limit, min_score=min_score, version_days=settings().version_days)
    sides = snapshot.editorial, replace(snapshot.editorial, rules=rules.under(corpus.register.aliases).at(now))
    same_tags = sides[0].rules.ignore_tags == sides[1].rules.ignore_tags
    for row, card in enumerate(corpus.cards):
        before, after = (list(side.rules.against(card)) for side in sides)
        if not corpus.register.present[row] or (same_tags and before == after):
            yield None
            continue
        query = corpus.query(row)
        old, new = (
            [
                hit.row
                for hit in related(query, corpus, snapshot.neighbours, snapshot.ranker, snapshot.picks, wanted, side)
            ]
            for side in sides
        )
        out, come = [r for r in old if r not in new], [r for r in new if r not in old]
        if old == new:
            yield None
        else:
            yield Changed(card, tuple(corpus.cards[r] for r in out), tuple(corpus.cards[r] for r in come))


def _served(store: Path) -> Snapshot:
    """What the servers of the store answer from now."""
    current_version(store)  # before a catalog is created where there is no store
    catalog = open_catalog(store)
    live = Live(store, catalog=catalog)
    live.refresh()
    catalog.close()
    return live.snapshot()


def _read(file: Path) -> SiteRules:
    return read_rules(_text(file), str(file))


def _text(file: Path) -> str:
    try:
        return read_regular(file, MAX_BYTES).decode("utf-8")
    except SourceError as error:
        raise RulesError(error.message, str(file)) from None
    except OSError as error:
        raise RulesError(f"cannot be read ({error.strerror})", str(file)) from None
    except UnicodeDecodeError as error:
        raise RulesError(f"is not UTF-8 ({error.reason} at byte {error.start:,})", str(file)) from None


def _counted(rules: SiteRules) -> str:
    rule_s = "rule" if len(rules.never_beside) == 1 else "rules"
    tag_s = "tag" if len(rules.ignore_tags) == 1 else "tags"
    return f"{len(rules.never_beside):,} {rule_s}, {len(rules.ignore_tags):,} ignored {tag_s}"


def _label(card: Card) -> str:
    return f"{card.id}: {card.title or next(iter(card.teasers), '')}"
