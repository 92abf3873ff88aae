"""What a request costs, and how much a client without a key may spend in a minute.

The unit is the time that a plain related list takes to compute. ``bench/costs.py`` measures other requests in it.
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from cachetools import LRUCache
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.embargo import holds_key
from api.problems import ProblemError
from api.requests import Batch, RelatedParams

FREE = 2.0
"""Lists of known articles that cost no more than this are free: they are what a page asks for."""
LIST, PER_ITEM, PER_DIVERSE_ITEM, PER_EXCLUDED, FALLBACK = 0.84, 0.02, 0.05, 0.006, 0.5
EXPLAIN, PER_EXPLAINED_ITEM = 1.4, 0.4
DRAFT, PER_DRAFT_CHARACTER = 1.7, 6e-5
"""What a draft costs beside its list: it is read and embedded first."""
REQUEST = 0.4
"""The part of a plain list's cost that does not depend on the list: a batch has it once."""
MAX_BATCH = 60.0
"""Plain lists that one batch may cost."""
CLIENTS = 10_000
"""How many clients are remembered; the one not seen for longest is forgotten first."""
POSTED = "/v1/related"
MAX_NAME = 100


def cost_of_list(params: RelatedParams) -> float:
    """Return what the list of a known article costs, in plain lists."""
    return (
        LIST
        + PER_ITEM * params.limit
        + PER_DIVERSE_ITEM * params.limit * bool(params.diversity)
        + (EXPLAIN + PER_EXPLAINED_ITEM * params.limit) * params.explain
        + PER_EXCLUDED * len(params.exclude)
        + FALLBACK * bool(params.fallback)
    )


def cost_of_draft(params: RelatedParams, characters: int) -> float:
    """Return what the list of a draft costs, in plain lists; its body has so many ``characters``."""
    return cost_of_list(params) + DRAFT + PER_DRAFT_CHARACTER * characters


def cost_of_batch(batch: Batch) -> float:
    """Return what several lists cost, in plain lists. Raises a problem (422) if that is too much for one request."""
    cost = REQUEST + sum(cost_of_list(params) - REQUEST for params in batch.requests)
    if cost > MAX_BATCH:
        said = f"these lists cost as much as {cost:.0f} plain ones, one batch may cost {MAX_BATCH:.0f}: ask in parts"
        raise ProblemError(422, "batch_too_dear", said)
    return cost


class Budgets:
    """A token bucket for each client. It holds ``per_minute`` plain lists and fills at that rate; 0: no limit."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic, clients: int = CLIENTS) -> None:
        self._size = float(per_minute)
        self._clock = clock
        self._levels: LRUCache[str, tuple[float, float]] = LRUCache(clients)

    def wait(self, client: str, cost: float = 1.0, *, take: bool = True) -> float:
        """Take ``cost`` from the bucket of ``client`` and return 0; if it holds too little, the seconds to wait.

        What costs more than a full bucket needs a full one, and leaves it below zero. Without ``take`` nothing is taken
        in either case.
        """
        if not self._size:
            return 0.0
        now = self._clock()
        level, seen = self._levels.get(client, (self._size, now))
        level = min(self._size, level + (now - seen) * self._size / 60)
        missing = min(cost, self._size) - level
        if missing <= 0:
            self._levels[client] = level - cost * take, now
            return 0.0
        self._levels[client] = level, now
        return missing * 60 / self._size

    def refusal(self, client: str, cost: float, *, take: bool = True) -> ProblemError | None:
        """Take ``cost`` and return None; if too little is left, the problem (429) that says when to try again."""
        wait = self.wait(client, cost, take=take)
        if wait <= 0:
            return None
        retry = {"Retry-After": str(math.ceil(wait))}
        said = (
            f"this costs as much as {cost:.0f} plain lists, of which a client without a key has {self._size:g} a minute"
        )
        return ProblemError(429, "budget_spent", said, retry)

    def __len__(self) -> int:
        return len(self._levels)


def charge(request: Request, cost: float, *, free: float = 0.0) -> None:
    """Take ``cost`` from the client's budget; nothing of at most ``free``, or with a key.

    Raises a problem (429) if too little is left.
    """
    if cost <= free or holds_key(request):
        return
    budgets: Budgets = request.app.state.budgets
    refusal = budgets.refusal(client_of(request.client.host if request.client else ""), cost)
    if refusal:
        raise refusal


class CostLimit:
    """Refuses drafts and batches of a client whose budget is spent (429), before their bodies are read."""

    def __init__(self, app: ASGIApp, budgets: Budgets) -> None:
        self._app = app
        self._budgets = budgets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless the budget is spent; a request with a key is checked and charged further in."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(POSTED):
            named = any(name == b"authorization" for name, _ in scope["headers"])
            client = client_of(scope["client"][0] if scope.get("client") else "")
            refusal = None if named else self._budgets.refusal(client, 1.0, take=False)
            if refusal:
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def client_of(address: str) -> str:
    """Return the name under which the client at ``address`` has its budget: of an IPv6 address, its /64 network."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:MAX_NAME]
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))
