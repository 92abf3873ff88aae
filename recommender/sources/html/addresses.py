"""Which page of a set an address leads to."""

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from recommender.articles.article import MAX_URL
from recommender.articles.url import loosened, url_key_or_none

NOWHERE = "http://site.invalid"
"""Where pages of a site stand whose own address is not known."""
_INDEX = re.compile(r"(?:\A|/)index\.x?html?\Z", re.IGNORECASE)
_SCHEME = re.compile(r"\A(?!https?:)[a-zA-Z][a-zA-Z0-9+.-]*:", re.IGNORECASE)


def path_of(file: str) -> str:
    """Return the address path of a file: ``posts/x/index.html`` is served as ``/posts/x/``."""
    return "/" + _INDEX.sub(lambda match: "/" if match[0].startswith("/") else "", file).lstrip("/")


def address_of(path: str, url: str) -> str:
    """Return the absolute address of a page, one of NOWHERE if it is not known."""
    return url or NOWHERE + quote(path, safe="/%:@!$&'()*+,;=~-._")


def resolved(href: str, base: str) -> str:
    """Return the absolute http(s) address that ``href`` means, without fragment; empty if it is none."""
    href = href.strip()
    if not href or href.startswith("#") or _SCHEME.match(href) or len(href) > MAX_URL:
        return ""
    try:
        address = urljoin(base, href).partition("#")[0]
        urlsplit(address)  # raises where later it would
        return address
    except ValueError:
        return ""


def shown_address(address: str) -> str:
    """Return an address as an article names it: one of NOWHERE is a path again."""
    if not address.startswith(f"{NOWHERE}/"):
        return address
    rest = address.removeprefix(NOWHERE)
    path, mark, query = rest.partition("?")
    return unquote(path) + mark + query


@dataclass(slots=True)
class Addresses:
    """Finds pages by address: as it is written, and else by the looser form that ``loosened`` gives."""

    exact: dict[str, int]
    loose: dict[str, int | None]
    hosts: set[str]

    @classmethod
    def of(cls, addresses: list[str]) -> "Addresses":
        """Return the finder of pages whose absolute addresses these are; of several with one the first is found."""
        finder = cls({}, {}, set())
        for number, address in enumerate(addresses):
            finder.add(address, number)
        return finder

    def add(self, address: str, number: int) -> None:
        """Let page ``number`` be found under one more address."""
        key = url_key_or_none(address)
        if key is None:
            return
        self.exact.setdefault(key, number)
        loose = loosened(key)
        if self.loose.setdefault(loose, number) != number:
            self.loose[loose] = None  # several: it says of none

    def find(self, address: str) -> int | None:
        """Return the number of the page that an absolute address leads to; None if it leads out of the set."""
        key = url_key_or_none(self._here(address))
        if key is None:
            return None
        found = self.exact.get(key)
        return self.loose.get(loosened(key)) if found is None else found

    def name(self, address: str) -> str:
        """Return an address that leads out of the set as a list names it."""
        return shown_address(self._here(address))

    def _here(self, address: str) -> str:
        """An address on a host that is known to be the site's own, as one of NOWHERE."""
        if not self.hosts:
            return address
        try:
            parts = urlsplit(address)
        except ValueError:
            return address
        return (
            NOWHERE + parts._replace(scheme="", netloc="").geturl() if parts.netloc.lower() in self.hosts else address
        )


def same_path(address: str, path: str) -> bool:
    """Say whether an absolute address has this address path."""
    one = url_key_or_none(NOWHERE + (urlsplit(address).path or "/"))
    other = url_key_or_none(address_of(path, ""))
    return one is not None and other is not None and loosened(one) == loosened(other)


def folder_url(site_url: str, path: str) -> str:
    """Return the address of the page at ``path`` on the site ``site_url``, which is a folder."""
    return site_url.rstrip("/") + quote(posixpath.join("/", path.lstrip("/")), safe="/:@!$&'()*+,;=~-._")
