"""What every route works with: the snapshot in service when its request came in."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from index.live.live import Live
from index.store.snapshot import Snapshot


def live(request: Request) -> Live:
    """Return the holder of the snapshot in service."""
    found: Live = request.app.state.live
    return found


async def snapshot_now(request: Request) -> Snapshot:
    """Return the snapshot in service when the request came in; the request uses only this one."""
    found: Snapshot | None = getattr(request.state, "snapshot", None)
    return found or await live(request).caught_up()


Current = Annotated[Snapshot, Depends(snapshot_now)]


def is_older(moment: datetime, hours: float) -> bool:
    """Say whether it is longer ago than so many hours; 0 hours are no limit."""
    return bool(hours) and datetime.now(UTC) - moment > timedelta(hours=hours)
