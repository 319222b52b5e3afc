"""The session cookie, and the CSRF token that a session's forms carry."""

from __future__ import annotations

import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response

from scheduler.ledger.sessions import LONGEST_SECONDS
from scheduler.operations.users import SignedIn


def name_of(*, is_secure: bool) -> str:
    """Return the cookie's name. With `__Host-`, no other host of the domain can overwrite it."""
    return "__Host-callsched" if is_secure else "callsched"


def cookie_of(asked: HTTPConnection, *, is_secure: bool) -> str:
    """Return the cookie's value; "" when there is none."""
    return asked.cookies.get(name_of(is_secure=is_secure), "")


def keep(response: Response, signed_in: SignedIn, *, is_secure: bool) -> None:
    """Set the session cookie."""
    response.set_cookie(
        name_of(is_secure=is_secure),
        signed_in.cookie,
        max_age=LONGEST_SECONDS,
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )


def drop(response: Response, *, is_secure: bool) -> None:
    """Delete the session cookie."""
    response.delete_cookie(
        name_of(is_secure=is_secure), httponly=True, samesite="lax", secure=is_secure
    )


def csrf_of(cookie: str) -> str:
    """Return the CSRF token of a session, which only the session's pages contain."""
    return hmac.new(cookie.encode(), b"csrf", "sha256").hexdigest()
