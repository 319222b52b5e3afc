"""Is it the sandbox that would be called?"""

from __future__ import annotations

import json
from http.client import HTTPException
from ipaddress import ip_address
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener


def is_sandbox(base_url: str) -> bool:
    """Ask a server on this machine whether it is a sandbox; any other one is taken for real."""
    if not _is_loopback(urlsplit(base_url).hostname or ""):
        return False
    try:
        with build_opener(ProxyHandler({})).open(f"{base_url}/sandbox", timeout=2) as answer:
            said = json.load(answer)
    except (URLError, OSError, ValueError, HTTPException, RecursionError):
        return False
    return isinstance(said, dict) and said.get("sandbox") is True


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
