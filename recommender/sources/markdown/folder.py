"""A folder of Markdown: which of its files are articles, where they stand on the site, and what their lists mean.

Two passes: the first keeps of each page only its names, the second reads the pages again and resolves their lists.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from recommender.errors import ArticleError
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.markdown.front_matter import FrontMatter
from recommender.sources.markdown.known_pages import (
    Folder,
    Known,
    is_page,
    join_translations,
    learn,
    load,
    neighbours_of,
    posix,
    where_of,
)
from recommender.sources.markdown.pages import OTHER_SUFFIXES, SUFFIXES, unread_by_front_matter
from recommender.sources.markdown.single import entry_of
from recommender.sources.markdown.sites import Site, site_of, sites_of
from recommender.sources.markdown.targets import curated_items, leave_out_list, resolved
from recommender.sources.options import ReadOptions
from recommender.sources.tree import Tree

_SHOWN = 5
"""Items of curated lists that mean no page, as many as one note names."""


def fits_tree(tree: Tree, sites: dict[PurePosixPath, Site]) -> bool:
    """Say whether there are pages in Markdown in ``tree``, which holds ``sites``, that are not only about it."""
    folder = Folder(tree, ReadOptions(), sites, neighbours_of(tree))
    for file in map(posix, tree.files):
        if file.suffix.lower() in SUFFIXES and not where_of(folder, site_of(folder.sites, file), file).left_out:
            return True
    return False


def read_tree(tree: Tree, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry of each page of ``tree``, in order of the paths, LeftOut of what is none, and Notes at the end.

    Nothing is raised for a page that cannot be read: an ArticleError names its file and line.
    """
    folder = Folder(tree, options, sites_of(tree, options.site_url), neighbours_of(tree))
    for file in tree.files:
        learn(folder, posix(file))
    join_translations(folder)
    for file in tree.files:
        yield from _items(folder, posix(file))
    yield from _notes(folder)


def _items(folder: Folder, file: PurePosixPath) -> Iterator[Item]:
    place = folder.tree.place_of(Path(file))
    site = site_of(folder.sites, file)
    if not is_page(site, file):
        if kind := OTHER_SUFFIXES.get(file.suffix.lower()):
            yield LeftOut(f"a page in {kind}, which is not read", place)
        return
    found = where_of(folder, site, file)
    if found.left_out:
        yield LeftOut(found.left_out, place)
        return
    try:
        matter, page, notes = load(folder, file)
    except ArticleError as error:
        yield error
        return
    if kind := unread_by_front_matter(site, matter):
        yield LeftOut(kind, place)
    elif site.generator in ("jekyll", "hexo") and not page.kind:
        yield LeftOut("a file without front matter, which the generator does not turn into a page", place)
    elif known := folder.pages.get(file):
        folder.entries += 1
        entry = entry_of(
            site, found, file, matter, page, known.identity, known.address, f"{place}:{page.body_line}", notes
        )
        yield _finished(folder, site, file, known, matter, entry)
    else:
        yield ArticleError("the file changed while the folder was read", place)


def _finished(
    folder: Folder, site: Site, file: PurePosixPath, known: Known, matter: FrontMatter, entry: Entry
) -> Entry:
    """Return ``entry`` with its curated list and what it translates."""
    fields, notes = dict(entry.fields), list(entry.notes)
    notes += [known.note] if known.note else []
    if known.translation_of:
        fields.setdefault("translation_of", known.translation_of)
    key, items = curated_items(matter, folder.options)
    leave_out_list(fields, key or folder.options.curated_key)
    if items:
        content = "/" + str(site.root / site.content).strip("/.")
        found = resolved(items, folder.targets, file, content, known.where.language)
        names = [name for name in dict.fromkeys(found.names) if name != known.identity]
        if names:
            fields[folder.options.curated_key] = names
        folder.unresolved.update(found.unknown)
        folder.ambiguous.update(found.ambiguous)
        if found.unknown:
            notes.append(f"{key} names {_listed(found.unknown)}, which is no page of this folder: kept as written")
        if found.ambiguous:
            notes.append(f"{key} names {_listed(found.ambiguous)}, which several pages are called: left out")
    return replace(entry, fields=fields, notes=tuple(notes))


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name[:100]) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def _notes(folder: Folder) -> Iterator[Note]:
    place = folder.tree.place
    if folder.unresolved:
        total, names = folder.unresolved.total(), list(folder.unresolved)
        yield Note(f"{total:,} items of curated lists name no page of this folder: {_listed(names)}", place)
    if folder.ambiguous:
        total, names = folder.ambiguous.total(), list(folder.ambiguous)
        yield Note(f"{total:,} items of curated lists name several pages, and are left out: {_listed(names)}", place)
    sites = [site for site in folder.sites.values() if site.generator not in ("", "_posts")]
    if folder.entries and not sites:
        said = "no settings of a generator found: addresses are not known; read the folder of the whole site for them"
        yield Note(said, place)
    elif folder.entries and not all(site.origin for site in sites):
        yield Note("the site's settings do not say its address: --site-url does, for articles to have theirs", place)
