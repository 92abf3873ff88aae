"""How sources are to be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """``curated_key`` names the key of curated lists; ``site_url``, if given, is what relative addresses start from."""

    curated_key: str = "related"
    site_url: str = ""
