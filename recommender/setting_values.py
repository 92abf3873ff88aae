"""Values of settings that would be accepted and then do nothing: what is wrong with them, in words.

Each function returns what it was given, or raises ValueError with what was expected instead.
"""

from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}


def proxies(value: str) -> str:
    """Accept ``*``, or IP addresses and networks with commas between them; nothing at all trusts nobody.

    uvicorn takes any other word for the name of a peer, and no peer has a name: such an entry trusts nobody.
    """
    if value in ("", "*"):
        return value
    for entry in (each.strip() for each in value.split(",")):
        _check_proxy(entry)
    return value


def _check_proxy(entry: str) -> None:
    if not entry:
        raise ValueError("an entry is empty; expected IP addresses or networks with one comma between them")
    if entry == "*":
        raise ValueError("'*' trusts everybody only if it stands alone")
    try:
        if "/" in entry:
            ip_network(entry)
        elif ip_address(entry).is_unspecified:
            raise ValueError(f"{entry!r} is the address of no proxy; expected its own address, or '*' alone for any")
    except ValueError as error:
        if "has host bits set" in str(error):
            meant = ip_network(entry, strict=False)
            raise ValueError(f"{entry!r} is an address inside a network; expected '{meant}'") from None
        if "is the address of no proxy" in str(error):
            raise
        raise ValueError(
            f"{entry!r} is neither an IP address nor a network, so it would trust nobody;"
            " expected addresses such as 10.0.0.5 or networks such as 10.0.0.0/8, or '*' alone"
        ) from None


def origins(value: str) -> str:
    """Accept ``*``, or origins (RFC 6454) with commas between them, as browsers send them."""
    if value in ("", "*"):
        return value
    for entry in (each.strip() for each in value.split(",")):
        if "*" in entry:
            raise ValueError(f"{entry!r} is no origin: '*' allows every site only if it stands alone")
        sent = _as_sent(entry)
        if sent is None:
            raise ValueError(f"{entry!r} is no origin; expected such as 'https://www.example.org'")
        if entry != sent:
            raise ValueError(f"{entry!r} is never sent by a browser; expected {sent!r}")
    return value


def _as_sent(entry: str) -> str | None:
    """The origin as a browser sends it: lower case, no default port, no path; None if it is none."""
    parts = _split(entry)
    if parts is None or parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        return None
    host = parts.hostname or ""
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    if ":" in host:
        return f"{parts.scheme}://[{host}]{port}"
    try:
        return f"{parts.scheme}://{host if host.isascii() else idna.encode(host, uts46=True).decode()}{port}"
    except idna.IDNAError:
        return None


def site(value: str) -> str:
    """Accept the absolute http(s) address of a site, or nothing."""
    parts = _split(value)
    if value and (parts is None or "@" in parts.netloc):
        raise ValueError("expected the absolute address of a site, without user and password: https://www.example.org")
    return value


def _split(value: str) -> SplitResult | None:
    """The parts of an http(s) address with a host; None if it is none."""
    if any(character.isspace() for character in value):
        return None
    try:
        parts = urlsplit(value)
        fits = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        return None
    return parts if fits else None


def database(value: str) -> str:
    """Accept a SQLAlchemy URL whose kind of database and driver are there, or nothing."""
    if not value:
        return value
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        dialect = make_url(value).get_dialect()
    except NoSuchModuleError:  # an ArgumentError too
        kind = value.partition(":")[0]
        hint = "'postgresql'" if kind == "postgres" else "such as sqlite or postgresql"
        raise ValueError(f"there is no kind of database {kind!r}; expected {hint}") from None
    except ArgumentError:
        raise ValueError("expected a SQLAlchemy URL such as sqlite:////srv/catalog.sqlite") from None
    try:
        dialect.import_dbapi()
    except ImportError as error:
        raise ValueError(f"the database's driver is not installed ({error}); install it, or name another") from None
    return value


def folder(value: object) -> object:
    """Accept a folder, or where one can be made."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("expected a folder")  # pathlib takes nothing for the current one
    if isinstance(value, str | Path):
        path = Path(value)
        found = next((each for each in (path, *path.parents) if each.exists()), None)
        if found is not None and not found.is_dir():
            raise ValueError(f"{found} is a file; expected a folder")
    return value
