"""What `callsched web` says at its start: its address, who has access, and what is missing."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

from scheduler.fields.urls import is_loopback
from scheduler.operations.listening import local_url
from scheduler.web.gate import has_anybody
from scheduler.web.site import Site

logger = logging.getLogger(__name__)


def welcome(site: Site, port: int, called_as: str = "callsched") -> None:
    """Print where the console is; while nobody has access, with a key that signs in once.

    `called_as` is the command by which a shell here starts callsched.
    """
    settings = site.settings
    here = local_url(settings.web_host, port)
    where = settings.public_url or here
    _warn_of_clear_text(settings.public_url, settings.web_host)
    if has_anybody(site):
        logger.info("the console is at %s/, the API at %s/api/v1", where, where)
    elif is_loopback(settings.web_host) and settings.public_url is None:
        _hand_out(f"{here}/sign-in?key={site.first_key.make()}")
    else:
        logger.warning(
            "nobody has access yet, and only callbacks and /healthz are answered: add a user"
            " (`%s user add NAME --role admin`) or a token (`%s token create NAME --scope look`);"
            " no restart is needed",
            called_as,
            called_as,
        )


def _hand_out(address: str) -> None:
    logger.info("there are no users: this address opens the console, once: %s", address)
    with suppress(OSError):  # nobody may read it, as of a service
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()


def _warn_of_clear_text(public_url: str | None, host: str) -> None:
    is_behind_tls = public_url is not None and public_url.startswith("https://")
    if is_loopback(host) and (public_url is None or is_behind_tls):
        return
    if is_behind_tls:
        logger.warning("it listens on %s without TLS: let only the proxy reach it", host)
        return
    logger.warning(
        "there is no TLS in front of %s: others on the network can read passwords, tokens and"
        " numbers; put a proxy with TLS in front, and set CALLSCHED_PUBLIC_URL=https://…",
        public_url or host,
    )
