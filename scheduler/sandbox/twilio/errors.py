"""How the API says no: codes, their statuses and texts, and the shapes of a body.

Codes and texts are of Twilio's error dictionary, https://www.twilio.com/docs/api/errors, in words
of our own; which HTTP status goes with a code is documented for few. All others are a 400.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from scheduler.sandbox.answers import without_json
from scheduler.sandbox.twilio.knobs import Knobs

_STATUSES = {
    10001: 403,
    10002: 403,
    10004: 429,
    20003: 401,
    20004: 405,
    20005: 401,
    20006: 403,
    20008: 403,
    20009: 409,
    20403: 403,
    20404: 404,
    20429: 429,
    20500: 500,
    20503: 503,
    70051: 403,
    86008: 429,
}
_TEXTS = {
    10001: "Account is not active",
    10002: "Trial account does not support this feature",
    10004: "Call concurrency limit exceeded",
    20001: "Invalid parameter",
    20003: "Authenticate",
    20004: "Method not allowed",
    20005: "Account not active",
    20008: "Resource not accessible with Test Account Credentials",
    20009: "Cannot delete this resource",
    20403: "Forbidden",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service Unavailable",
    21201: "No 'To' number is specified",
    21204: "Call already initiated",
    21205: "Url is not a valid URL",
    21206: "Invalid SendDigits",
    21208: "Invalid Timeout",
    21209: "Invalid Method",
    21210: "The source phone number provided is not yet verified for your account",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Phone Number",
    21213: "No 'From' number is specified",
    21214: "'To' phone number cannot be reached",
    21215: "Account not authorized to call this number",
    21216: "Account not allowed to call this number",
    21217: "Phone number does not appear to be valid",
    21219: "'To' phone number not verified",
    21220: "Call is not in-progress. Cannot redirect.",
    21234: "Invalid value for answering machine detection",
    32018: "The TwiML is too long",
}
#: By a status that a fault has: the code of the answer.
_CODES = {
    400: 20001,
    401: 20003,
    403: 20403,
    404: 20404,
    405: 20004,
    429: 20429,
    500: 20500,
    503: 20503,
}
_DOCUMENTS = "https://www.twilio.com/docs/errors"


def text_of(code: int) -> str:
    """What the API says of a code."""
    return _TEXTS.get(code, f"Error {code}")


def of_code(knobs: Knobs, code: int, text: str | None = None, status: int = 0) -> Response:
    """The answer with an error code, in the shape that the knobs ask for."""
    status = status or (knobs.limit_status if code == 10004 else _STATUSES.get(code, 400))
    answer = _shaped(knobs, status, code, text or text_of(code))
    if status in (429, 503) and knobs.retry_after is not None:
        answer.headers["Retry-After"] = knobs.retry_after
    return answer


def of_status(knobs: Knobs, status: int, text: str | None = None) -> Response:
    """The answer with an HTTP status."""
    return of_code(knobs, _CODES.get(status, 20500 if status >= 500 else 20001), text, status)


def _shaped(knobs: Knobs, status: int, code: int, text: str) -> Response:
    shape = knobs.error_body
    if (answer := without_json(shape, status, text)) is not None:
        return answer
    if shape == "problem":
        return _problem(status, code, text)
    body = {"message": text, "more_info": f"{_DOCUMENTS}/{code}", "status": status}
    return JSONResponse(body if shape == "no_code" else {"code": code, **body}, status)


def _problem(status: int, code: int, text: str) -> Response:
    """The newer shape, of RFC 9457."""
    body = {"type": f"{_DOCUMENTS}/{code}", "title": text, "status": status, "code": code}
    return JSONResponse(body, status, media_type="application/problem+json")
