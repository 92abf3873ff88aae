"""The command line of the site's rules: ``related-index rules``."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from index.cli_catalog import open_catalog, open_served
from index.live.writer import publish_rules
from index.response import default_request
from index.store.snapshot import Snapshot
from recommender import cli_support
from recommender.articles.card import Card
from recommender.cli_support import Store
from recommender.editors.rule_file import MAX_BYTES, read_rules
from recommender.editors.rule_lint import lint
from recommender.editors.rules import SiteRules
from recommender.errors import RulesError, SourceError
from recommender.sources.opened import read_regular

app = typer.Typer(help="Check, try and put in force what never stands beside what.", no_args_is_help=True)

command = cli_support.Adder(app)

File = Annotated[Path, typer.Argument(help="A file of rules, in YAML.", metavar="FILE")]
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Changed:
    """How one list would change: the article whose list it is, what leaves it, what comes."""

    card: Card
    out: tuple[Card, ...]
    new: tuple[Card, ...]


@command("related-index rules check rules.yaml --store var")
def check(file: File, *, store: Store) -> None:
    """Say what is wrong with a file of rules, and what in it has no effect on the articles there are."""
    rules = _read(file)
    directory = open_served(store).corpus.directory
    rules = rules.with_current_ids(directory.aliases)
    cards = [card for card, there in zip(directory.cards, directory.present, strict=True) if there]
    for finding in lint(rules, cards, datetime.now(UTC)):
        cli_support.warn(f"{file}: {finding}")
    cli_support.out.print(f"{file}: {_counted(rules)}", markup=False)
    cli_support.next_step("see what would change", f"related-index rules try {file} --store {store}")


@command("related-index rules try rules.yaml --store var", name="try")
def try_command(file: File, *, store: Store, limit: Annotated[int, typer.Option(min=1, max=100)] = 8) -> None:
    """Show which lists would change if the file were in force; nothing is put in force."""
    snapshot, rules = open_served(store), _read(file)
    cards = snapshot.corpus.cards
    with cli_support.item_bar("trying", len(cards)) as bar:
        changed = [each for each in _changes(snapshot, rules, limit) if bar(1) is None and each is not None]
    for each in changed[:SHOWN]:
        cli_support.out.print(Text(_label(each.card), style="bold"))
        for mark, colour, named in (("-", "red", each.out), ("+", "green", each.new)):
            for card in named:
                cli_support.out.print(Text(f"  {mark} {_label(card)}", style=colour))
    more = f", the first {SHOWN} above" if len(changed) > SHOWN else ""
    cli_support.out.print(f"{file}: {_counted(rules)}; {len(changed):,} lists would change{more}", markup=False)
    cli_support.next_step("put it in force", f"related-index rules use {file} --store {store}")


@command("related-index rules use rules.yaml --store var")
def use(file: File, *, store: Store) -> None:
    """Put a file of rules in force, in place of the one before; the servers follow at once."""
    cli_support.check_store(store)
    rules, catalog = _read(file), open_catalog(store)
    publish_rules(store, catalog, _text(file))
    catalog.close()
    cli_support.out.print(f"{file}: {_counted(rules)} in force", markup=False)
    cli_support.next_step("read it again", f"related-index rules show --store {store}")


@command("related-index rules show --store var > rules.yaml")
def show(*, store: Store) -> None:
    """Print the rules in force, as they were written."""
    cli_support.check_store(store)
    catalog = open_catalog(store)
    typer.echo(catalog.rules(), nl=False)
    catalog.close()
    cli_support.next_step("change it", f"related-index rules use FILE --store {store}")


def _changes(snapshot: Snapshot, rules: SiteRules, limit: int) -> Iterator[Changed | None]:
    """One item an article: how its list would change, None if not at all."""
    corpus, now = snapshot.corpus, datetime.now(UTC)
    request = default_request(snapshot, limit)
    tried = replace(snapshot.editorial, rules=rules.with_current_ids(corpus.directory.aliases).in_force_at(now))
    sides = snapshot.recommender, replace(snapshot.recommender, editorial=tried)
    same_tags = snapshot.editorial.rules.ignore_tags == tried.rules.ignore_tags
    for row, card in enumerate(corpus.cards):
        before, after = (list(side.editorial.rules.against(card)) for side in sides)
        if not corpus.directory.present[row] or (same_tags and before == after):
            yield None
            continue
        query = corpus.query(row)
        old, new = ([hit.row for hit in side.related(query, request)] for side in sides)
        out, come = [r for r in old if r not in new], [r for r in new if r not in old]
        if old == new:
            yield None
        else:
            yield Changed(card, tuple(corpus.cards[r] for r in out), tuple(corpus.cards[r] for r in come))


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
