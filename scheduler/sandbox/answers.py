"""How an answer looks on the wire, and how it can go wrong there."""

from __future__ import annotations

from asyncio import Transport

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from scheduler.sandbox.knobs import Fault, Knobs
from scheduler.sandbox.wire import reset

_WORDS = {
    400: "The request has wrong input fields.",
    401: "Token validation failed for the token that was provided.",
    402: "The balance of this account does not cover the request.",
    403: "This account is not allowed to do that.",
    404: "There is nothing here.",
    405: "This method is not allowed here.",
    410: "This is gone.",
    500: "Something went wrong on our side.",
    502: "A server behind this one gave a bad answer.",
    503: "The service is not available.",
    504: "A server behind this one gave no answer.",
}


class Unanswered(Response):
    """What a client never reads as an answer."""


class Reset(Unanswered):
    """Resets the TCP connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing, and cut."""
        reset(_transport(scope))
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
        _transport(scope).close()
        await _until_gone(receive)


def message(status: int, text: str | None = None) -> JSONResponse:
    """A refusal in the API's own JSON."""
    return JSONResponse({"message": text or _WORDS[status]}, status)


def at_limit(knobs: Knobs) -> JSONResponse:
    """A 429 in the shape that the knobs ask for."""
    body: dict[str, object] = {"message": "Too many concurrent jobs on this account."}
    if knobs.limit_body == "status_code":
        body = {"statusCode": 429, **body}
    headers = {"Retry-After": knobs.retry_after} if knobs.retry_after is not None else None
    return JSONResponse(body, 429, headers)


def undone(fault: Fault, knobs: Knobs) -> Response:
    """The answer of a fault that does not do what was asked."""
    if fault is Fault.RESET_BEFORE:
        return Reset()
    if fault is Fault.HTML:
        return HTMLResponse("<!doctype html><title>Welcome</title><p>Please log in.")
    if fault is Fault.REDIRECT:
        return RedirectResponse("/login", 302)
    if fault is Fault.AT_LIMIT:
        return at_limit(knobs)
    return message(500 if fault is Fault.SERVER_ERROR_NOT_PLACED else int(fault))


def done(fault: Fault | None, answer: Response) -> Response:
    """What becomes of the answer when what was asked was done."""
    if fault is Fault.SERVER_ERROR:
        return message(500)
    if fault is Fault.RESET_AFTER:
        return Reset()
    if fault is Fault.HANG:
        return Silence()
    return Torn(answer) if fault is Fault.CUT_BODY else answer


def status(answer: Response) -> int | None:
    """The status that the client will see, or None if it sees none."""
    return None if isinstance(answer, Unanswered) else answer.status_code


def _transport(scope: Scope) -> Transport:
    transport = scope["state"]["transport"]
    assert isinstance(transport, Transport)
    return transport


async def _until_gone(receive: Receive) -> None:
    # Returning earlier would have uvicorn answer 500 in our place.
    while (await receive())["type"] != "http.disconnect":
        pass
