"""What a server answers: its body within limits, and how long it wants us to wait."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from recommender.errors import SourceError

if TYPE_CHECKING:
    import httpx2

    from recommender.sources.fetch.transport import Deadline

MAX_RATIO, RATIO_FROM = 200, 4 * 1024**2
"""An answer that unpacks to over RATIO_FROM bytes, and to more than MAX_RATIO times what came, is a bomb."""
ENCODINGS = frozenset(("gzip", "x-gzip", "deflate", "br", "identity"))


def body_of(answer: "httpx2.Response", url: str, deadline: "Deadline", most: int, *, cut: bool) -> bytes:
    """Read the body of an answer: ``most`` bytes of it where it may be ``cut``, else all.

    Raises SourceError if it has more than ``most``, is a bomb, comes in an unknown encoding or after the ``deadline``.
    """
    encodings = {each.strip().lower() for each in answer.headers.get("content-encoding", "").split(",")} - {""}
    if encodings - ENCODINGS or answer.headers.get("content-encoding", "").count(",") > 1:
        raise SourceError(f"its encoding {', '.join(sorted(encodings))} is not read", url)
    length = answer.headers.get("content-length", "")
    too_large = SourceError(f"it is larger than the limit of {most:,} bytes", url)
    if length.isascii() and length.isdigit() and int(length[:20]) > most and not cut:
        raise too_large
    parts, size = [], 0
    for part in answer.iter_bytes():
        deadline.left()
        parts.append(part)
        size += len(part)
        if cut and size > most:
            break
        if max(size, answer.num_bytes_downloaded) > most:
            raise too_large
        if size > RATIO_FROM and size > MAX_RATIO * answer.num_bytes_downloaded:
            raise SourceError(f"it unpacks to more than {MAX_RATIO:,} times its size", url)
    return b"".join(parts)


def seconds_until(retry_after: str, now: float) -> float:
    """Return what ``Retry-After`` asks for in seconds at ``now``, -1 if it asks for nothing that can be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return -1.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
