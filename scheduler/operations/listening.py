"""Takes the address at which callbacks arrive, and finds out who listens there."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

from scheduler.fields.urls import is_loopback

#: How many clients may wait to be accepted, also while a receiver is started again.
BACKLOG = 512

#: How long each step of the check may take; a receiver answers within milliseconds.
ASK_SECONDS = 3.0
_MOST_BYTES = 65_536


def bound(host: str, port: int) -> socket.socket:
    """Take an address: from now on clients that connect wait there. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        # Without this, another process could still take the same address.
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def local_url(host: str, port: int) -> str:
    """Return the URL by which this machine reaches what listens on an address."""
    here = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"


@dataclass(frozen=True, slots=True)
class Behind:
    """Who answers at an address."""

    ledger: str = ""  #: the id of a receiver's ledger; "" if no receiver answers
    why: str = ""  #: what answers instead, in words
    is_none: bool = False  #: whether nobody answers


def behind(url: str) -> Behind:
    """Ask who receives callbacks at a URL. Raises nothing."""
    proxies: dict[str, str] | None = {} if is_loopback(urlsplit(url).hostname or "") else None
    opener = build_opener(ProxyHandler(proxies), _Straight)
    try:
        with opener.open(f"{url}/healthz", timeout=ASK_SECONDS) as answer:
            body = json.loads(answer.read(_MOST_BYTES))
    except HTTPError as error:
        with error:
            return Behind(why=f"it answers {error.code}")
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        return Behind(why=f"it does not answer: {reason}", is_none=True)
    except (ValueError, HTTPException, RecursionError):
        return Behind(why="what answers is no receiver of callsched")
    ledger = body.get("ledger") if isinstance(body, dict) else None
    if not isinstance(ledger, str) or not ledger:
        return Behind(why="what answers is no receiver of callsched")
    return Behind(ledger)


class _Straight(HTTPRedirectHandler):
    """Follows no redirect, because that would first read the whole body, however long."""

    def redirect_request(self, *_: object) -> None:
        """Raise the redirect as an error."""
