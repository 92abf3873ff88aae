"""How long the body of a request may be."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ProblemError

MAX_DIGITS = 20
"""Of a Content-Length; a body that declares a longer one is counted as it comes."""


class BodyLimit:
    """Refuses a body of more than ``max_bytes``: at once if its length is declared, else as soon as it is longer.

    Starlette's own limit answers in plain text; here it is a problem like any other.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count what it reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._declared(scope) > self._max_bytes:
            await self._too_large().response()(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> ProblemError:
        return ProblemError(413, "body_too_large", f"the body is longer than {self._max_bytes:,} bytes")

    @staticmethod
    def _declared(scope: Scope) -> int:
        found = [value for name, value in scope["headers"] if name == b"content-length"]
        return max((int(value) for value in found if value.isdigit() and len(value) <= MAX_DIGITS), default=0)
