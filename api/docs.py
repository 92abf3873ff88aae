"""The page of the API's documentation, under a content policy that lets it run its own script and no other."""

import base64
import re
from hashlib import sha256

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse

CDN = "https://cdn.jsdelivr.net"


def install(app: FastAPI) -> None:
    """Serve the page at ``/docs``."""
    page = bytes(get_swagger_ui_html(openapi_url="openapi.json", title=app.title, swagger_favicon_url="data:,").body)
    hashes = [
        "'sha256-" + base64.b64encode(sha256(script).digest()).decode() + "'"
        for script in re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    ]
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {CDN} {' '.join(hashes)}",
            f"style-src {CDN} 'unsafe-inline'",
            "img-src data:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )

    async def documentation(_: Request) -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})

    app.add_route("/docs", documentation, include_in_schema=False)
