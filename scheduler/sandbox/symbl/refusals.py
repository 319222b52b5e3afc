"""How a refusal says why: in which words, and in which shape."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from scheduler.sandbox.answers import without_json
from scheduler.sandbox.symbl.knobs import ErrorBody, Knobs

_WORDS = {
    400: "The request has wrong input fields.",
    401: "Token validation failed for the token that was provided.",
    402: "The balance of this account does not cover the request.",
    403: "This account is not allowed to do that.",
    404: "There is nothing here.",
    405: "This method is not allowed here.",
    410: "This is gone.",
    429: "Too many concurrent jobs on this account.",
    500: "Something went wrong on our side.",
    502: "A server behind this one gave a bad answer.",
    503: "The service is not available.",
    504: "A server behind this one gave no answer.",
}


def refusal(knobs: Knobs, status: int, text: str | None = None) -> Response:
    """A refusal in the shape that the knobs ask for."""
    answer = _shaped(knobs.error_body, status, text or _WORDS[status])
    return _put_off(answer, knobs) if status == 503 else answer


def refuser(knobs: Knobs) -> Callable[[int], Response]:
    """What makes the answer of a fault with a status."""
    return lambda status: at_limit(knobs) if status == 429 else refusal(knobs, status)


def at_limit(knobs: Knobs) -> Response:
    """A 429 in the shape that the knobs ask for."""
    shape = "status_code" if knobs.limit_body == "status_code" else knobs.error_body
    return _put_off(_shaped(shape, 429, _WORDS[429]), knobs)


def _put_off(answer: Response, knobs: Knobs) -> Response:
    if knobs.retry_after is not None:
        answer.headers["Retry-After"] = knobs.retry_after
    return answer


def _shaped(shape: ErrorBody, status: int, text: str) -> Response:
    if (answer := without_json(shape, status, text)) is not None:
        return answer
    return JSONResponse(_json_body(shape, status, text), status)


def _json_body(shape: ErrorBody, status: int, text: str) -> dict[str, object]:
    if shape == "status_code":
        return {"statusCode": status, "message": text}
    if shape == "code":
        url = f"https://docs.example.com/errors/{status}"
        return {"code": f"ERROR_{status}", "message": text, "url": url}
    return {"message": text}
