"""What is kept of the pages of a folder before they are read: who they are, where they stand, what they are called."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from recommender.errors import ArticleError, SourceError
from recommender.sources.markdown.addresses import Place, address_of
from recommender.sources.markdown.body import first_heading
from recommender.sources.markdown.front_matter import FrontMatter, Page, front_matter_of, taken_apart
from recommender.sources.markdown.page_fields import (
    aliases_of,
    categories_of,
    date_of,
    title_of,
    title_of_file,
)
from recommender.sources.markdown.pages import SUFFIXES, Where, unread_by_front_matter, where
from recommender.sources.markdown.single import MAX_FILE, decoded
from recommender.sources.markdown.sites import Site, site_of
from recommender.sources.markdown.slugs import day_of, undated
from recommender.sources.markdown.targets import Targets
from recommender.sources.opened import read_regular
from recommender.sources.options import ReadOptions
from recommender.sources.tree import Tree
from recommender.text import clean


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Of each folder, how many pages are in it or below beside its own index file; and which have an index file."""

    pages: Mapping[PurePosixPath, int]
    bundles: frozenset[PurePosixPath]


@dataclass(slots=True)
class Known:
    """What the first pass keeps of a page."""

    identity: str
    address: str | None
    where: Where
    translation_of: str = ""
    note: str = ""


@dataclass(slots=True)
class Folder:
    """What is known of a tree after the first pass, and what the second counts."""

    tree: Tree
    options: ReadOptions
    sites: dict[PurePosixPath, Site]
    neighbours: Neighbours
    pages: dict[PurePosixPath, Known] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)
    targets: Targets = field(default_factory=Targets)
    unresolved: Counter[str] = field(default_factory=Counter)
    ambiguous: Counter[str] = field(default_factory=Counter)
    entries: int = 0


def posix(file: Path) -> PurePosixPath:
    """Return a path of a tree with slashes, whatever the system."""
    return PurePosixPath(file.as_posix())


def neighbours_of(tree: Tree) -> Neighbours:
    """Count the pages of each folder of ``tree``."""
    pages: Counter[PurePosixPath] = Counter()
    bundles = set()
    for file in map(posix, tree.files):
        if file.suffix.lower() not in SUFFIXES:
            continue
        stem = file.stem.lower().partition(".")[0]
        if stem == "index":
            bundles.add(file.parent)
        pages.update(file.parent.parents if stem in ("index", "_index") else file.parents)
    return Neighbours(pages, frozenset(bundles))


def is_page(site: Site, file: PurePosixPath) -> bool:
    """Say whether a file is read: Markdown, and HTML where posts are in HTML, too."""
    suffix = file.suffix.lower()
    return suffix in SUFFIXES or (suffix in (".html", ".htm") and "_posts" in file.parts[:-1])


def where_of(folder: Folder, site: Site, file: PurePosixPath) -> Where:
    """Return what the path of ``file`` says."""
    beside = folder.neighbours
    return where(site, file.relative_to(site.root), beside.pages.get(file.parent, 0), file.parent in beside.bundles)


def load(folder: Folder, file: PurePosixPath) -> tuple[FrontMatter, Page, tuple[str, ...]]:
    """Read a page. Raises ArticleError."""
    place = folder.tree.place_of(Path(file))
    try:
        data = read_regular(folder.tree.path(Path(file)), MAX_FILE)
    except SourceError as error:
        raise ArticleError(error.message, place) from None
    except (OSError, ValueError) as error:
        raise ArticleError(f"cannot be read ({error})", place) from None
    text, notes = decoded(data, place)
    matter, page = front_matter_of(taken_apart(text), place)
    return matter, page, notes


def learn(folder: Folder, file: PurePosixPath) -> None:
    """Keep what a page is called."""
    site = site_of(folder.sites, file)
    if not is_page(site, file):
        return
    found = where_of(folder, site, file)
    if found.left_out:
        return
    try:
        matter, page, _ = load(folder, file)
    except ArticleError:
        return  # told in the second pass
    if unread_by_front_matter(site, matter) or (site.generator in ("jekyll", "hexo") and not page.kind):
        return
    title = title_of(matter) or first_heading(page.body) or title_of_file(found.path)
    language = matter.text("lang", "language", "locale") or found.language or site.language
    address = address_of(site, _place(site, found, matter, title))
    known = Known(_identity(site, found, matter, address), address, found)
    if key := matter.text("translationkey", "translation_key"):
        known.where = replace(found, story=f"\0{key}")
    known.where = replace(known.where, language=language)
    _settle_identity(folder, file, known)
    _add_names(folder, site, file, known, matter, title)
    folder.pages[file] = known


def _place(site: Site, found: Where, matter: FrontMatter, title: str) -> Place:
    main = site.language or ("en" if site.generator == "hugo" else "")
    prefix = found.language if found.in_name and found.language != main else ""
    if site.generator == "docusaurus" and found.language and not found.in_name and found.language != main:
        prefix = found.language
    date = date_of(site, matter, found.path)
    categories = tuple(categories_of(site, matter)) or found.categories
    day = day_of(date) if isinstance(date, str) else None
    return Place(found.path, found.path.name, matter, day, title, prefix, found.is_index, categories)


def _identity(site: Site, found: Where, matter: FrontMatter, address: str | None) -> str:
    """Return what the page is called: its own id, its address, or its path."""
    own = matter.text("id") if site.generator != "docusaurus" else ""
    path = str(found.path) if not found.in_name else f"{found.path}.{found.language}"
    slug = matter.text("slug") if not site.generator else ""
    identity = clean(" ".join((own or address or slug or path).split()))
    return f"{identity}/" if identity.endswith(("/related", "/overrides")) else identity


def _settle_identity(folder: Folder, file: PurePosixPath, known: Known) -> None:
    """Call a page after its path, where another has its id."""
    if known.identity in folder.identities:
        known.note = f"its id {known.identity!r} is that of another page, too: it is called after its file"
        known.identity = clean(str(file.with_suffix("")))
    folder.identities.add(known.identity)


def _add_names(folder: Folder, site: Site, file: PurePosixPath, known: Known, matter: FrontMatter, title: str) -> None:
    found = known.where
    slug = matter.text("slug")
    exact = [known.identity, str(file), str(found.path), matter.text("permalink"), matter.text("url")]
    if site.root.parts or site.content.parts:
        exact.append(str(file.relative_to(site.root)))
    if known.address:
        exact += [known.address, site.url(known.address)]
        exact += [f"{site.base}{known.address}"] if site.base else []
    for alias in aliases_of(matter, known.address):
        exact += [alias, site.url(alias) if alias.startswith("/") else alias]
    name = found.path.name
    short = [name, undated(name), slug, slug.rpartition("/")[2], matter.text("id")]
    folder.targets.add(known.identity, found.language, exact, short, title)


def join_translations(folder: Folder) -> None:
    """Say of each page that tells a story in another language than the site's of which it is the translation."""
    stories: dict[tuple[PurePosixPath, str], list[PurePosixPath]] = {}
    for file, known in folder.pages.items():
        stories.setdefault((site_of(folder.sites, file).root, known.where.story), []).append(file)
    for (root, story), files in stories.items():
        languages = {folder.pages[file].where.language for file in files}
        if len(files) < 2 or len(languages) < 2 or not story:
            continue
        main = folder.sites[root].language or "en"
        first = min(files, key=lambda file: (folder.pages[file].where.language not in (main, ""), file))
        for file in files:
            if file != first:
                folder.pages[file].translation_of = folder.pages[first].identity
