"""Signing in and out, and what somebody may do with their own account."""

from __future__ import annotations

import logging
import math
import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from scheduler.errors import ConfigError
from scheduler.fields.visible import visible
from scheduler.ledger import sessions
from scheduler.ledger import users as in_ledger
from scheduler.operations import users
from scheduler.operations.orders import who
from scheduler.operations.users import SignedIn, SignInRefused, TooManyTries
from scheduler.web import cookies
from scheduler.web.addresses import Addresses
from scheduler.web.console.pages import render
from scheduler.web.gate import has_anybody
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite, Site

logger = logging.getLogger(__name__)

router = APIRouter()

#: A path of this site. `//host` and `/\host` are none: browsers read another host into them.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")

#: Messages of the account page for `?done=`.
_DONE = {
    "password": "Your password is changed, and every other browser is signed out.",
    "sessions": "Every other browser is signed out.",
}


@router.get("/sign-in")
def sign_in_page(request: Request, site: OnSite, next: str = "/", key: str = "") -> Response:
    """Ask for name and password, or sign in a visitor with the one-time key."""
    if not key:
        return _page(request, site, next)
    if has_anybody(site) or not Addresses(site.settings).is_direct(request):
        return _page(request, site, next, 403, problem="There are users now: no key opens this.")
    if not site.first_key.take(key):
        problem = "This key has been used, or is of an earlier start: start `callsched web` again."
        return _page(request, site, next, 403, problem=problem)
    return _enter(request, site, users.sign_in_by_key(site.ledger, f"{who()} (key)"), "/")


@router.post("/sign-in")
def sign_in(
    request: Request,
    site: OnSite,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Sign a browser in."""
    sender = Addresses(site.settings).sender(request)
    try:
        signed_in = users.sign_in(site.ledger, name, password, sender)
    except SignInRefused:
        logger.warning("a sign-in as %s from %s was refused", visible(name[:64]), visible(sender))
        problem = "The name or the password is wrong."
        return _page(request, site, next, 401, problem=problem, name=name)
    except TooManyTries as error:
        answer = _page(request, site, next, 429, problem=_wait(error), name=name)
        answer.headers["Retry-After"] = str(math.ceil(error.seconds))
        return answer
    logger.info("%s signed in from %s", name, visible(sender))
    return _enter(request, site, signed_in, next)


@router.post("/sign-out")
def sign_out(request: Request, site: OnSite, visitor: Looks) -> Response:
    """End this session."""
    users.sign_out(site.ledger, visitor.session)
    answer = RedirectResponse("/sign-in?done=out", 303)
    cookies.drop(answer, is_secure=Addresses(site.settings).is_secure(request))
    return answer


@router.get("/account")
def account(request: Request, site: OnSite, visitor: Looks, done: str = "") -> Response:
    """Show who somebody is here, and from where they are signed in."""
    return _account(request, site, visitor, notice=_DONE.get(done, ""))


@router.post("/account/password")
def change_password(
    request: Request,
    site: OnSite,
    visitor: Looks,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change one's own password."""
    _expect_user(site, visitor)
    sender = Addresses(site.settings).sender(request)
    if new != again:
        return _account(request, site, visitor, 422, problem="The new passwords are not the same.")
    try:
        signed_in = users.change_password(site.ledger, visitor, old, new, sender)
    except ConfigError as error:
        return _account(request, site, visitor, 422, problem=f"{error}.")
    except SignInRefused:
        return _account(request, site, visitor, 422, problem="The current password is wrong.")
    except TooManyTries as error:
        answer = _account(request, site, visitor, 429, problem=_wait(error))
        answer.headers["Retry-After"] = str(math.ceil(error.seconds))
        return answer
    return _enter(request, site, signed_in, "/account?done=password")


@router.post("/account/sessions")
def sign_out_elsewhere(site: OnSite, visitor: Looks) -> Response:
    """End one's other sessions."""
    users.sign_out_elsewhere(site.ledger, visitor)
    return RedirectResponse("/account?done=sessions", 303)


def own_path(path: str) -> str:
    """Return the path if it is one of this site, else "/": no open redirect."""
    return path if _OWN_PATH.fullmatch(path) and not path.startswith("/sign-") else "/"


def _enter(request: Request, site: Site, signed_in: SignedIn, then: str) -> Response:
    is_secure = Addresses(site.settings).is_secure(request)
    # An earlier session of this browser ends: no old cookie outlives the sign-in.
    if before := cookies.cookie_of(request, is_secure=is_secure):
        users.sign_out(site.ledger, users.digest_of(before))
    answer = RedirectResponse(own_path(then), 303)
    cookies.keep(answer, signed_in, is_secure=is_secure)
    return answer


def _page(
    request: Request, site: Site, then: str, status: int = 200, *, problem: str = "", name: str = ""
) -> Response:
    addresses = Addresses(site.settings)
    return render(
        request,
        "sign_in.html.j2",
        status,
        next=own_path(then),
        problem=problem,
        name=name[:64],
        is_out=request.query_params.get("done") == "out",
        has_anybody=has_anybody(site),
        is_in_clear=not addresses.is_secure(request) and not addresses.is_near(request),
        has_users=in_ledger.count(site.ledger) > 0,
    )


def _account(
    request: Request,
    site: Site,
    visitor: Looks,
    status: int = 200,
    *,
    notice: str = "",
    problem: str = "",
) -> Response:
    own = sessions.of(site.ledger, visitor.name) if visitor.session else []
    return render(
        request,
        "sign_in_account.html.j2",
        status,
        sessions=own,
        is_user=_is_user(visitor),
        notice=notice,
        problem=problem,
        shortest=users.SHORTEST_PASSWORD,
    )


def _is_user(visitor: Looks) -> bool:
    return bool(visitor.session) and not visitor.name.endswith(" (key)")


def _expect_user(site: Site, visitor: Looks) -> None:
    if not _is_user(visitor):
        raise Failure(
            409,
            "no_user",
            "you have no password here: `callsched user add NAME --role look` adds one",
        )


def _wait(error: TooManyTries) -> str:
    minutes = math.ceil(error.seconds / 60)
    when = "in a moment" if error.seconds < 10 else f"in {minutes} min"
    return f"Too many wrong passwords. Try again {when}."
