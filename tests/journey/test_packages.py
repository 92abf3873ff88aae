"""Packages: what one exports is not hidden by a module of its own that has the same name."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = sorted(
    path.parent.relative_to(ROOT)
    for top in ("recommender", "index", "api", "eval")
    for path in (ROOT / top).rglob("__init__.py")
)


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_no_module_has_the_name_of_what_its_package_exports(package: Path) -> None:
    exported = getattr(import_module(".".join(package.parts)), "__all__", ())
    modules = {path.stem for path in (ROOT / package).iterdir()}
    assert not modules.intersection(exported)
