"""Settings come from the environment; what does not fit, or is no setting, is named with what was meant."""

import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.environment import check_names
from recommender.errors import SettingsError
from recommender.settings import NAMES, Settings, settings

FITTING = {
    "store": "/srv/related",
    "catalog_url": "sqlite:////srv/catalog.sqlite",
    "model": "hash",
    "site_url": "https://www.example.org/news",
    "keep_snapshots": "5",
    "poll_seconds": "2.5",
    "max_index_age_hours": "24",
    "max_article_age_hours": "24",
    "min_score": "0.05",
    "version_days": "3",
    "max_age_minutes": "60",
    "cache_mb": "0",
    "cors_origins": "https://www.example.org, http://[::1]:3000",
    "docs": "false",
    "pages": "key",
    "site_name": "The Courier",
    "metrics": "no",
    "log_format": "plain",
    "access_log": "0",
    "max_body_kb": "64",
    "cost_per_minute": "0",
    "trusted_proxies": "10.0.0.5, 10.1.0.0/16,::1,fd00::/8",
    "shutdown_seconds": "5",
}
NUMBERS = {"nan": "Input should be a finite number", "often": "Input should be a valid number, unable to parse"}
WHOLE = {"2.5": "Input should be a valid integer", "": "Input should be a valid integer", "-1": "Input should be gr"}
BOOLEAN = {"ja": "expected true or false", "": "expected true or false"}
UNFIT: dict[str, dict[str, str]] = {
    "store": {"": "expected a folder", f"{__file__}/x": f"{__file__} is a file; expected a folder"},
    "catalog_url": {
        "catalog.sqlite": "expected a SQLAlchemy URL such as sqlite:////srv/catalog.sqlite",
        "postgres://a@b/c": "there is no kind of database 'postgres'; expected 'postgresql'",
        "mysql+nothing://a@b/c": "there is no kind of database 'mysql+nothing'; expected such as sqlite",
    },
    "model": {"": "expected a name, a folder, or hash"},
    "site_url": {
        "www.example.org": "expected the absolute address of a site",
        "https://user:secret@www.example.org": "expected the absolute address of a site, without user and password",
        "https://www example.org": "expected the absolute address of a site",
    },
    "keep_snapshots": {**WHOLE, "0": "Input should be greater than or equal to 1"},
    "poll_seconds": {**NUMBERS, "0": "Input should be greater than 0", "1e9": "Input should be less than or equal"},
    "max_index_age_hours": {**NUMBERS, "inf": "Input should be a finite number", "-1": "Input should be greater"},
    "max_article_age_hours": {**NUMBERS, "inf": "Input should be a finite number", "-1": "Input should be greater"},
    "min_score": {**NUMBERS, "1.5": "Input should be less than or equal to 1", "5%": "Input should be a valid number"},
    "version_days": {**NUMBERS, "-1": "Input should be greater than or equal to 0"},
    "max_age_minutes": WHOLE,
    "cache_mb": {**WHOLE, "64MB": "Input should be a valid integer"},
    "cors_origins": {
        "www.example.org": "'www.example.org' is no origin; expected such as 'https://www.example.org'",
        "https://a.example,": "'' is no origin",
        "https://a.example/": "'https://a.example/' is never sent by a browser; expected 'https://a.example'",
        "https://a.example:443": "'https://a.example:443' is never sent by a browser; expected 'https://a.example'",
        "https://A.example": "'https://A.example' is never sent by a browser; expected 'https://a.example'",
        "https://bücher.example": "is never sent by a browser; expected 'https://xn--bcher-kva.example'",
        "https://a.example,*": "'*' is no origin: '*' allows every site only if it stands alone",
        "https://*.example": "'https://*.example' is no origin: '*' allows every site only if it stands alone",
    },
    "docs": BOOLEAN,
    "pages": {"yes": "Input should be 'off', 'key' or 'open'", "": "Input should be 'off', 'key' or 'open'"},
    "site_name": {"x" * 101: "String should have at most 100 characters"},
    "metrics": BOOLEAN,
    "log_format": {"JSON": "Input should be 'json' or 'plain'", "": "Input should be 'json' or 'plain'"},
    "access_log": BOOLEAN,
    "max_body_kb": {**WHOLE, "0": "Input should be greater than or equal to 1"},
    "cost_per_minute": WHOLE,
    "trusted_proxies": {
        "proxy.example": "'proxy.example' is neither an IP address nor a network, so it would trust nobody;",
        "10.0.0.5, 10.0.0": "'10.0.0' is neither an IP address nor a network",
        "10.0.0.5,": "an entry is empty; expected IP addresses or networks with one comma between them",
        "10.0.0.5;10.0.0.6": "'10.0.0.5;10.0.0.6' is neither an IP address nor a network",
        "10.0.0.5:8000": "'10.0.0.5:8000' is neither an IP address nor a network",
        "10.0.0.5/8": "'10.0.0.5/8' is an address inside a network; expected '10.0.0.0/8'",
        "10.0.0.0/33": "'10.0.0.0/33' is neither an IP address nor a network",
        "*, 10.0.0.5": "'*' trusts everybody only if it stands alone",
        "0.0.0.0": "'0.0.0.0' is the address of no proxy; expected its own address, or '*' alone for any",
    },
    "shutdown_seconds": WHOLE,
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def refusal(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        settings()
    return str(refused.value)


def test_every_setting_has_rows_here() -> None:
    """Who adds a setting says which value fits and which does not."""
    assert set(FITTING) == set(UNFIT) == set(Settings.model_fields)


def test_defaults_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings() == Settings(store=Path("var"))
    settings.cache_clear()
    monkeypatch.setenv("RELATED_STORE", "/srv/related")
    monkeypatch.setenv("related_keep_snapshots", "5")
    assert (settings().store, settings().keep_snapshots) == (Path("/srv/related"), 5)


@pytest.mark.parametrize("name", FITTING)
def test_what_fits_is_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"RELATED_{name.upper()}", FITTING[name])
    found = getattr(settings(), name)
    assert (
        found is False
        if FITTING[name] in ("false", "no") or name == "access_log"
        else str(found) == (f"{float(FITTING[name])}" if isinstance(found, float) else FITTING[name])
    )


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in UNFIT.items() for value in values])
def test_what_does_not_fit_is_named_with_what_was_expected(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = refusal(monkeypatch, f"RELATED_{name.upper()}", value)
    whole = repr(value.replace("secret", "***"))
    cut = whole if len(whole) <= 80 else f"{whole[:77]}..."
    assert told.startswith(f"RELATED_{name.upper()} is {cut}: ")
    assert UNFIT[name][value] in told


def test_all_that_does_not_fit_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELATED_DOCS", "ja")
    told = refusal(monkeypatch, "RELATED_CACHE_MB", "much")
    assert [line.partition(" is ")[0] for line in told.splitlines()] == ["RELATED_CACHE_MB", "RELATED_DOCS"]


def test_a_password_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, "RELATED_CATALOG_URL", "postgres://user:geheim@host/x")
    assert "'postgres://user:***@host/x'" in told
    assert "geheim" not in told


def misspelt(name: str) -> set[str]:
    """Every name that is one letter away: one left out, doubled, swapped with the next, or another."""
    rng = random.Random(name)
    found = set()
    for place, letter in enumerate(name):
        other = rng.choice([each for each in string.ascii_uppercase if each != letter])
        before, after = name[:place], name[place + 1 :]
        found |= {before + after, before + letter + letter + after, before + other + after}
        found.add(before + after[:1] + letter + after[1:])
    return found - {name}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_setting_misspelt_by_one_letter_is_refused_with_the_right_one(name: str) -> None:
    wrong = misspelt(name)
    assert len(wrong) > 3 * len(name)
    for each in (*wrong, *map(str.lower, wrong)):
        with pytest.raises(SettingsError) as refused:
            check_names({"PATH": "/bin", each: "secret"}, NAMES)
        assert str(refused.value) == f"{each} is no setting; did you mean {name}? Otherwise unset it"


def test_a_name_like_no_setting_is_refused_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, "RELATED_PORT", "9000")
    assert told == f"RELATED_PORT is no setting; unset it; the settings are {', '.join(sorted(NAMES))}"


def test_one_setting_in_two_spellings_is_refused_where_they_differ() -> None:
    check_names({"RELATED_MODEL": "hash", "related_model": "hash"}, NAMES)
    with pytest.raises(SettingsError, match="^RELATED_MODEL and related_model are both set, and differ; unset one"):
        check_names({"RELATED_MODEL": "hash", "related_model": "other"}, NAMES)


def test_what_kubernetes_says_of_a_service_called_related_is_no_setting() -> None:
    links = {
        "RELATED_SERVICE_HOST": "10.0.0.11",
        "RELATED_SERVICE_PORT": "8000",
        "RELATED_SERVICE_PORT_HTTP": "8000",
        "RELATED_PORT": "tcp://10.0.0.11:8000",
        "RELATED_PORT_8000_TCP": "tcp://10.0.0.11:8000",
        "RELATED_PORT_8000_TCP_PROTO": "tcp",
        "RELATED_API_SERVICE_HOST": "10.0.0.12",
        "RELATED_API_PORT": "tcp://10.0.0.12:8000",
        "RELATED_API_PORT_8000_TCP_ADDR": "10.0.0.12",
    }
    check_names({**links, "UNRELATED_STORE_ROOM": "x", "RELATE": "x"}, NAMES)
