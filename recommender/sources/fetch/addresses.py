"""Which URL may be fetched, and which address of a network may be connected to.

What operators and sites name must never lead into the network in which this runs (SSRF): an address counts as public
only if it is in a range that the IANA registries give out to the public.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna

from recommender.articles.article import MAX_URL
from recommender.articles.url import masked
from recommender.errors import SourceError, shown

Resolver = Callable[[str, int], Iterable[str]]
"""A host's name and a port → its addresses, in the order in which they are tried. Raises OSError."""

PORTS = {"http": 80, "https": 443}
MAX_HOST = 253
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label such as this makes browsers and C libraries read a host as an IPv4 address, in odd notations too."""
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_IDNA_DOTS = re.compile("[\u3002\uff0e\uff61]")
_UNSAFE = re.compile(r"[^\x21-\x7e]|[\"<>`{}|^]")

_IPV4_SPECIAL = tuple(
    map(
        ipaddress.IPv4Network,
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
        "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
        "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4".split(),
    )
)
_IPV6_GLOBAL = ipaddress.IPv6Network("2000::/3")
_IPV6_SPECIAL = tuple(
    map(ipaddress.IPv6Network, "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split())
)
"""Within the global range: Teredo and other protocols', documentation, 6to4, AS112."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked for, taken apart; ``host`` is in ASCII and lower case, an IPv6 address in no brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The URL in its one form, with path and query, without fragment."""
        return self.origin + self.path


def target_of(url: str, allowed: Collection[str] = ()) -> Target:
    """Return ``url`` as a Target. Raises SourceError if it may not be fetched.

    It is http(s), without a user's name, at the port of its scheme, and its host is a name, or an address in the usual
    notation. ``allowed`` (``host`` or ``host:port``) may be at the port that is named there.
    """
    try:
        parts = urlsplit(url)
        if len(url) > MAX_URL or _FORBIDDEN.search(url):
            raise ValueError(f"it is longer than {MAX_URL:,} characters, or holds blanks or control characters")
        if parts.scheme not in PORTS:
            raise ValueError("it is not http(s)")
        if "@" in parts.netloc or "%40" in parts.netloc:
            raise ValueError("it holds a user's name or password")
        host = _host(parts.netloc)
        port = parts.port or PORTS[parts.scheme]
        if port != PORTS[parts.scheme] and f"{host}:{port}" not in allowed:
            raise ValueError(f"port {port} is not the port of {parts.scheme}")
    except ValueError as error:
        raise SourceError(f"the address is not fetched: {error}", masked(url)[:MAX_URL]) from None
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, host, port, _UNSAFE.sub(_quoted, (parts.path or "/") + query))


def addresses_of(target: Target, resolver: Resolver, allowed: Collection[str] = ()) -> list[str]:
    """Return the addresses of a target's host. Raises SourceError if one of them is not public, or there is none."""
    literal = _literal(target.host)
    if literal:
        found = [str(literal)]
    else:
        try:
            found = list(dict.fromkeys(resolver(target.host, target.port)))
        except (OSError, UnicodeError) as error:
            raise SourceError(f"the host {target.host} is not found ({error})", target.url) from None
    if not found:
        raise SourceError(f"the host {target.host} has no address", target.url)
    if target.host in allowed or f"{target.host}:{target.port}" in allowed:
        return found
    for each in found:
        if not is_public(each):
            raise SourceError(f"the host {target.host} is at {each}, which is no public address", target.url)
    return found


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _IPV4_SPECIAL)
    if found.scope_id:
        return False
    if found in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found in _IPV6_GLOBAL and not any(found in network for network in _IPV6_SPECIAL)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host`` as the system knows them. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _host(netloc: str) -> str:
    """The host of ``netloc`` in one form. Raises ValueError if it is none."""
    if netloc.startswith("["):
        inner, end, rest = netloc[1:].partition("]")
        if not end or (rest and not rest.startswith(":")) or "%" in inner:
            raise ValueError(f"{shown(netloc)} is no host")
        return str(ipaddress.IPv6Address(inner))
    name = _IDNA_DOTS.sub(".", netloc.partition(":")[0])
    if netloc.count(":") > 1 or "%" in name:
        raise ValueError(f"{shown(netloc)} is no host")
    name = name.removesuffix(".").lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError as error:
            raise ValueError(f"{shown(netloc)} is no host ({error})") from None
    if len(name) > MAX_HOST or not _HOST.fullmatch(name):
        raise ValueError(f"{shown(netloc)} is no host")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return str(ipaddress.IPv4Address(name))  # refuses every notation but four decimal numbers
    return name


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _quoted(found: re.Match[str]) -> str:
    return quote(found[0], safe="")
