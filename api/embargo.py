"""What is not published yet is shown to holders of a key only: drafts, and articles dated ahead of now.

What is related to an article that is dated ahead may be asked for by everybody: its page asks for it from the first
moment on, whatever the clocks say, and the list names published articles only.
"""

import logging
from datetime import UTC, datetime

from fastapi import Request

from api.keys import KeyRing, KeysError
from api.problems import ProblemError
from index.store.snapshot import Snapshot
from recommender.articles.card import Card
from recommender.errors import UnknownArticleError

log = logging.getLogger(__name__)


def require_shown(request: Request, snapshot: Snapshot, row: int | None, card: Card, name: str) -> bool:
    """Refuse to show the article of ``card``, asked for as ``name``, to whom it may not be shown.

    Return whether everybody may see it: if not, the answer is for the holder of a key alone, and nobody keeps it.

    ``row`` is its row in ``snapshot``, None while it waits to be read. Raises UnknownArticleError, as if it were not
    there.
    """
    visible = snapshot.corpus.directory.visible[row] if row is not None else card.published and not _ahead(card)
    if not visible and not holds_key(request):
        raise UnknownArticleError(f"no article has the id or URL {name!r}")
    return bool(visible)


def require_listed(request: Request, snapshot: Snapshot, row: int | None, card: Card, name: str, *, why: bool) -> bool:
    """Refuse the list of a draft to whom it may not be shown. ``why``: with reasons, which quote the article.

    Return whether everybody may see it (see ``require_shown``).

    Raises UnknownArticleError, as if it were not there; a problem (401) where only the reasons cannot be given.
    """
    if not card.published:
        return require_shown(request, snapshot, row, card, name)
    if not (why and _ahead(card)):
        return True
    if not holds_key(request):
        raise ProblemError(401, "key_required", "the article is not published yet: its reasons need an API key")
    return False


def _ahead(card: Card) -> bool:
    return card.published_at is not None and card.published_at > datetime.now(UTC)


def holds_key(request: Request) -> bool:
    """Say whether the request came with a key that opens something."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    ring: KeyRing = request.app.state.keys
    try:
        return ring.owner(secret.strip()) is not None
    except KeysError as error:
        log.error("%s", error)
        return False
