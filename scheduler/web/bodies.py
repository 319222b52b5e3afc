"""Bounds the body of every request, except on routes that take uploads and bound them."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from scheduler.web.bounds import BODY_BYTES


def bounded(request: Request, receive: Receive) -> Receive:
    """Wrap `receive`: it raises HTTPException (413) beyond `BODY_BYTES`.

    A route that takes uploads calls `be_patient` before it reads, and counts the bytes itself.
    """
    connection = getattr(request.state, "connection", None)
    seen = 0

    async def read() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_BYTES and not getattr(connection, "is_patient", False):
            # Starlette's form parser lets only an HTTPException through unchanged.
            raise HTTPException(413, f"a request has {BODY_BYTES} bytes at most here")
        return message

    return read
