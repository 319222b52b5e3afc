"""How long the body of a request may be, unless its route takes its time and bounds it itself."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from scheduler.web.bounds import BODY_BYTES


def bounded(request: Request, receive: Receive) -> Receive:
    """Return what reads a body as far as it may go.

    A route that takes uploads says so before it reads (`be_patient`), and counts itself.
    """
    connection = getattr(request.state, "connection", None)
    seen = 0

    async def read() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_BYTES and not getattr(connection, "is_patient", False):
            # Of this kind alone do those who read a form let it through as it is.
            raise HTTPException(413, f"a request has {BODY_BYTES} bytes at most here")
        return message

    return read
