"""Addresses: the forms under which equal ones compare equal, and how relative ones become absolute."""

import re
import unicodedata
from functools import cache, lru_cache
from urllib.parse import SplitResult, quote, quote_plus, unquote, unquote_plus, unquote_to_bytes, urljoin, urlsplit

import idna

from recommender.articles.article import MAX_URL
from recommender.errors import ArticleError, shown

_LABEL = 63
"""Characters of a host's label that can be one (RFC 1035)."""
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_NO_HOST = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
_IGNORED = re.compile(r"utm_|.*clid\Z", re.IGNORECASE | re.DOTALL)
"""Parameters that name a campaign or a click on every site: they never tell two pages apart."""
_INDEX_FILE = re.compile(r"(?:index|default)\.(?:x?html?|shtml|php\d?|aspx?|jspx?|cgi|cfm)", re.IGNORECASE)
_LOOSE_HOSTS = ("www.", "m.", "mobile.", "amp.")
_AMP_START = re.compile(r"\A/amp(?=/)", re.IGNORECASE)
_AMP_END = re.compile(r"(?:/amp|\.amp|\.html?)\Z", re.IGNORECASE)
_LINE_BREAKS = re.compile(r"[\t\r\n]")
_PLAIN = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:[/?#][\x21-\x7e]*)?")
"""Most addresses: known to be http(s) and without credentials before they are taken apart."""
_AUTHORITY_END = re.compile(r"[/?#]")


REMEMBERED = 4_096
"""Addresses whose keys are kept: one request may ask for the same ones several times."""


def url_key(url: str) -> str:
    """Return the form of an http(s) URL under which equal addresses compare equal.

    http and https are one; so are a host with and without ``www.``, a final dot or the default port, in Unicode and in
    Punycode; percent-encodings of one text, in NFC; repeated slashes and one; a folder, with or without slash, and its
    index file. Dot segments are resolved and the query is sorted. Credentials, the fragment, and parameters that mean
    nothing on any site are dropped. The path's case is kept.

    Raises ArticleError if it is no absolute http(s) URL, or longer than MAX_URL without percent-encoding.
    """
    parts = _split(url)
    try:
        host, port = _host(parts.hostname or ""), parts.port
        path = _path(parts.path)
        query = "&".join(sorted(_parameters(parts.query)))
    except ValueError as error:
        raise ArticleError(f"url {shown(masked(url))} cannot be parsed ({error})") from None
    if not host:
        raise ArticleError(f"url {shown(masked(url))} is not an absolute http(s) URL")
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    return f"https://{netloc}{path}{'?' if query else ''}{query}"


@lru_cache(maxsize=REMEMBERED)
def url_key_or_none(url: str | None) -> str | None:
    """Return ``url_key(url)``, None if it is no absolute http(s) URL."""
    try:
        return url_key(url) if url else None
    except ArticleError:
        return None


def loose_url_key(url: str) -> str:
    """Return a looser form than ``url_key``: mobile and AMP pages and links with trackers share that of their article.

    Beyond ``url_key`` it drops the host's ``m.``, ``mobile.`` or ``amp.``, whatever marks an AMP page, the ending
    ``.html`` (a page ``a.html`` is ``a.amp.html`` as AMP), and every parameter that courlan's list knows to track
    readers. On some sites such a parameter tells pages apart: so different articles may share a loose form.

    Raises ArticleError like ``url_key``.
    """
    return loosened(url_key(url))


def loosened(key: str) -> str:
    """Return the loose form of an address that is in the form of ``url_key`` already."""
    parts = urlsplit(key)
    host = parts.netloc
    while prefix := next((p for p in _LOOSE_HOSTS if host.startswith(p) and "." in host[len(p) :]), ""):
        host = host[len(prefix) :]
    path, before = parts.path, ""
    while path != before:
        before = path
        path = _AMP_END.sub("", _AMP_START.sub("", path)).rstrip("/")
    query = "&".join(each for each in parts.query.split("&") if each and not _is_tracker(each))
    return f"https://{host}{path}{'?' if query else ''}{query}"


def is_relative(url: str) -> bool:
    """Say whether ``url`` names neither scheme nor host: it then means something only on its own site."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc


def absolute_url(url: str, site_url: str = "") -> str:
    """Return ``url`` as an absolute http(s) URL without credentials, resolved against ``site_url`` if it is relative.

    ``site_url`` is a folder, with or without its slash. Raises ArticleError if the result is no http(s) URL, or longer
    than MAX_URL.
    """
    text = _LINE_BREAKS.sub("", url).strip()
    if text.startswith("//"):
        text = f"https:{text}"
    elif text and site_url and is_relative(text):
        text = _resolved(text, site_url)
    if len(text) > MAX_URL:
        raise ArticleError(f"url is {len(text):,} characters long, the limit is {MAX_URL:,}")
    url_key(text)  # raises
    parts = urlsplit(text)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else text


def http_url(url: str | None) -> str | None:
    """Return a stored address as it may be answered: http(s) and without credentials; None where it cannot be."""
    if not url or (len(url) <= MAX_URL and _PLAIN.fullmatch(url)):
        return url or None
    try:
        return absolute_url(url)
    except ArticleError:
        return None


def masked(url: str) -> str:
    """Return ``url`` as a message may show it: without a user's name or password, even where it is no address."""
    scheme, mark, rest = url.partition("//")
    if not mark:
        scheme, mark, rest = url.partition(":")
    there = rest.lstrip("/")
    authority = _AUTHORITY_END.split(there, 1)[0]
    at = max(map(authority.rfind, ("@", "%40", "\uff20")))
    if at > 0 and (mark == "//" or ":" in authority[:at]):
        return f"{scheme}{mark}***{there[at:]}"
    return url


def has_credentials(url: str) -> bool:
    """Say whether ``url`` holds a user's name, or a password."""
    try:
        return "@" in urlsplit(url.strip()).netloc
    except ValueError:
        return False


def _resolved(url: str, site_url: str) -> str:
    site = absolute_url(site_url)
    if url.startswith(f"{urlsplit(site).netloc}/"):  # the site's own address, its scheme left out
        return f"{urlsplit(site).scheme}://{url}"
    try:
        return urljoin(site if site.endswith("/") else f"{site}/", url)
    except ValueError as error:
        raise ArticleError(f"url {shown(masked(url))} cannot be parsed ({error})") from None


def _split(url: str) -> SplitResult:
    text = url.strip()
    # A key is longer than what it is made of, by its percent-encoding, and has a key itself.
    if len(text) > MAX_URL and (len(text) > 9 * MAX_URL or len(unquote(text)) > MAX_URL):
        raise ArticleError(f"url is {len(text):,} characters long, the limit is {MAX_URL:,}")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ArticleError(f"url {shown(masked(url))} cannot be parsed ({error})") from None
    # A browser takes a backslash for a slash: it would see another host.
    if parts.scheme not in ("http", "https") or not parts.netloc or "\\" in parts.netloc:
        raise ArticleError(f"url {shown(masked(url))} is not an absolute http(s) URL")
    return parts


def _host(name: str) -> str:
    """The host in ASCII, without ``www.`` and final dot. Raises ValueError if it can be none."""
    if ":" in name:
        return f"[{name}]"
    host = ".".join(map(_label, _DOTS.split(unquote(name)))).rstrip(".")
    if _NO_HOST.search(host):
        raise ValueError(f"{name!r} is no host")
    while host.startswith("www.") and "." in host[4:]:
        host = host[4:]
    return host


def _label(label: str) -> str:
    if label.isascii():
        return label.lower()
    if len(label) <= _LABEL:
        try:
            return idna.encode(label, uts46=True).decode()
        except idna.IDNAError:
            pass  # such as an emoji: registered under older rules
    plain = unicodedata.normalize("NFKC", label).casefold()
    return plain if plain.isascii() else f"xn--{plain.encode('punycode').decode()}"


def _path(path: str) -> str:
    """Each segment in one encoding; a slash that is percent-encoded stays part of its segment."""
    found: list[str] = []
    for segment in path.split("/"):
        name = quote(_unified(segment), safe=":@!$&'()*+,;=~-._")
        if name == "..":
            del found[-1:]
        elif name not in ("", "."):
            found.append(name)
    while found and _INDEX_FILE.fullmatch(found[-1]):
        found.pop()
    return "".join(f"/{name}" for name in found)


def _parameters(query: str) -> list[str]:
    pairs = (each.replace("+", " ").partition("=") for each in query.split("&") if each)
    decoded = ((_unified(name), _unified(value)) for name, _, value in pairs)
    return [
        f"{quote_plus(name)}={quote_plus(value)}"
        for name, value in decoded
        if not _IGNORED.match(name.decode(errors="replace"))
    ]


def _unified(text: str) -> bytes:
    """What ``text`` encodes, in NFC if that is UTF-8; addresses of old sites are not always. Raises ValueError."""
    raw = unquote_to_bytes(text)
    try:
        return unicodedata.normalize("NFC", raw.decode()).encode()
    except UnicodeDecodeError:
        return raw


def _is_tracker(parameter: str) -> bool:
    name, _, value = unquote_plus(parameter).lower().partition("=")
    return name == "amp" or (name == "outputtype" and value == "amp") or bool(_trackers().search(name))


@cache
def _trackers() -> re.Pattern[str]:
    from courlan.clean import TRACKERS_RE  # here, because it loads a tenth of a second of what nobody else needs

    return TRACKERS_RE
