"""The stylesheet and the scripts of the pages: a few files of the package, under names that change with their bytes."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from api.problems import ProblemError
from recommender.text import sha256

KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, its media type, and the digest of its bytes."""

    body: bytes
    kind: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Return all files by name."""
    found = {}
    for file in (files(__package__) / "static").iterdir():
        kind = KINDS.get(file.name[file.name.rfind(".") :])
        if kind:
            body = file.read_bytes()
            found[file.name] = Asset(body, kind, sha256(body.decode())[:12])
    return found


def answer(request: Request) -> Response:
    """Return the file that the path names. Raises a problem (404) if there is none.

    Browsers keep it for as long as they like where its digest is in the address, as the pages have it.
    """
    found = assets().get(request.path_params["name"])
    if found is None:
        raise ProblemError(404, "not_found", "Not Found")
    fresh = request.query_params.get("v") == found.digest
    keep = f"public, max-age={YEAR}, immutable" if fresh else "no-cache"
    return Response(found.body, media_type=found.kind, headers={"Cache-Control": keep})
