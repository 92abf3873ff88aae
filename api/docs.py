"""The page of the API's documentation, and the stylesheet and scripts of all pages.

What renders them is loaded when somebody reads them: a server that answers programs alone never needs it.
"""

from starlette.requests import Request
from starlette.responses import Response


def documentation(request: Request) -> Response:
    """Return the reference of the API, made from its OpenAPI document."""
    from api.pages import reference

    return reference.page(request)


def asset(request: Request) -> Response:
    """Return a stylesheet or a script of the pages; 404 if there is none of this name."""
    from api.pages import assets

    return assets.answer(request)
