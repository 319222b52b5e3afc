"""Finds variables of the environment that are meant as settings and are unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

PREFIX = "CALLSCHED_"

#: What Kubernetes tells every container of the Services beside it, one of which may be called
#: `callsched-redis`.
_OF_SERVICES = re.compile(
    r"\w+?_SERVICE_(?:HOST|PORT(?:_\w+)?)"
    r"|\w+?_PORT_\d{1,5}_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?",
    re.ASCII,
)
_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://", re.ASCII | re.IGNORECASE)
#: What PowerShell has before a variable of the environment; in a .env file it is part of the name.
_OF_A_SHELL = re.compile(r"^\W*ENV[:.]")
#: How near another name has to be, to be what was meant: for a hint, and (with one or two letters
#: wrong) for the whole of a name whose prefix is not ours.
_NEAR = 0.45
_NEARLY_OURS = 0.92


def is_of_service(name: str, value: str) -> bool:
    """Whether Kubernetes has set a variable, for a Service."""
    upper = name.upper()
    if upper.endswith("_PORT") and _ADDRESS.match(value):
        return True
    return bool(_OF_SERVICES.fullmatch(upper))


def unknown(names: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that is meant as a setting and is unknown, with advice.

    The prefix may be misspelt too. Case does not matter, as for pydantic-settings.
    """
    settings = {name.upper() for name in known}
    for name in names:
        upper = _OF_A_SHELL.sub("", name.upper())
        if name.upper() in settings:
            continue
        if upper.startswith(PREFIX):
            endings = [setting.removeprefix(PREFIX) for setting in settings]
            near = get_close_matches(upper.removeprefix(PREFIX), endings, n=1, cutoff=_NEAR)
            yield name, f"did you mean {PREFIX}{near[0]}?" if near else "remove it"
        elif near := _without_our_prefix(upper, settings):
            yield name, f"did you mean {near[0]}?"


def _without_our_prefix(name: str, settings: Iterable[str]) -> list[str]:
    # Looked at for a part of it first: few names have one, and to compare takes a while.
    if "CALL" not in name and "SCHED" not in name:
        return []
    return get_close_matches(name, list(settings), n=1, cutoff=_NEARLY_OURS)
