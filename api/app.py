"""The application: routes over the snapshot in service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import problems
from api.drafts import Drafts
from api.routes import probes, router
from index.live import Live
from recommender import __version__
from recommender.settings import settings

DESCRIPTION = "Related articles for a website, computed from the articles themselves."


def create_app(live: Live, drafts: Drafts | None = None) -> FastAPI:
    """Return the application that serves what ``live`` holds, and starts and stops it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        live.start()
        try:
            yield
        finally:
            live.stop()

    app = FastAPI(title="Related articles", version=__version__, description=DESCRIPTION, lifespan=lifespan)
    app.state.live = live
    app.state.drafts = drafts or Drafts()
    problems.install(app)
    app.include_router(router)
    app.include_router(probes)
    return app


def from_settings() -> FastAPI:
    """Return the application of the store that the environment names: what each worker process runs."""
    return create_app(Live(settings().store, settings().poll_seconds))
