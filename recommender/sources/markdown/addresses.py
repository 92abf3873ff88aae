"""At which address a generator puts a page: one rule for each, from the settings, the file's path and front matter."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from recommender.sources.markdown.front_matter import FrontMatter
from recommender.sources.markdown.sites import Site
from recommender.sources.markdown.slugs import DATED, Day, filled, of_day, path_slug, slug_of, undated

_STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title.html",
}
_NUMBERED = re.compile(r"\d+\s*[-_.]+\s*(?=[^\d\s-])")
_BLOG_DATED = re.compile(r"(?:.*/)?(\d{4})[-/](\d{1,2})[-/](\d{1,2})[-/](.+)")
_TEMPLATE = re.compile(r"\{\{-?\s*([\w.]+)\s*(?:\|\s*\w+\s*)?-?\}\}")


@dataclass(frozen=True, slots=True)
class Place:
    """A page as the rules of addresses see it.

    ``path``: below the site's folder of pages, without suffix and language, a bundle's ``index`` left out; ``name``:
    its last part. ``language``: the part of the address that names it, "" for the main one. ``categories``: those of
    the page, or the folders above Jekyll's ``_posts``.
    """

    path: PurePosixPath
    name: str
    matter: FrontMatter
    day: Day | None
    title: str
    language: str = ""
    is_index: bool = False
    categories: tuple[str, ...] = ()


def address_of(site: Site, place: Place) -> str | None:
    """Return the path of the page from the site's root, with its first slash; None where it cannot be known."""
    rule = _RULES.get(site.generator)
    address = rule(site, place) if rule else _own(place, "permalink", "url")
    return address or None


def _own(place: Place, *keys: str) -> str | None:
    """The address that a page gives itself, if it is one and no template."""
    text = place.matter.text(*keys)
    if not text or "://" in text or "{{" in text or "{%" in text or any(map(str.isspace, text)):
        return None
    return "/" + text.lstrip("/").removesuffix("index.html")


def _in_language(place: Place, path: str) -> str:
    return f"/{place.language}{path}" if place.language else path


def _folder(path: PurePosixPath | str) -> str:
    text = str(path).strip("/")
    return f"/{text}/" if text and text != "." else "/"


def _hugo(site: Site, place: Place) -> str | None:
    settings = site.settings
    lower = settings.get("disablepathtolower") is not True
    if own := _own(place, "url"):
        return own
    slug = place.matter.text("slug")
    sections = place.path.parts[:-1]
    pattern = _permalink(settings.get("permalinks"), sections[0] if sections else "")
    if pattern:
        name = path_slug(slug or place.title, lower=lower)
        file = path_slug(place.name, lower=lower)
        values = {
            **of_day(place.day),
            "section": sections[0] if sections else "",
            "sections": "/".join(sections),
            "title": path_slug(place.title, lower=lower),
            "slug": name,
            "filename": file,
            "contentbasename": file,
            "slugorfilename": path_slug(slug, lower=lower) or file,
            "slugorcontentbasename": path_slug(slug, lower=lower) or file,
        }
        path = filled(pattern, values)
        return path and _in_language(place, path)
    path = path_slug(str(place.path.with_name(slug.strip("/") or place.path.name) if slug else place.path), lower=lower)
    if settings.get("uglyurls") in (True, "true") and not place.is_index:
        return _in_language(place, f"/{path}.html")
    return _in_language(place, _folder(path))


def _permalink(permalinks: Any, section: str) -> str:  # noqa: ANN401
    """The pattern of a section's pages, in the settings' older form or the one with kinds of pages."""
    for table in (permalinks.get("page"), permalinks) if isinstance(permalinks, dict) else ():
        if isinstance(table, dict) and isinstance(pattern := table.get(section), str):
            return pattern
    return ""


def _zola(_: Site, place: Place) -> str | None:
    if own := _own(place, "path"):
        return _in_language(place, _folder(own))
    slug = place.matter.text("slug") or slug_of(undated(place.path.name))
    folders = [slug_of(part) for part in place.path.parts[:-1]]
    return _in_language(place, _folder("/".join([*folders, slug.strip("/")])))


def _jekyll(site: Site, place: Place) -> str | None:
    own = place.matter.text("permalink")
    if own and ":" not in own:
        return _own(place, "permalink")
    is_post = DATED.match(place.name) is not None or site.generator == "hexo"
    style = site.settings.get("permalink")
    style = style if isinstance(style, str) and style else "date"
    if not is_post and not own:
        return (
            _folder(place.path) if style == "pretty" or style.endswith("/") or place.is_index else f"/{place.path}.html"
        )
    pattern = own or _STYLES.get(style, style)
    if site.generator == "hexo" and style == "date":
        pattern = ":year/:month/:day/:title/"
    slug = place.matter.text("slug") or undated(place.name)
    values = {
        **of_day(place.day),
        "categories": "/".join(slug_of(each) for each in place.categories),
        "category": slug_of(place.categories[0]) if place.categories else "",
        "title": slug,
        "slug": slug_of(slug),
        "name": slug_of(undated(place.name)),
        "post_title": slug,
        "basename": place.name,
        "filename": place.name,
        "path": str(place.path),
        "collection": "posts",
        "output_ext": ".html",
    }
    return filled(pattern, values)


def _mkdocs(site: Site, place: Place) -> str | None:
    if "posts" in place.path.parts[:-1] and "blog" in str(site.settings.get("plugins")):
        folders = place.path.parts[: place.path.parts.index("posts")]
        slug = place.matter.text("slug") or slug_of(place.title)
        return filled(f"{_folder('/'.join(folders))}{{date}}/{{slug}}/", {**of_day(place.day), "slug": slug})
    if site.settings.get("use_directory_urls") is False and not place.is_index:
        return f"/{place.path}.html"
    return _folder(place.path)


def _docusaurus(site: Site, place: Place) -> str | None:
    kind, *rest = place.path.parts
    routes = site.settings.get("routes") or {}
    if kind not in ("docs", "blog"):
        parts = place.path.parts[2:] if place.path.parts[:2] == ("src", "pages") else None
        return None if parts is None else _in_language(place, "/" + "/".join(parts))
    root = str(routes.get(kind, kind)).strip("/")
    slug = place.matter.text("slug")
    if kind == "blog":
        found = _BLOG_DATED.fullmatch("/".join(rest))
        dated = f"{found[1]}/{found[2]:0>2}/{found[3]:0>2}/{found[4]}" if found else "/".join(rest)
        end = slug.strip("/") or dated
    else:
        folders = [_NUMBERED.sub("", part, count=1) for part in rest]
        if folders and not place.is_index:
            folders[-1] = place.matter.text("id") or folders[-1]
            if folders[-2:-1] == folders[-1:]:
                folders.pop()
        end = (
            slug.strip("/")
            if slug.startswith("/")
            else "/".join([*(folders[:-1] if slug else folders), slug]).strip("/")
        )
    return _in_language(place, "/" + "/".join(filter(None, (root, end))))


def _astro(_: Site, place: Place) -> str | None:
    parts = place.path.parts
    if parts[:2] == ("src", "pages"):
        return _in_language(place, _folder("/".join(parts[2:])))
    if parts[:2] != ("src", "content") or len(parts) < 3:
        return None
    folders = [] if parts[2] == "docs" else [parts[2]]
    slug = place.matter.text("slug").strip("/") or "/".join(slug_of(part) for part in parts[3:])
    return _in_language(place, _folder("/".join([*folders, slug])))


def _eleventy(_: Site, place: Place) -> str | None:
    text = place.matter.text("permalink")
    if not text:
        return _folder(place.path)
    values = {"title": slug_of(place.title), "slug": place.matter.text("slug") or slug_of(place.title)}
    values |= {"page.fileSlug": undated(place.name), "page.filePathStem": f"/{place.path}"}
    known = _TEMPLATE.sub(lambda found: values.get(found[1], found[0]), text)
    if "{{" in known or "{%" in known or "://" in known:
        return None
    return "/" + known.lstrip("/").removesuffix("index.html")


def _quarto(_: Site, place: Place) -> str | None:
    return _folder(place.path) if place.is_index else f"/{place.path}.html"


_RULES: dict[str, Callable[[Site, Place], str | None]] = {
    "hugo": _hugo,
    "zola": _zola,
    "jekyll": _jekyll,
    "hexo": _jekyll,
    "mkdocs": _mkdocs,
    "docusaurus": _docusaurus,
    "astro": _astro,
    "eleventy": _eleventy,
    "quarto": _quarto,
}
