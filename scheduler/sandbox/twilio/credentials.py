"""Who may ask: HTTP Basic with an account's own token, or with a key of it."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request

from scheduler.sandbox.twilio.knobs import Knobs


def code_of_refusal(request: Request, account_sid: str, knobs: Knobs) -> int | None:
    """The error code for whoever asks, or None for one who may: 20003, or 20404 for the account."""
    user, password = _pair(request)
    if user.startswith("SK"):
        is_right = _fits(user, knobs.api_key) and _fits(password, knobs.api_secret)
    else:
        is_right = _fits(user, knobs.account_sid) and _fits(password, knobs.auth_token)
        is_right = is_right and user.startswith("AC")
    if not is_right:
        return 20003
    owner = knobs.account_sid or (account_sid if user.startswith("SK") else user)
    return None if owner == account_sid else 20404


def own_token(request: Request, account_sid: str) -> str:
    """The Auth Token of an account that has proved itself with it; "" for one that has a key."""
    user, password = _pair(request)
    return password if user == account_sid else ""


def _pair(request: Request) -> tuple[str, str]:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _fits(given: str, right: str | None) -> bool:
    return given == right if right is not None else given != ""
