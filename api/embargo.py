"""Articles that are not published yet, drafts and those dated ahead of now, are shown to holders of a key only.

The related list of an article that is dated ahead is for everybody: the article's page needs it from the first moment,
whatever the clocks say, and it names published articles only.
"""

import logging
from datetime import UTC, datetime

from fastapi import Request

from api.keys import KeyRing, KeysError, secret_in
from api.problems import ProblemError
from index.store.snapshot import Snapshot
from recommender.articles.card import Card
from recommender.errors import UnknownArticleError

log = logging.getLogger(__name__)


def require_shown(request: Request, snapshot: Snapshot, row: int | None, card: Card, name: str) -> bool:
    """Return whether everybody may see the article of ``card``, which the request calls ``name``.

    If not, and the request has a key, the answer is for its holder alone and must not be kept. ``row`` is the article's
    row in ``snapshot``, None while it is pending. Raises UnknownArticleError without a key, as if there were no such
    article.
    """
    visible = snapshot.corpus.directory.visible[row] if row is not None else card.published and not _ahead(card)
    if not visible and not holds_key(request):
        raise UnknownArticleError(f"no article has the id or URL {name!r}")
    return bool(visible)


def require_listed(request: Request, snapshot: Snapshot, row: int | None, card: Card, name: str, *, why: bool) -> bool:
    """Return whether everybody may see the article's related list; ``why``: with reasons, which quote the article.

    If not, see ``require_shown``. Raises UnknownArticleError for a draft without a key, as if there were no such
    article; a problem (401) where a key is needed for the reasons alone.
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
    """Say whether the request came with a key of the store."""
    secret = secret_in(request.headers.get("authorization", ""))
    if secret is None:
        return False
    ring: KeyRing = request.app.state.keys
    try:
        return ring.owner(secret) is not None
    except KeysError as error:
        log.error("%s", error)
        return False
