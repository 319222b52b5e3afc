"""Finds out whether an API is a sandbox."""

from __future__ import annotations

import json
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

from scheduler.fields.urls import is_loopback

#: Far more than a sandbox's description of itself.
_MOST_BYTES = 64 << 10


def is_sandbox(base_url: str) -> bool:
    """Ask a server on this machine whether it is a sandbox; any other server counts as real."""
    if not is_loopback(urlsplit(base_url).hostname or ""):
        return False
    try:
        opener = build_opener(ProxyHandler({}), _Straight)
        with opener.open(f"{base_url}/sandbox", timeout=2) as answer:
            body = json.loads(answer.read(_MOST_BYTES))
    except (URLError, OSError, ValueError, HTTPException, RecursionError):
        return False
    return isinstance(body, dict) and body.get("sandbox") is True


class _Straight(HTTPRedirectHandler):
    """Follows no redirect, because that would first read the whole body, however long."""

    def redirect_request(self, *_: object) -> None:
        """Raise the redirect as an error."""
