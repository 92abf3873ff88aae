"""How the commands open the catalog."""

from pathlib import Path

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
