"""The URLs of APIs, and the public address of this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def base_url(url: str) -> str:
    """Return a URL without a slash at its end, so that paths can be added. Raises ValueError."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("expected a URL that starts with https:// or http://")
    if "@" in url:
        raise ValueError(
            "expected no login in the URL: it is shown wherever the URL is, and the API is asked"
            " with a token; leave it out"
        )
    if "?" in url or "#" in url:
        raise ValueError("expected a URL without a query: paths are added to its end")
    try:
        parts = urlsplit(url)
        # urlsplit checks the port only when it is read.
        is_whole = bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        is_whole = False
    if not is_whole or any(one.isspace() or one == "\\" for one in url):
        raise ValueError("expected a URL such as https://api.example.com, its host can't be read")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def public_url(url: str) -> str:
    """Return the public URL for callbacks, without a slash at its end. Raises ValueError.

    Callbacks are confidential: plain HTTP is allowed on this machine only.
    """
    checked = base_url(url)
    host = urlsplit(checked).hostname or ""
    if is_read_on_the_way(checked):
        raise ValueError("expected https://: what a provider tells of a call would go in the clear")
    if "_" in host:
        raise ValueError("expected a host name without an underscore: providers take no other")
    return checked


def is_read_on_the_way(url: str) -> bool:
    """Whether requests to it leave this machine unencrypted."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
