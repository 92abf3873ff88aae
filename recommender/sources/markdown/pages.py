"""Which files of a tree are pages, and what their paths say: the language, the date, the folder."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from recommender.sources.markdown.front_matter import FrontMatter
from recommender.sources.markdown.sites import Site
from recommender.sources.markdown.slugs import DATED

SUFFIXES = frozenset((".md", ".mdx", ".markdown", ".mkd", ".mkdn", ".mdown", ".qmd", ".rmd"))
OTHER_SUFFIXES = {".adoc": "AsciiDoc", ".asciidoc": "AsciiDoc", ".rst": "reStructuredText", ".org": "Org"}
LANGUAGES = frozenset(
    """
    af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja jp ka kk km kn
    ko ku ky lo lt lv mk ml mn mr ms my nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur uz vi
    zh
    """.split()
)

_GENERATED = frozenset(("public", "_site", "build", "dist", "resources", "site", ".docusaurus"))
_OF_THE_GENERATOR = frozenset(("layouts", "archetypes", "themes", "templates", "vendor", "assets", "static", "data"))
_ABOUT_THE_REPOSITORY = re.compile(
    r"(?:readme|license|licence|changelog|changes|history|contributing|code[_-]of[_-]conduct|security|authors|codeowners"
    r"|pull_request_template|issue_template)",
    re.IGNORECASE,
)
_LIST_LAYOUTS = frozenset("home archive archives tags tag categories category search list".split())
_REGION = re.compile(r"([a-z]{2})(?:[-_][A-Za-z]{2,4})?")


@dataclass(frozen=True, slots=True)
class Where:
    """What a page's path says. ``path``: below the site's folder of pages, without suffix; ``language``: "" if none.

    ``in_name``: the language stood in the file's name, and is not in ``path``. ``story``: the path without language, by
    which translations find each other. ``left_out``: why it is no article, "" if it may be one.
    """

    path: PurePosixPath
    is_index: bool = False
    language: str = ""
    in_name: bool = False
    story: str = ""
    categories: tuple[str, ...] = ()
    left_out: str = ""


def where(site: Site, file: PurePosixPath, beside: int, has_index: bool) -> Where:
    """Return what the path of ``file``, from the site's root, says.

    ``beside``: how many pages are in its folder or below, the folder's index not counted; ``has_index``: it has one.
    """
    if kind := _unread(site, file):
        return Where(file, left_out=kind)
    inside = _inside(site, file)
    if inside is None:
        return Where(file, left_out="a file outside of the site's folder of pages")
    path, language = inside
    stem, in_name = path.stem, False
    name, _, code = stem.rpartition(".")
    if name and _is_language(code, site):
        stem, language, in_name = name, code, True
    kind = "" if stem != "_index" else "a page of links to others (_index.md)"
    is_index = stem.lower() == "index" or (stem.lower() == "readme" and site.generator in ("mkdocs", "docusaurus"))
    if is_index and not kind:
        kind = _index_kind(site, path, beside)
    elif not kind and site.generator == "hugo" and has_index and not is_index:
        kind = "a part of another page (beside an index.md)"
    elif not kind and _ABOUT_THE_REPOSITORY.fullmatch(stem):
        kind = "a file about the repository"
    elif not kind and stem == "404":
        kind = "an error page"
    parts = [*path.parts[:-1], *([] if is_index else [stem])]
    story = parts
    if not in_name:
        language, parts, story = _by_folder(site, parts, language)
    categories: tuple[str, ...] = ()
    if "_posts" in parts:
        at = parts.index("_posts")
        categories = tuple(parts[:at])
        parts = parts[:at] + parts[at + 1 :] if site.generator == "jekyll" else parts[at + 1 :]
    return Where(PurePosixPath(*parts), is_index, language, in_name, "/".join(story).lower(), categories, kind)


def unread_by_front_matter(site: Site, matter: FrontMatter) -> str:
    """Return why a page is no article by its front matter, "" if it may be one."""
    if matter.says("draft", truth=True) or matter.says("published", truth=False) or matter.says("publish", truth=False):
        return "a draft"
    status = matter.text("status").lower()
    if status in ("draft", "private", "hidden", "pending"):
        return "a draft"
    if matter.says("unlisted", truth=True):
        return "an unlisted page"
    if matter.first("redirect_to"):
        return "a page that leads on to another address"
    build = matter.first("build", "_build")
    if matter.says("headless", truth=True) or (isinstance(build, dict) and build.get("render") in ("never", False)):
        return "a page without an address of its own"
    if matter.says("permalink", truth=False) and site.generator == "eleventy":
        return "a page without an address of its own"
    if matter.text("layout").lower() in _LIST_LAYOUTS:
        return "a page of links to others (by its layout)"
    return ""


def _unread(site: Site, file: PurePosixPath) -> str:
    folders = file.parts[:-1]
    if "_drafts" in folders:
        return "a draft"
    first = folders[0] if folders else ""
    is_content = bool(site.content.parts) and first == site.content.parts[0]
    if not is_content and first in _GENERATED:
        return "a page that the generator wrote"
    if any(
        name in ("_includes", "_layouts", "node_modules", "_site", "_data", "_sass", "_partials") for name in folders
    ):
        return "a file of the generator's own"
    if not is_content and first in _OF_THE_GENERATOR and site.generator not in ("docusaurus",):
        return "a file of the generator's own"
    if first in ("versioned_docs",) or "versioned_docs" in folders:
        return "an older version of a page"
    if site.generator in ("docusaurus", "astro") and (file.name.startswith("_") or any(f[0] == "_" for f in folders)):
        return "a file of the generator's own"
    if site.generator == "jekyll":
        unread = [
            name for name in folders if name[0] in "_." and name != "_posts" and not _is_collection(site, name[1:])
        ]
        return "a file of the generator's own" if unread else ""
    return ""


def _is_collection(site: Site, name: str) -> bool:
    known = site.settings.get("collections")
    return name in known if isinstance(known, dict | list) else False


def _inside(site: Site, file: PurePosixPath) -> tuple[PurePosixPath, str] | None:
    """Return the path below the site's folder of pages and the language, None if it is elsewhere."""
    parts = file.parts
    if site.generator == "docusaurus" and parts[0] == "i18n" and len(parts) > 3:
        kind = "blog" if parts[2].endswith("-blog") else "docs" if parts[2].endswith("-docs") else ""
        rest = parts[4:] if parts[3] == "current" else parts[3:]
        return (PurePosixPath(kind, *rest), parts[1]) if kind and rest else None
    if not site.content.parts:
        return file, ""
    try:
        return file.relative_to(site.content), ""
    except ValueError:
        return None


def _index_kind(site: Site, path: PurePosixPath, pages: int) -> str:
    """An index file alone in its folder is a page with its pictures; among other pages, a list of them."""
    if len(path.parts) == 1:
        return "a page of links to others (index.md)"
    return "" if not pages or site.generator == "hugo" else "a page of links to others (index.md)"


def _by_folder(site: Site, parts: list[str], language: str) -> tuple[str, list[str], list[str]]:
    """Return the language, the parts of the path, and those of the story."""
    at = 3 if site.generator == "astro" and parts[:2] == ["src", "content"] else 0
    if language or len(parts) <= at + 1 or not _is_language(parts[at], site):
        return language, parts, parts
    code, story = parts[at], parts[:at] + parts[at + 1 :]
    languages = site.settings.get("languages")
    own = languages.get(code) if isinstance(languages, dict) else None
    if site.generator == "hugo" and code == site.language and isinstance(own, dict):
        if any(key.lower() == "contentdir" for key in own) and not site.settings.get("defaultcontentlanguageinsubdir"):
            parts = story
    return code, parts, story


def _is_language(code: str, site: Site) -> bool:
    if site.languages:
        return code in site.languages
    found = _REGION.fullmatch(code)
    return bool(found) and found[1] in LANGUAGES if found else False


def date_in_name(path: PurePosixPath) -> str:
    """Return the date with which the file's or its folder's name begins, "" if there is none."""
    found = DATED.match(path.name)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else ""
