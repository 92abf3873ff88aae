"""Who may see the pages: everybody, or who logs in with an API key, as the setting ``pages`` says."""

from fastapi import Request
from starlette.responses import Response

from api.embargo import holds_key
from api.pages.rendering import render

CHALLENGE = {"WWW-Authenticate": 'Basic realm="Related articles", charset="UTF-8"'}


def refusal(request: Request) -> Response | None:
    """Return the answer for a visitor who must log in first; None for one who may go on.

    The browser asks for a name, which is not looked at, and a password: an API key of the store. Nothing is kept on
    the server, and no page changes anything, so that no other site can do harm with the browser's log-in.
    """
    if request.app.state.config.pages == "open" or holds_key(request):
        return None
    answer = render(
        request,
        "problem.html.j2",
        401,
        title="A key is needed",
        text="Log in with any name and an API key as the password. The operator makes one: related-api keys new NAME.",
    )
    answer.headers.update(CHALLENGE)
    return answer
