"""``/widget.js``: the element ``<related-articles>`` for any page, as a file that browsers and proxies may keep."""

import gzip
from functools import cache
from hashlib import blake2b
from importlib.resources import files

import brotli
from fastapi import APIRouter, Request, Response

from api.caching import DAY, WEEK, coding, matches

router = APIRouter()

PATH = "/widget.js"
KEPT = f"public, max-age={DAY}, stale-while-revalidate={WEEK}, stale-if-error={WEEK}"
"""The address stays when the file changes, so it is asked for again each day, and answered with 304."""
ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Whoever may load the file: it says nothing of any article, and pages that pin its hash (SRI) load it by CORS."""


@router.get(PATH, include_in_schema=False)
async def widget(request: Request) -> Response:
    """Return the script, compressed as the client likes it best; 304 where it has it."""
    name = coding(request.headers.get("accept-encoding", ""))
    body, tag = variants()[name]
    headers = {**ANYWHERE, "Cache-Control": KEPT, "ETag": f'"{tag}"'}
    vary = {"Vary": "Accept-Encoding"}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers | vary)
    if name:
        headers |= {"Content-Encoding": name, **vary}  # of what is not compressed the GZip layer says so
    return Response(body, media_type="text/javascript", headers=headers)


@cache
def variants() -> dict[str, tuple[bytes, str]]:
    """Return the file in every coding, "" being none, each with its own strong tag (RFC 9110, 8.8.3.3)."""
    script = (files("api") / "static" / "widget.js").read_bytes()
    digest = blake2b(script, digest_size=8).hexdigest()
    return {
        "": (script, digest),
        "gzip": (gzip.compress(script, 9, mtime=0), f"{digest}-gzip"),
        "br": (brotli.compress(script), f"{digest}-br"),
    }
