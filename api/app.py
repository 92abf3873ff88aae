"""The application: routes over the snapshot in service, and the layers around them."""

import gc
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import articles, docs, metrics, overrides, problems, related, widget
from api.costs import Budgets, CostLimit
from api.headers import Cors, Head, SecurityHeaders
from api.kept_answers import MIN_COMPRESSED
from api.keys import KeyRing
from api.limits import BodyLimit
from api.logs import AccessLog
from api.metrics import Metrics
from api.observe import Observe
from api.response_cache import ResponseCache
from api.routes import probes, router
from index.live.live import Live
from index.live.served_encoder import ServedEncoder
from index.live.writer import Writer
from recommender import __version__
from recommender.catalog import Catalog
from recommender.errors import CatalogError
from recommender.settings import Settings, settings

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001
"""How long one thread may go on while another waits for the interpreter (Python's own 0.005): a request is served in
several steps, and beside a long computation each of them waits that long."""

DESCRIPTION = "Related articles for a website, computed from the articles themselves."


def create_app(live: Live, drafts: ServedEncoder | None = None, config: Settings | None = None) -> "Application":
    """Return the application that serves what ``live`` holds, and starts and stops it.

    Without a ``config`` the process's settings hold.
    """
    config = config or settings()
    app = Application(live, config)
    app.state.drafts = drafts or ServedEncoder()
    catalog = live.catalog if live.catalog and not live.catalog.read_only else None
    app.state.writer = Writer(live, catalog, app.state.drafts.encoder) if catalog else None
    problems.install(app)
    app.include_router(overrides.router)  # before what takes any path for an article's id
    app.include_router(related.router)
    app.include_router(router)
    app.include_router(articles.router)
    app.include_router(probes)
    app.include_router(widget.router)
    if config.metrics:
        app.include_router(metrics.router)
    if config.docs or config.pages != "off":
        app.add_route("/assets/{name}", docs.asset, include_in_schema=False)
    if config.docs:
        app.add_route("/docs", docs.documentation, include_in_schema=False)
    if config.pages != "off":
        from api import pages  # what serves no pages loads none of what they need

        pages.install(app)
    return app


def from_settings() -> ASGIApp:
    """Return the application of the store that the environment names, from its outermost layer on.

    What each worker process runs.
    """
    config = settings()
    try:
        catalog = Catalog.open(config.catalog_url or config.store)
        if catalog.upgraded:
            log.warning("%s", catalog.upgraded)
    except CatalogError as error:
        level = logging.WARNING if config.catalog_url or os.access(config.store, os.W_OK) else logging.INFO
        log.log(level, "articles cannot be changed here: %s", error)
        catalog = None
    app = create_app(Live(config.store, config.poll_seconds, catalog))
    app.state.owns_process = True
    return app.outermost


class Application(FastAPI):
    """FastAPI with the layers around all of it: they see its error answers too, and a kept answer never gets to it."""

    def __init__(self, live: Live, config: Settings) -> None:
        super().__init__(
            title="Related articles",
            version=__version__,
            description=DESCRIPTION,
            lifespan=_in_service,
            openapi_url="/openapi.json" if config.docs else None,
            docs_url=None,
            redoc_url=None,
        )
        self.state.live = live
        self.state.owns_process = False
        self.state.config = config
        self.state.metrics = Metrics(live)
        self.state.keys = KeyRing(live.store)
        self.state.budgets = Budgets(config.cost_per_minute)

        self.outermost = layers(super().__call__, live, self.state.metrics, self.state.budgets, config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through the layers, at the end of which is FastAPI."""
        await self.outermost(scope, receive, send)


def layers(app: ASGIApp, live: Live, numbers: Metrics, budgets: Budgets, config: Settings) -> ASGIApp:
    """Put the layers around ``app``; read from below, a request meets them in this order.

    1. Observe: id, time, log line. First, so that no answer goes uncounted.
    2. Proxies, only if some are trusted: who the client really is, which CostLimit must know.
    3. Cors, only if other sites may call: changes every answer, also a kept one, by its Origin.
    4. Head: from here on there is only GET.
    5. ResponseCache: a kept answer goes out here; nothing below is reached.
    6. SecurityHeaders: on every answer; kept ones keep them.
    7. CostLimit, BodyLimit: refuse before anything is read, or while it is.
    8. GZip: what the cache will not compress.
    """
    app = GZipMiddleware(app, minimum_size=MIN_COMPRESSED, compresslevel=6)
    app = BodyLimit(app, config.max_body_kb * 1024)
    app = CostLimit(app, budgets)
    app = SecurityHeaders(app)
    app = ResponseCache(app, live, numbers, config.cache_mb * 1024 * 1024, config.max_age_minutes * 60)
    app = Head(app)
    if config.cors_origins:
        app = Cors(app, config.cors_origins)
    if config.trusted_proxies:
        app = ProxyHeadersMiddleware(app, config.trusted_proxies)  # type: ignore[arg-type,assignment]
    return Observe(app, numbers, AccessLog(config.log_format) if config.access_log else None)


@asynccontextmanager
async def _in_service(app: FastAPI) -> AsyncIterator[None]:
    live, writer = app.state.live, app.state.writer
    live.start()
    if writer:
        writer.start()
    if app.state.owns_process:
        # What is loaded by now stays. To look through it again and again for garbage stops every request for 0.1 s.
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        if writer:
            writer.stop()
        live.stop()
