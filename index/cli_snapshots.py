"""The command line of the snapshots in a store: ``related-index list`` and ``prune``."""

from pathlib import Path
from typing import Annotated

import typer

from index.build import Built
from index.store.filesystem import FileSystem
from index.store.publish import locked, snapshots_folder, version_or_none
from index.store.retention import Unreadable, held, prunable, size_of
from recommender import cli_support
from recommender.cli_support import Store
from recommender.errors import NoSnapshotError, SnapshotError

REMEDY = "kept, for another release may read them; related-index prune removes them"

Versions = Annotated[list[str] | None, typer.Argument(help="Only these.", metavar="VERSION")]
Yes = Annotated[bool, typer.Option("--yes", help="Remove them; else they are only named.")]


def list_command(store: Store) -> None:
    """List the snapshots in the store, newest first, then those that cannot be read; the star is in service."""
    found = held(snapshots_folder(store))
    if not found.readable and not found.unreadable:
        raise NoSnapshotError(f"{store}: nothing is published yet; run: related-index build --store {store}")
    current = version_or_none(store)
    for m in found.readable:
        counts = f"{m.articles:,} articles, {m.stubs:,} stubs, {m.curated_lists:,} lists"
        star = _star(m.version, current)
        typer.echo(f"{star} {m.version}  {m.built_at:%Y-%m-%d %H:%M:%S}Z  {counts}, {m.index}, {m.model.name}")
    for item in found.unreadable:
        typer.echo(f"{_star(item.version, current)} {item.version}  cannot be read: {item.reason}")
    if found.unreadable:
        typer.echo(f"{_counted(found.unreadable)}: {REMEDY}")
    names = {m.version for m in found.readable} | {item.version for item in found.unreadable}
    if current in names:
        cli_support.next_step("serve it", f"related-api --store {store}")
    else:
        named = f"CURRENT names {current}, which is not here" if current else "CURRENT names none"
        raise SnapshotError(f"{store}: no snapshot is in service: {named}; run: related-index build --store {store}")


def prune(versions: Versions = None, *, store: Store, yes: Yes = False) -> None:
    """Remove snapshots that this release cannot read: of other releases, or damaged; never the one in service."""
    folder = snapshots_folder(store)
    if not folder.is_dir():
        raise NoSnapshotError(f"{store}: nothing is published yet; run: related-index build --store {store}")
    if not yes:
        _name(folder, prunable(folder, version_or_none(store), versions or ()))
        return
    with locked(store):
        found = prunable(folder, version_or_none(store), versions or ())
        for item in found:
            size = size_of(folder / item.version)
            FileSystem().remove(folder / item.version)
            cli_support.out.print(f"removed {item}, {size / 1e6:,.1f} MB", markup=False)
    if not found:
        cli_support.out.print("there is nothing to remove")


def say(built: Built) -> None:
    """Print after a build which snapshots of the store cannot be read."""
    if not built.unreadable:
        return
    before = next((item for item in built.unreadable if item.version == built.before), None)
    if before:
        cli_support.out.print(f"in service before was {before}", markup=False)
    cli_support.out.print(
        f"{_counted(built.unreadable)}: {', '.join(map(str, built.unreadable))}; {REMEDY}", markup=False
    )


def _name(folder: Path, found: tuple[Unreadable, ...]) -> None:
    for item in found:
        cli_support.out.print(f"{item}, {size_of(folder / item.version) / 1e6:,.1f} MB", markup=False)
    cli_support.out.print(f"{_counted(found)}; say --yes to remove" if found else "there is nothing to remove")


def _counted(found: tuple[Unreadable, ...]) -> str:
    return f"{len(found):,} {'snapshot' if len(found) == 1 else 'snapshots'} cannot be read"


def _star(version: str, current: str | None) -> str:
    return "*" if version == current else " "
