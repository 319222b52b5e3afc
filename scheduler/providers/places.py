"""Where a token may go: an address that an answer names is somebody's claim, and no more."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

#: An address in which every reader finds the same host. What readers disagree about is left out:
#: logins, backslashes, blanks, escapes and letters of other alphabets in the host.
_PLAIN = re.compile(
    r"(?P<scheme>https?|wss?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\d{1,5}))?"
    r"(?:[/?][!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_SAFE = ("https", "wss")

_Address = IPv4Address | IPv6Address


def is_ours(url: str, base_url: str, domains: Collection[str] = ()) -> bool:
    """Whether an address is of the API at `base_url`, which the operator has named.

    Its host is the API's own, on whichever port, or lies below it; or it is one of `domains`, or
    below it, and then encrypted. An IP address has nothing below it. Nowhere is it less encrypted
    than the API.
    """
    found = _PLAIN.fullmatch(url)
    if found is None or int(found["port"] or 1) not in range(1, 65_536):
        return False
    is_safe = found["scheme"].lower() in _SAFE
    host, own = _host(found["host"]), _host(_own(base_url))
    if host is None or own is None:
        return False
    if _is_within(host, own):
        return is_safe or not base_url.startswith("https://")
    return is_safe and any(_is_within(host, domain) for domain in domains)


def host_in(url: str) -> str:
    """Return the host of an address, to be shown; a rest that may be secret is left out."""
    found = _PLAIN.fullmatch(url)
    return found["host"][:100] if found is not None else "an address that can't be read for certain"


def _own(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    return f"[{host}]" if ":" in host else host.encode("idna").decode()


def _host(written: str) -> str | _Address | None:
    """Return a host in the one form to compare it in; None for what is none."""
    name = written.strip("[]").lower().removesuffix(".")
    try:
        return ip_address(name)
    except ValueError:
        is_name = "[" not in written and all(name.split("."))
        return name if is_name else None


def _is_within(host: str | _Address, own: str | _Address) -> bool:
    if host == own:
        return True
    if not isinstance(host, str) or not isinstance(own, str):
        return False
    # Below a name of one word, such as a container's, anybody may have a name.
    return "." in own and host.endswith(f".{own}")
