"""How an answer looks on the wire, and how it can go wrong there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from scheduler.sandbox.faults import Fault
from scheduler.sandbox.wire import reset, transport_of

#: Makes the answer to what is refused with a status, in the API's own shape.
Refuse = Callable[[int], Response]


def without_json(shape: str, status: int, text: str) -> Response | None:
    """Return an error in one of the shapes that a proxy gives it; None for any other shape."""
    if shape == "empty":
        return Response(status_code=status)
    if shape == "text":
        return PlainTextResponse(text, status)
    if shape == "html":
        return HTMLResponse(f"<!doctype html><title>{status}</title><p>{text}", status)
    return None


class Unanswered(Response):
    """What a client never reads as an answer."""


class Reset(Unanswered):
    """Resets the TCP connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing, and cut."""
        reset(transport_of(scope))
        await _until_gone(receive)


class Silence(Unanswered):
    """Never answers: the client has to go first."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing, and wait."""
        await _until_gone(receive)


class Torn(Unanswered):
    """Sends half of another answer's body, then closes the TCP connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the whole's headers, and half of what they announce."""
        whole, body = self._whole, bytes(self._whole.body)
        await send(
            {
                "type": "http.response.start",
                "status": whole.status_code,
                "headers": whole.raw_headers,
            }
        )
        half = body[: len(body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport_of(scope).close()
        await _until_gone(receive)


def undone(fault: Fault, refuse: Refuse) -> Response:
    """The answer of a fault that does not do what was asked."""
    if fault is Fault.RESET_BEFORE:
        return Reset()
    if fault is Fault.HTML:
        return HTMLResponse("<!doctype html><title>Welcome</title><p>Please log in.")
    if fault is Fault.REDIRECT:
        return RedirectResponse("/login", 302)
    return refuse(fault.status)


def done(fault: Fault | None, answer: Response, refuse: Refuse) -> Response:
    """What becomes of the answer when what was asked was done."""
    if fault is Fault.SERVER_ERROR:
        return refuse(500)
    if fault is Fault.RESET_AFTER:
        return Reset()
    if fault is Fault.HANG:
        return Silence()
    return Torn(answer) if fault is Fault.CUT_BODY else answer


def status(answer: Response) -> int | None:
    """The status that the client will see, or None if it sees none."""
    return None if isinstance(answer, Unanswered) else answer.status_code


async def reaches(request: Request, answer: Response, after_seconds: float) -> bool:
    """Wait until it is time to answer; say whether the client is still there to hear it."""
    if after_seconds:
        await asyncio.sleep(after_seconds)
    return not isinstance(answer, Unanswered) and not await request.is_disconnected()


async def _until_gone(receive: Receive) -> None:
    # Returning earlier would have uvicorn answer 500 in our place.
    while (await receive())["type"] != "http.disconnect":
        pass
