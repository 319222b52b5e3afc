"""Where a request was sent to and where it came from, and which of its headers to believe.

A foreign site can have its own host name resolve to this machine (DNS rebinding), and a browser
then sends that site's requests here: only the Host header gives it away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from scheduler.fields.urls import is_loopback
from scheduler.settings import Settings

#: Headers that a proxy adds to a request that it passes on.
FORWARDING = (
    *("forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-host"),
    *("x-forwarded-port", "x-forwarded-proto", "x-forwarded-server", "x-forwarded-prefix"),
)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?")
_PORTS = {"http": 80, "https": 443}
_SECURE = re.compile(r"(?i)(?:^|[;,\s])proto=\"?https\b")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Judges the addresses of requests by the settings of this site."""

    settings: Settings

    def is_direct(self, asked: HTTPConnection) -> bool:
        """Whether it comes from this machine, and no proxy or public address leads here."""
        return (
            is_loopback(self.settings.web_host)
            and self.settings.public_url is None
            and not _is_forwarded(asked)
            and all(is_loopback(place) for place in _ends(asked))
            and _is_own_loopback(asked)
        )

    def is_ours(self, asked: HTTPConnection) -> bool:
        """Whether its Host header is this site's: loopback, public URL or bound address."""
        written = _host(asked)
        port = _port(asked)
        if written is None:
            return False
        if _is_own_loopback(asked) or self._is_public(asked):
            return True
        return written in ((self.settings.web_host.lower(), port), (_ends(asked)[-1], port))

    def is_own_origin(self, asked: HTTPConnection, origin: str) -> bool:
        """Whether an Origin header names this site, as the request reached it."""
        public = urlsplit(self.settings.public_url or "")
        if self.settings.public_url and _site(origin) == _site(self.settings.public_url):
            return True
        if self._is_public(asked) and public.scheme == "https":
            return False
        scheme = "https" if _came_over_tls(asked) else "http"
        return _site(origin) == _site(f"{scheme}://{asked.headers.get('host', '')}")

    def is_secure(self, asked: HTTPConnection) -> bool:
        """Whether cookies that answer it can be marked `Secure`: the browser came over TLS."""
        return (self.settings.public_url or "").startswith("https://") or _came_over_tls(asked)

    def is_near(self, asked: HTTPConnection) -> bool:
        """Whether the browser seems to be on this machine: loopback, and no proxy's header."""
        return _is_own_loopback(asked) and not _is_forwarded(asked)

    def sender(self, asked: HTTPConnection) -> str:
        """Return the IP address of the sender.

        A proxy on this machine or network is believed when CALLSCHED_PUBLIC_URL is set: the last
        address of its X-Forwarded-For is the one that it has seen itself.
        """
        peer = asked.client.host if asked.client else ""
        passed_on = asked.headers.getlist("x-forwarded-for")
        if passed_on and self.settings.public_url and _is_near(peer):
            return passed_on[-1].rpartition(",")[2].strip()[:64]
        return peer

    def _is_public(self, asked: HTTPConnection) -> bool:
        if self.settings.public_url is None or (written := _host(asked)) is None:
            return False
        public = urlsplit(self.settings.public_url)
        port = public.port or _PORTS[public.scheme]
        own_port = asked.headers.get("host", "").rpartition(":")[2].isdecimal()
        return written[0] == public.hostname and (written[1] == port if own_port else True)


def _is_forwarded(asked: HTTPConnection) -> bool:
    return any(name in FORWARDING or name.startswith("x-forwarded-") for name in asked.headers)


def _came_over_tls(asked: HTTPConnection) -> bool:
    return (
        asked.scope.get("scheme") == "https"
        or asked.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower() == "https"
        or _SECURE.search(asked.headers.get("forwarded", "")) is not None
    )


def _is_own_loopback(asked: HTTPConnection) -> bool:
    written = _host(asked)
    return written is not None and is_loopback(written[0]) and written[1] == _port(asked)


def _host(asked: HTTPConnection) -> tuple[str, int] | None:
    """Return host and port of the Host header; None when it is missing or malformed."""
    found = _HOST.fullmatch(asked.headers.get("host", "").lower())
    return found and (found[1].strip("[]"), int(found[2] or _PORTS["http"]))


def _ends(asked: HTTPConnection) -> list[str]:
    """Return the addresses of both ends of the connection: the client's, the server's."""
    server = asked.scope.get("server") or ("", None)
    return [asked.client.host if asked.client else "", str(server[0])]


def _port(asked: HTTPConnection) -> int | None:
    server = asked.scope.get("server") or ("", None)
    return server[1]


def _site(url: str) -> tuple[str, str | None, int | None] | None:
    """Return scheme, host and port of a URL; None where it can't be read."""
    try:
        parts = urlsplit(url.lower())
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _is_near(address: str) -> bool:
    try:
        place = ip_address(address)
    except ValueError:
        return False
    return place.is_loopback or place.is_private
