"""Refuses cross-site request forgery: a foreign page has a signed-in browser send a request.

Every request that changes something and comes with a cookie is checked for both: the browser's
headers must name a page of this site (`Sec-Fetch-Site`, `Origin`), and it must carry the session's
CSRF token, which only pages of this site know.
"""

from __future__ import annotations

import re
from hmac import compare_digest
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.types import Message, Receive

from scheduler.web.addresses import Addresses
from scheduler.web.problems import Failure

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD, HEADER = "csrf", "x-csrf-token"
#: The longest form without files; and how much of a form with files is searched: the token is its
#: first field.
FORM_BYTES, FIRST_BYTES = 1 << 16, 1 << 12

_IN_PARTS = re.compile(rb'name="csrf"\r\n\r\n([0-9a-f]{1,128})\r\n')


def expect_own_page(request: Request, addresses: Addresses) -> None:
    """Raise Failure (403) for a request that no page of this site has sent."""
    where = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_own = where in (None, "same-origin") and (
        origin is None or addresses.is_own_origin(request, origin)
    )
    if not is_own or (where is None and origin is None):
        raise Failure(
            403,
            "cross_site",
            "no page of this site has sent this: open the page here, and send it from there;"
            " a program sends a token (Authorization: Bearer) and no cookie",
        )


async def expect_known(request: Request, receive: Receive, csrf: str) -> Receive:
    """Raise Failure (403) for a request without the session's CSRF token.

    Returns what the request is to be read from: it yields again what was read here.
    """
    given = request.headers.get(HEADER) or request.query_params.get(FIELD)
    if given is None:
        given, receive = await _of_form(request, receive)
    if not compare_digest(given.encode(), csrf.encode()):
        raise Failure(
            403,
            "csrf",
            "this page is from an earlier sign-in: load it again, and send it then; a program sends"
            " the header X-CSRF-Token, or a token and no cookie",
        )
    return receive


async def _of_form(request: Request, receive: Receive) -> tuple[str, Receive]:
    """Return the CSRF token of a form, and what the whole form is to be read from."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        body, again = await _read_some(receive, FORM_BYTES)
        fields = parse_qs(body.decode("latin-1"), max_num_fields=10_000)
        return fields.get(FIELD, [""])[0], again
    if kind == "multipart/form-data":
        body, again = await _read_some(receive, FIRST_BYTES)
        found = _IN_PARTS.search(body[:FIRST_BYTES])
        return found[1].decode() if found else "", again
    return "", receive


async def _read_some(receive: Receive, most: int) -> tuple[bytes, Receive]:
    """Read the first `most` bytes of a body, in whole pieces: one is 300 kB at most.

    Whether the body is too long is the route's to decide, which may take uploads.
    """
    messages: list[Message] = []
    body, more = b"", True
    while more and len(body) < most:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        more = message.get("more_body", False)
    pending = iter(messages)

    async def again() -> Message:
        for message in pending:
            return message
        return await receive()

    return body, again
