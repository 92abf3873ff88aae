"""How the commands open a store: its catalog, and what is served from it."""

from contextlib import closing
from pathlib import Path

from index.live.live import Live
from index.store.publish import current_version
from index.store.snapshot import Snapshot
from recommender import cli_support
from recommender.catalog import Catalog
from recommender.settings import settings


def open_catalog(store: Path) -> Catalog:
    """Open the catalog of ``store``, or the one that the settings name; say what it took to read an earlier one.

    Raises CatalogError.
    """
    catalog = Catalog.open(settings().catalog_url or store)
    if catalog.upgraded:
        cli_support.warn(str(catalog.upgraded))
    return catalog


def open_served(store: Path) -> Snapshot:
    """Return what the servers of ``store`` answer from now: its snapshot, and what was changed and decided since.

    Raises SnapshotError, CatalogError.
    """
    current_version(store)  # before a catalog is created where there is no store
    with closing(open_catalog(store)) as catalog:
        live = Live(store, catalog=catalog)
        live.refresh()
    return live.snapshot()
