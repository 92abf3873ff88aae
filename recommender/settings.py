"""All settings, read once from the environment (prefix ``RELATED_``); flags of the commands win."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from recommender import setting_values
from recommender.corpus.encoder import PACKAGED_MODEL
from recommender.environment import PREFIX, check_names
from recommender.errors import SettingsError, shown, without_password
from recommender.ranking.request import VERSION_DAYS


class Settings(BaseSettings):
    """What an operator may set without touching code."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", allow_inf_nan=False)

    store: Annotated[Path, BeforeValidator(setting_values.folder)] = Field(
        Path("var"), description="Folder of the catalog and the snapshots."
    )
    catalog_url: Annotated[str, AfterValidator(setting_values.database)] = Field(
        "", description="SQLAlchemy URL of the catalog; empty: SQLite inside the store."
    )
    model: str = Field(
        PACKAGED_MODEL,
        min_length=1,
        description="Embedding model: the packaged default, another model's id, a folder, or `hash`"
        " (deterministic word hashing: needs no model, for tests and lexical-only machines).",
    )
    site_url: Annotated[str, AfterValidator(setting_values.site)] = Field(
        "",
        description="Address of the site: relative addresses of articles and images are resolved against it.",
    )
    keep_snapshots: int = Field(3, ge=1, description="How many snapshots stay on disk after a publish.")
    poll_seconds: float = Field(0.5, gt=0, le=86_400, description="How often the API looks for a new snapshot.")
    max_index_age_hours: float = Field(
        0,
        ge=0,
        description="`/readyz` fails when the last build, with or without news, is longer ago; 0: never.",
    )
    max_article_age_hours: float = Field(
        0,
        ge=0,
        description="`/readyz` fails when the newest article in service, those dated ahead aside, is older; 0: never.",
    )
    min_score: float = Field(
        0.01, ge=0, le=1, description="Articles that score below are not recommended, unless a request says otherwise."
    )
    version_days: float = Field(
        VERSION_DAYS,
        ge=0,
        description="Days within which an article that tells another again, grown or mended, is a version of it and"
        " shares its place in a list; copies of a text and declared originals are of any date.",
    )
    max_age_minutes: int = Field(
        10_080, ge=0, description="Longest time in which browsers and proxies may show a list without asking again."
    )
    cache_mb: int = Field(64, ge=0, description="Memory for finished answers, per process; 0: every one is made anew.")
    cors_origins: Annotated[str, AfterValidator(setting_values.origins)] = Field(
        "",
        description="Sites whose pages may call the API from a browser: origins with commas between them, or `*`.",
    )
    docs: bool = Field(True, description="Whether `/docs` and `/openapi.json` are there.")
    pages: Literal["off", "key", "open"] = Field(
        "off",
        description="The pages for people at `/`, which show whole articles: `off`; `key`: for who logs in with an API"
        " key as the password; `open`: for everybody who reaches the server.",
    )
    site_name: str = Field("", max_length=100, description="Name of the site on its pages; empty: its address.")
    metrics: bool = Field(True, description="Whether `/metrics` is there, for Prometheus.")
    log_format: Literal["json", "plain"] = Field("json", description="How log lines are written: `json` or `plain`.")
    access_log: bool = Field(True, description="Whether every request is logged.")
    max_body_kb: int = Field(2_048, ge=1, description="Longest body of a request, in KiB.")
    cost_per_minute: int = Field(
        600,
        ge=0,
        description="What a client without a key may ask for per minute and process, and at once, in plain lists:"
        " drafts, batches and lists that take more than others are counted; 0: without limit.",
    )
    trusted_proxies: Annotated[str, AfterValidator(setting_values.proxies)] = Field(
        "", description="Addresses or networks, with commas, whose X-Forwarded-For is believed; empty: nobody's."
    )
    shutdown_seconds: int = Field(30, ge=0, description="How long requests in flight may take when the server stops.")


NAMES = frozenset(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)
"""The environment variables that are settings."""


@cache
def settings() -> Settings:
    """Return the process's settings, read from the environment on first use.

    Raises SettingsError naming every variable whose value does not fit, or the first whose name is misspelt.
    """
    check_names(os.environ, NAMES)
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(map(_told, error.errors()))) from None


def _told(problem: Mapping[str, Any]) -> str:
    """The variable, its value, and what was expected."""
    name = "_".join(map(str, problem["loc"])).upper()
    value = shown(without_password(str(problem["input"])))
    return f"{PREFIX}{name} is {value}: {EXPECTED.get(problem['type'], problem['msg'].removeprefix('Value error, '))}"


EXPECTED = {"bool_parsing": "expected true or false", "string_too_short": "expected a name, a folder, or hash"}
"""What is said in other words than pydantic's."""
