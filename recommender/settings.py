"""All settings, read once from the environment (prefix ``RELATED_``); flags of the commands win."""

from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from recommender.errors import SettingsError

PACKAGED_MODEL = "all-MiniLM-L6-v2"


class Settings(BaseSettings):
    """What an operator may set without touching code."""

    model_config = SettingsConfigDict(env_prefix="RELATED_", extra="ignore")

    store: Path = Field(Path("var"), description="Folder of the catalog and the snapshots.")
    catalog_url: str = Field("", description="SQLAlchemy URL of the catalog; empty: SQLite inside the store.")
    model: str = Field(
        PACKAGED_MODEL,
        description="Embedding model: the packaged default, another model's id, a folder, or `hash`"
        " (deterministic word hashing: needs no model, for tests and lexical-only machines).",
    )
    keep_snapshots: int = Field(3, ge=1, description="How many snapshots stay on disk after a publish.")
    poll_seconds: float = Field(0.5, gt=0, description="How often the API looks for a new snapshot.")


@cache
def settings() -> Settings:
    """Return the process's settings, read from the environment on first use. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(["RELATED", *map(str, first["loc"])]).upper()
        raise SettingsError(f"{name} is {first['input']!r}: {first['msg']}") from None
