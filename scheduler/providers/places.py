"""Decides where a token may be sent: addresses in an API's answers are not trusted."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

#: A URL in which every parser finds the same host. Parsers disagree about logins, backslashes,
#: blanks, escapes and non-ASCII letters in the host: such URLs don't match.
_PLAIN = re.compile(
    r"(?P<scheme>https?|wss?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\d{1,5}))?"
    r"(?:[/?][!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_SAFE = ("https", "wss")

_Address = IPv4Address | IPv6Address

#: Hosts whose normal form is remembered: every call names the same few, and to read one takes as
#: long as to parse a frame.
_HOSTS = 64


def is_ours(url: str, base_url: str, domains: Collection[str] = ()) -> bool:
    """Whether a URL belongs to the API at `base_url`, which the operator has configured.

    True for the API's own host or a subdomain of it, on any port; and, over TLS, for one of
    `domains` or a subdomain. An IP address has no subdomains. A plain URL never belongs to an
    encrypted API.
    """
    found = _PLAIN.fullmatch(url)
    if found is None or int(found["port"] or 1) not in range(1, 65_536):
        return False
    is_safe = found["scheme"].lower() in _SAFE
    host, own = _host(found["host"]), _own(base_url)
    if host is None or own is None:
        return False
    if _is_within(host, own):
        return is_safe or not base_url.startswith("https://")
    return is_safe and any(_is_within(host, domain) for domain in domains)


def host_in(url: str) -> str:
    """Return the host of a URL for display, without the rest, which may be secret."""
    found = _PLAIN.fullmatch(url)
    return found["host"][:100] if found is not None else "an address that can't be read for certain"


@lru_cache(_HOSTS)
def _own(base_url: str) -> str | _Address | None:
    host = urlsplit(base_url).hostname or ""
    return _host(f"[{host}]" if ":" in host else host.encode("idna").decode())


@lru_cache(_HOSTS)
def _host(written: str) -> str | _Address | None:
    """Return a host in a normal form, for comparison; None if it can't be read."""
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
    # A name of one word, such as a container's, may have subdomains of anybody.
    return "." in own and host.endswith(f".{own}")
