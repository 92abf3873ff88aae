"""Names of environment variables: what looks like a setting and is none would do nothing, in silence."""

import re
from collections.abc import Collection, Mapping

from rapidfuzz.distance import OSA

from recommender.errors import SettingsError

PREFIX = "RELATED_"
NEAREST = 0.6
"""Least similarity of a name (1 minus edits by length) to be offered as the one that was meant."""

SERVICE_LINK = re.compile(
    r"RELATED_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""What Kubernetes and Docker tell a process of a service that is called ``related`` or ``related-…``."""
LINK_ONLY = re.compile(r"RELATED_(\w+_)?(?<!SERVICE_)PORT")
LINK_VALUE = re.compile(r"(tcp|udp|sctp)://.*")


def check_names(environment: Mapping[str, str], settings: Collection[str]) -> None:
    """Refuse a variable that is no setting: one that begins with PREFIX, or is one edit away from a setting's name.

    ``settings`` are the settings' full names in upper case; case counts nothing. Raises SettingsError naming the
    variable and the nearest setting, never its value, which may be a password.
    """
    seen: dict[str, str] = {}
    for name in sorted(environment):
        upper = name.upper()
        if upper in settings:
            other = seen.setdefault(upper, name)
            if environment[other] != environment[name]:
                raise SettingsError(f"{other} and {name} are both set, and differ; unset one of them")
        elif upper.startswith(PREFIX):
            if not _links_a_service(upper, environment[name]):
                raise SettingsError(f"{name} is no setting; {_remedy(upper, settings)}")
        elif any(OSA.distance(upper, known, score_cutoff=1) <= 1 for known in settings):
            raise SettingsError(f"{name} is no setting; {_remedy(upper, settings)}")


def _remedy(name: str, settings: Collection[str]) -> str:
    skipped = len(PREFIX) if name.startswith(PREFIX) else 0  # what all begin with would make all alike
    likeness = {known: OSA.normalized_similarity(name[skipped:], known[skipped:]) for known in sorted(settings)}
    nearest = max(likeness, key=lambda known: likeness[known])
    if likeness[nearest] >= NEAREST:
        return f"did you mean {nearest}? Otherwise unset it"
    return f"unset it; the settings are {', '.join(sorted(settings))}"


def _links_a_service(name: str, value: str) -> bool:
    if not SERVICE_LINK.fullmatch(name):
        return False
    return LINK_VALUE.fullmatch(value) is not None if LINK_ONLY.fullmatch(name) else True
