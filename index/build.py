"""Building: catalog → vectors → corpus → snapshot. What did not change is not embedded again."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from index.candidates.neighbours import IndexKind
from index.store.filesystem import FileSystem
from index.store.manifest import ModelEntry, read_manifest
from index.store.publish import current_version, locked, publish, snapshots_folder, version_or_none
from index.store.ranker_file import read_ranker
from index.store.retention import Unreadable, held
from index.store.writing import Contents, contents
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.boilerplate.repetition import learn
from recommender.catalog import Catalog, Origin
from recommender.catalog.ingest import Ingested
from recommender.catalog.vector_cache import Progress, VectorCache
from recommender.corpus.corpus import build_corpus
from recommender.corpus.encoder import Encoder
from recommender.corpus.views import views
from recommender.errors import PublishError, SnapshotError
from recommender.ranking.ranker import Ranker, default_ranker

MAX_REJECTED_SHARE = 0.05
MAX_REJECTED = 10
"""A build is refused when more records than this, and more than the share above, were rejected."""
MAX_SHRINK = 0.2
"""A build is refused when it holds fewer articles than the current snapshot by more than this share."""

Bar = Callable[[int, int], AbstractContextManager[Progress]]
"""Opens a progress bar for (characters, texts) to embed."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did, what it left out of texts; ``changed`` is False if the same snapshot was current already.

    ``before`` was in service before; what is ``unreadable`` to this release is kept.
    """

    articles: int
    stubs: int
    curated_lists: int
    embedded_texts: int
    reused_texts: int
    boilerplate: Boilerplate
    seconds: float
    snapshot: str
    changed: bool
    before: str | None
    unreadable: tuple[Unreadable, ...]


def no_bar(_characters: int, _texts: int) -> AbstractContextManager[Progress]:
    """Show nothing."""
    return nullcontext(lambda _chars, _texts: None)


def build(
    store: Path,
    catalog: Catalog,
    encoder: Encoder,
    *,
    ingested: Ingested | None = None,
    kind: IndexKind | None = None,
    keep: int = 3,
    force: bool = False,
    bar: Bar = no_bar,
    filesystem: FileSystem | None = None,
) -> Built:
    """Build a snapshot of everything in ``catalog`` and publish it in ``store``.

    Raises PublishError if there is nothing to build, too much of ``ingested`` was rejected, or the corpus
    shrank too much (the last two not with ``force``); LockedError if another build is running.
    """
    started = time.monotonic()
    with locked(store):
        if ingested and not force:
            _refuse_bad_input(ingested)
        before = version_or_none(store)
        source, embedded, reused = assemble(catalog, encoder, ranker=read_ranker(store), kind=kind, bar=bar)
        count = len(source.corpus)
        if not force:
            _refuse_shrinking(store, count)
        manifest = publish(store, source, keep=keep, filesystem=filesystem)
    return Built(
        manifest.articles,
        manifest.stubs,
        manifest.curated_lists,
        embedded,
        reused,
        source.corpus.boilerplate,
        time.monotonic() - started,
        manifest.version,
        manifest.version != before,
        before,
        held(snapshots_folder(store)).unreadable,
    )


def assemble(
    catalog: Catalog,
    encoder: Encoder,
    *,
    ranker: Ranker | None = None,
    vectors: VectorCache | None = None,
    kind: IndexKind | None = None,
    bar: Bar = no_bar,
) -> tuple[Contents, int, int]:
    """Embed what is missing and return (contents of a snapshot, texts embedded, texts reused).

    ``ranker`` defaults to the one that is shipped, ``vectors`` to the catalog's own cache. Raises PublishError if
    the catalog is empty.
    """
    origin = catalog.stamp()  # first: what is written from here on may be built, and stays in the tail all the same
    with catalog.reading():
        cache = vectors or VectorCache(catalog.engine, encoder)
        return _assembled(catalog, origin, encoder, ranker, cache, kind, bar)


def _assembled(
    catalog: Catalog,
    origin: Origin,
    encoder: Encoder,
    ranker: Ranker | None,
    cache: VectorCache,
    kind: IndexKind | None,
    bar: Bar,
) -> tuple[Contents, int, int]:
    boilerplate = learn(catalog.articles(), catalog.boilerplate_decisions())
    texts = {text for article in catalog.articles() for text in views(boilerplate.strip(article)).texts}
    if not texts:
        raise PublishError("the catalog holds no article with text: there is nothing to build")
    missing = cache.missing(texts)
    if missing:
        with bar(sum(map(len, missing)), len(missing)) as progress:
            cache.embed(missing, progress)
    corpus = build_corpus(catalog.articles(), catalog.aliases(), encoder.dim, cache.lookup, boilerplate)
    model = ModelEntry(name=encoder.name, revision=encoder.revision, dim=encoder.dim)
    lists = tuple(catalog.curated_lists())
    decided = catalog.editorial()
    weights = ranker or default_ranker()
    source = contents(corpus, lists, weights, model, kind, seq=origin.seq, editorial=decided, origin=origin)
    return source, len(missing), len(texts) - len(missing)


def _refuse_bad_input(ingested: Ingested) -> None:
    count = len(ingested.rejected)
    if count > MAX_REJECTED and ingested.share_rejected > MAX_REJECTED_SHARE:
        raise PublishError(
            f"{count:,} of {count + ingested.stored:,} records were rejected ({ingested.share_rejected:.0%}, more than"
            f" {MAX_REJECTED_SHARE:.0%}): nothing is published; mend the input, or say --force"
        )


def _refuse_shrinking(store: Path, count: int) -> None:
    try:
        manifest = read_manifest(snapshots_folder(store) / current_version(store))
    except SnapshotError:
        return
    known = manifest.articles + manifest.stubs
    if count < known * (1 - MAX_SHRINK):
        raise PublishError(
            f"the catalog holds {count:,} articles, the snapshot in service {known:,}: more than {MAX_SHRINK:.0%}"
            " fewer; nothing is published; if that is right, say --force"
        )
