"""Finds variables of the environment that somebody meant as settings, but that are unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

PREFIX = "CALLSCHED_"

#: Variables that Kubernetes sets in every container for the Services beside it, one of which may
#: be called `callsched-redis`.
_OF_SERVICES = re.compile(
    r"\w+?_SERVICE_(?:HOST|PORT(?:_\w+)?)"
    r"|\w+?_PORT_\d{1,5}_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?",
    re.ASCII,
)
_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://", re.ASCII | re.IGNORECASE)
#: PowerShell writes this before a variable's name; in a .env file it becomes part of the name.
_OF_A_SHELL = re.compile(r"^\W*ENV[:.]")
#: How similar a known name has to be to count as the one that was meant: for a hint, and (with one
#: or two wrong letters) for a whole name with another prefix than ours.
_NEAR = 0.45
_NEARLY_OURS = 0.92


def is_of_service(name: str, value: str) -> bool:
    """Whether Kubernetes has set a variable, for a Service."""
    upper = name.upper()
    if upper.endswith("_PORT") and _ADDRESS.match(value):
        return True
    return bool(_OF_SERVICES.fullmatch(upper))


def unknown(names: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each unknown name that somebody meant as a setting, with advice.

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
    # Looks for a part of the prefix first: few names have it, and to compare takes a while.
    if "CALL" not in name and "SCHED" not in name:
        return []
    return get_close_matches(name, list(settings), n=1, cutoff=_NEARLY_OURS)
