"""Live changes: stored durably, embedded where they are texts, and announced to every process that serves the store."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock, Thread

from index.live.change_signal import ChangeSignal
from index.live.live import Live
from index.store.manifest import ModelEntry
from recommender.articles import Article, Record
from recommender.catalog import Catalog, Removal
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import Encoder
from recommender.corpus.views import views
from recommender.editors.overrides import Overrides
from recommender.errors import CatalogError, RecommenderError, SnapshotError

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""How long articles that could not be embedded wait for the next try."""
PART = 8
"""Articles embedded together in the background: so many become visible at once."""


def publish_rules(store: Path, catalog: Catalog, text: str) -> None:
    """Store the site's rules and announce them to every process that serves ``store``.

    Raises RulesError if they cannot be read, and changes nothing; CatalogError.
    """
    catalog.put_rules(text)
    ChangeSignal(store).notify()


class Writer:
    """Changes articles and overrides while they are served.

    What is stored is never lost; what cannot be embedded is tried again.
    ``encoder`` gives the encoder of a model, and may raise EncoderError.
    """

    def __init__(self, live: Live, catalog: Catalog, encoder: Callable[[ModelEntry], Encoder]) -> None:
        self._live = live
        self._catalog = catalog
        self._encoder = encoder
        self._embedding = Lock()
        self._wake = Event()
        self._stopped = Event()
        self._thread: Thread | None = None

    def put(self, records: Sequence[Record], *, wait: bool = True) -> set[str]:
        """Store ``records`` and return the ids of those that cannot be served yet as they are now.

        With ``wait`` they are embedded first, else soon after. Raises CatalogError if nothing was stored.
        """
        self._require_catalog()
        self._catalog.put(records, live=True)
        articles = [article for record in records for article in (record.article, *record.stubs)]
        if wait:
            self._try(articles, self._encoder_now())
        self._announce()
        if not wait:
            self._wake.set()
        ids = {record.article.id for record in records}
        try:
            snapshot = self._live.snapshot()
        except SnapshotError:
            return ids
        return ids if self._live.behind else ids & snapshot.pending.keys()

    def without_text(self, records: Sequence[Record]) -> set[str]:
        """Return the ids of those ``records`` that have no body while the stored article has one: it would be kept."""
        bare = {record.article.id for record in records if not record.article.body}
        return self._catalog.with_body(bare) if bare else set()

    def remove(self, identity: str) -> tuple[Removal, bool] | None:
        """Remove the article with this id, or, where it is an alias, that alone; None: there was neither.

        Return what was removed, and whether that holds in every list by now. Raises CatalogError if nothing was
        changed.
        """
        self._require_catalog()
        removal = self._catalog.remove(identity)
        if removal is None:
            return None
        self._announce()
        return removal, not self._live.behind

    def override(self, identity: str, overrides: Overrides) -> bool:
        """Store what is decided for the article with this id or former id; say whether it is in force.

        Raises UnknownArticleError, CatalogError.
        """
        self._require_catalog()
        self._catalog.put_overrides(identity, overrides)
        self._announce()
        return not self._live.behind

    def overrides_of(self, identity: str) -> Overrides:
        """Return what is decided for the article with this id or former id.

        Raises UnknownArticleError, CatalogError.
        """
        return self._catalog.overrides_of(identity)

    def _require_catalog(self) -> None:
        """Refuse to write to a catalog that is not the one in service. Raises CatalogLostError."""
        if self._live.lost:
            raise self._live.lost

    def start(self) -> None:
        """Go on embedding, in a thread, what could not be embedded at once."""
        self._stopped.clear()
        self._wake.set()  # what an earlier process stored and did not get to waits no longer
        self._thread = Thread(target=self._work, name="embed-pending", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop embedding; what is stored waits for whoever comes next."""
        self._stopped.set()
        self._wake.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        try:
            self._catalog.prepare()  # before anybody writes: among many articles it takes seconds
        except CatalogError as error:
            log.warning("the catalog cannot be read: %s", error)
        while not self._stopped.is_set():
            self._wake.wait(RETRY_SECONDS)
            self._wake.clear()
            try:
                self.embed_pending()
            except Exception:  # whatever it is: what waits would wait for ever if nobody tried again
                log.exception("embedding what waits failed, and is tried again")

    def embed_pending(self) -> None:
        """Embed whatever waits to be served, as far as it can be."""
        try:
            snapshot = self._live.snapshot()
            pending = snapshot.pending
            waiting = self._catalog.changes(snapshot.manifest.seq).articles if pending else ()
        except RecommenderError as error:
            log.debug("nothing can be embedded now: %s", error)
            return
        articles = [article for article in waiting if article.id in pending]
        encoder = self._encoder_now() if articles else None
        for at in range(0, len(articles) if encoder else 0, PART):
            self._try(articles[at : at + PART], encoder)
            if self._stopped.is_set():
                return
            self._announce()

    def _encoder_now(self) -> Encoder | None:
        """The encoder of the snapshot in service; None, and said so, if it is not to be had."""
        try:
            return self._encoder(self._live.snapshot().manifest.model)
        except SnapshotError:
            return None  # nothing is published: the first build embeds what is stored
        except Exception:  # whatever loading a model may raise: the articles are stored, and tried again
            log.exception("articles are stored, but cannot be embedded now")
            return None

    def _try(self, articles: Sequence[Article], encoder: Encoder | None) -> None:
        """Embed ``articles``: together, and where that fails each alone, so that one text spoils no other."""
        if encoder is None or self._stopped.is_set():
            return
        try:
            with self._embedding:
                cache = VectorCache(self._catalog.engine, encoder)
                started = time.monotonic()
                strip = self._live.snapshot().corpus.boilerplate.strip
                missing = cache.missing(text for article in articles for text in views(strip(article)).texts)
                cache.embed(missing)
        except Exception:  # whatever an encoder may raise
            if len(articles) == 1:
                log.exception("article %r is stored, but could not be embedded", articles[0].id)
            for article in articles if len(articles) > 1 else ():
                self._try([article], encoder)
        else:
            log.debug("embedded %d texts in %.2f s", len(missing), time.monotonic() - started)

    def _announce(self) -> None:
        self._live.notify()
        self._live.follow()
