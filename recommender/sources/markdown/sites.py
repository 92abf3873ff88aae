"""Which generator makes a site of which folder, by its settings, and what they say of addresses and languages."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import orjson

from recommender.errors import SourceError
from recommender.sources.markdown.yaml_values import YamlFault, yaml_value
from recommender.sources.opened import read_regular
from recommender.sources.tree import Tree

_HERE = PurePosixPath()
MAX_SETTINGS = 1024**2
"""Bytes."""
_NOT_SITES = frozenset(("themes", "node_modules", "vendor", "exampleSite", "examples", "public", "_site", "archetypes"))
_HUGO = re.compile(r"(?:hugo|config)\.(?:toml|ya?ml|json)")
_ZOLA = frozenset(("zola.toml", "config.toml"))
_SCRIPTS = (
    ("docusaurus", re.compile(r"docusaurus\.config\.[cm]?[jt]s")),
    ("astro", re.compile(r"astro\.config\.[cm]?[jt]s")),
    ("eleventy", re.compile(r"\.eleventy\.[cm]?js|eleventy\.config\.[cm]?[jt]s")),
)
_PROPERTY = r"(?<![\w.'\"-])['\"]?{}['\"]?\s*:\s*['\"`]([^'\"`\n$]*)['\"`]"
_ROUTE = re.compile(r"\b(docs|blog)['\"]?\s*:\s*\{[^{}]{0,2000}?\brouteBasePath['\"]?\s*:\s*['\"]([^'\"\n]*)['\"]")
_SCRIPT_KEYS = ("url", "baseUrl", "site", "base", "defaultLocale", "pathPrefix", "input")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")


@dataclass(frozen=True, slots=True)
class Site:
    """A generator's site. ``root``: its folder, from the tree's; ``generator`` is "" where none is known.

    ``content``: the folder of its pages, from ``root``. ``origin`` and ``base``: its address, parted before the path,
    "" where it is not known; neither ends in a slash. ``language`` is the one in which pages are that name none.
    """

    root: PurePosixPath = _HERE
    generator: str = ""
    content: PurePosixPath = _HERE
    origin: str = ""
    base: str = ""
    language: str = ""
    languages: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def url(self, address: str) -> str:
        """Return the URL of what is at ``address`` (from the site's root), "" where the site's own is not known."""
        return f"{self.origin}{self.base}{address}" if self.origin else ""

    def address(self, url: str) -> str:
        """Return the address on this site that ``url`` is, "" if it is elsewhere."""
        try:
            parts = urlsplit(url)
            same = bool(self.origin) and _host(parts.netloc) == _host(urlsplit(self.origin).netloc)
        except ValueError:
            return ""
        if not same or (self.base and not f"{parts.path}/".startswith(f"{self.base}/")):
            return ""
        return parts.path[len(self.base) :] or "/"


def is_language(text: str) -> bool:
    """Say whether ``text`` has the form of a language's tag."""
    return _LANGUAGE.fullmatch(text) is not None


def sites_of(tree: Tree, site_url: str) -> dict[PurePosixPath, Site]:
    """Return the sites in ``tree`` by their folders. ``site_url``, if there is one, is taken for their address."""
    found: dict[PurePosixPath, Site] = {}
    files = [PurePosixPath(file.as_posix()) for file in tree.files]
    names = frozenset(files)
    for file in files:
        if len(file.parts) > 6 or not _NOT_SITES.isdisjoint(file.parts):
            continue
        settings, generator, root = _recognised(tree, file)
        if generator and root not in found:
            found[root] = _site(root, generator, settings, site_url, names)
    if PurePosixPath() not in found:
        posts = any("_posts" in file.parts[:-1] for file in files if not any(_within(file, root) for root in found))
        kind = "jekyll" if posts or tree.root.name == "_posts" else ""
        # Without settings nothing is known of addresses, but its way to write posts is.
        found[PurePosixPath()] = Site(generator=kind and "_posts", origin="", base="")
    return found


def site_of(sites: Mapping[PurePosixPath, Site], file: PurePosixPath) -> Site:
    """Return the site to which ``file`` belongs."""
    return next(sites[folder] for folder in file.parents if folder in sites)


def _within(file: PurePosixPath, root: PurePosixPath) -> bool:
    return root in file.parents


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower().removeprefix("www.")


def _recognised(tree: Tree, file: PurePosixPath) -> tuple[Mapping[str, Any], str, PurePosixPath]:
    """Return the settings in ``file``, the generator whose they are and its folder; "" if they are none's."""
    name, folder = file.name, file.parent
    for generator, pattern in _SCRIPTS:
        if pattern.fullmatch(name):
            return _of_script(_text(tree, file)), generator, folder
    if name in ("_config.yml", "_config.yaml", "_config.toml"):
        settings = _settings(tree, file)
        hexo = "public_dir" in settings or "source_dir" in settings
        return settings, "hexo" if hexo else "jekyll", folder
    if name in ("mkdocs.yml", "mkdocs.yaml"):
        return _settings(tree, file), "mkdocs", folder
    if name in ("_quarto.yml", "_quarto.yaml"):
        return _settings(tree, file), "quarto", folder
    if name in _ZOLA and "base_url" in (settings := _settings(tree, file)):
        return settings, "zola", folder
    if _HUGO.fullmatch(name):
        settings = {key.lower(): value for key, value in _settings(tree, file).items()}
        if folder.parts[-2:] == ("config", "_default"):
            return settings, "hugo", folder.parent.parent
        known = {"baseurl", "languagecode", "contentdir", "permalinks", "theme", "defaultcontentlanguage", "module"}
        if name.startswith("hugo.") or known & set(settings):
            return settings, "hugo", folder
    return {}, "", folder


def _text(tree: Tree, file: PurePosixPath) -> str:
    try:
        return read_regular(tree.path(Path(file)), MAX_SETTINGS).decode("utf-8-sig", errors="replace")
    except (OSError, SourceError):
        return ""


def _settings(tree: Tree, file: PurePosixPath) -> Mapping[str, Any]:
    """The settings in ``file``; none, if it cannot be read."""
    text = _text(tree, file)
    try:
        if file.suffix == ".toml":
            value: Any = tomllib.loads(text)
        elif file.suffix == ".json":
            value = orjson.loads(text)
        else:
            value = yaml_value(text, lenient=True)
    except (ValueError, RecursionError, YamlFault):
        return {}
    return value if isinstance(value, dict) else {}


def _of_script(text: str) -> dict[str, Any]:
    """What a script sets to plain texts."""
    found: dict[str, Any] = {}
    for key in _SCRIPT_KEYS:
        if match := re.search(_PROPERTY.format(key), text):
            found[key] = match[1]
    found["routes"] = dict(_ROUTE.findall(text))
    if "input" not in found and (match := re.search(r"setInputDirectory\(\s*['\"]([^'\"\n]*)['\"]", text)):
        found["input"] = match[1]
    return found


def _site(
    root: PurePosixPath, generator: str, settings: Mapping[str, Any], site_url: str, names: Iterable[PurePosixPath]
) -> Site:
    first = _first_text
    address = {
        "hugo": first(settings, "baseurl"),
        "jekyll": first(settings, "url") + _slashed(first(settings, "baseurl")),
        "hexo": first(settings, "url"),
        "zola": first(settings, "base_url"),
        "mkdocs": first(settings, "site_url"),
        "quarto": first(settings.get("website") or settings.get("book"), "site-url"),
        "docusaurus": first(settings, "url").rstrip("/") + _slashed(first(settings, "baseUrl")),
        "astro": first(settings, "site").rstrip("/") + _slashed(first(settings, "base")),
        "eleventy": first(settings, "url") + _slashed(first(settings, "pathPrefix")),
    }[generator]
    content = {
        "hugo": first(settings, "contentdir") or "content",
        "zola": "content",
        "mkdocs": first(settings, "docs_dir") or "docs",
        "jekyll": first(settings, "source"),
        "hexo": first(settings, "source_dir") or "source",
        "eleventy": first(settings, "input"),
    }.get(generator, "")
    origin, base = _parted(site_url, address)
    language, languages = _languages(settings)
    folder = PurePosixPath(*(part for part in PurePosixPath(content).parts if part not in ("/", "..")))
    return Site(root, generator, folder, origin, base, language, languages, settings)


def _languages(settings: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    named = settings.get("languages")
    languages = frozenset(key for key in named if is_language(key)) if isinstance(named, dict) else frozenset()
    theme = settings.get("theme")
    keys = ("defaultcontentlanguage", "default_language", "defaultLocale", "lang", "language", "languagecode", "locale")
    default = _first_text(settings, *keys) or _first_text(theme, "language")
    return default if is_language(default) else "", languages


def _parted(site_url: str, address: str) -> tuple[str, str]:
    """Origin and path of the site: what the operator says, and of the settings only what that leaves open."""
    for url in (site_url, address):
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname and parts.hostname != "localhost":
            path = parts.path.rstrip("/")
            if url == site_url and not path:
                path = _path_of(address)
            return f"{parts.scheme}://{parts.netloc}", path
    return "", _path_of(address)


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path.rstrip("/")
    except ValueError:
        return ""


def _slashed(path: str) -> str:
    path = path.strip("/")
    return f"/{path}" if path else ""


def _first_text(settings: object, *keys: str) -> str:
    if isinstance(settings, dict):
        for key in keys:
            if isinstance(value := settings.get(key), str):
                return value.strip()
    return ""
