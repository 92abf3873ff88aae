"""Settings come from the environment; what does not fit is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.errors import SettingsError
from recommender.settings import Settings, settings


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_defaults_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"RELATED_{name.upper()}", raising=False)
    assert settings() == Settings(store=Path("var"))
    settings.cache_clear()
    monkeypatch.setenv("RELATED_STORE", "/srv/related")
    monkeypatch.setenv("RELATED_KEEP_SNAPSHOTS", "5")
    assert (settings().store, settings().keep_snapshots) == (Path("/srv/related"), 5)
    settings.cache_clear()


@pytest.mark.parametrize(("name", "value"), [("RELATED_KEEP_SNAPSHOTS", "0"), ("RELATED_POLL_SECONDS", "often")])
def test_what_does_not_fit_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name} is '{value}': Input should be "):
        settings()
