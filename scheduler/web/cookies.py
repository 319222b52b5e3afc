"""What a browser keeps of being signed in, and what its forms have to carry."""

from __future__ import annotations

import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response

from scheduler.ledger.sessions import LONGEST_SECONDS
from scheduler.operations.users import SignedIn


def name_of(*, is_secure: bool) -> str:
    """Return the cookie's name. Of a secure one no neighbour of ours can put another in place."""
    return "__Host-callsched" if is_secure else "callsched"


def cookie_of(asked: HTTPConnection, *, is_secure: bool) -> str:
    """Return what the cookie has; "" where there is none."""
    return asked.cookies.get(name_of(is_secure=is_secure), "")


def keep(response: Response, signed_in: SignedIn, *, is_secure: bool) -> None:
    """Have the browser keep that it is signed in."""
    response.set_cookie(
        name_of(is_secure=is_secure),
        signed_in.cookie,
        max_age=LONGEST_SECONDS,
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )


def drop(response: Response, *, is_secure: bool) -> None:
    """Have the browser forget it."""
    response.delete_cookie(
        name_of(is_secure=is_secure), httponly=True, samesite="lax", secure=is_secure
    )


def csrf_of(cookie: str) -> str:
    """Return what the forms of a session carry: only who has its pages knows it."""
    return hmac.new(cookie.encode(), b"csrf", "sha256").hexdigest()
