"""What is not published yet is shown to holders of a key only: drafts, and articles dated ahead of now.

What is related to an article that is dated ahead may be asked for by everybody: its page asks for it from the first
moment on, whatever the clocks say, and the list names published articles only.
"""

import logging
from datetime import UTC, datetime

from fastapi import Request

from api.keys import KeyRing, KeysError
from api.problems import ProblemError
from index.snapshot import Snapshot
from recommender.card import Card
from recommender.errors import UnknownArticleError

log = logging.getLogger(__name__)


def require_shown(request: Request, snapshot: Snapshot, row: int | None, card: Card, name: str) -> None:
    """Refuse to show the article of ``card``, asked for as ``name``, to whom it may not be shown.

    ``row`` is its row in ``snapshot``, None while it waits to be read. Raises UnknownArticleError, as if it were not
    there.
    """
    visible = snapshot.corpus.register.visible[row] if row is not None else card.published and not _ahead(card)
    if not visible and not _holds_key(request):
        raise UnknownArticleError(f"no article has the id or URL {name!r}")


def require_listed(request: Request, snapshot: Snapshot, row: int | None, card: Card, name: str, *, why: bool) -> None:
    """Refuse the list of a draft to whom it may not be shown. ``why``: the reasons are wanted, which quote the article.

    Raises UnknownArticleError, as if it were not there; a problem (401) where only the reasons cannot be given.
    """
    if not card.published:
        require_shown(request, snapshot, row, card, name)
    elif why and _ahead(card) and not _holds_key(request):
        raise ProblemError(401, "key_required", "the article is not published yet: its reasons need an API key")


def _ahead(card: Card) -> bool:
    return card.published_at is not None and card.published_at > datetime.now(UTC)


def _holds_key(request: Request) -> bool:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    ring: KeyRing = request.app.state.keys
    try:
        return ring.owner(secret.strip()) is not None
    except KeysError as error:
        log.error("%s", error)
        return False
