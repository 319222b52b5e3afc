"""What `run` and `submit` have for cron: ids with a date in them, and one run at a time."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scheduler import private
from scheduler.cli import console, options
from scheduler.hours.named_zones import timezone as known_timezone
from scheduler.hours.walltime import zone_of
from scheduler.ledger.admitting import admit, is_under_way
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import campaign_ids, campaign_view

#: Exit code of `--if-running fail`.
ANOTHER_RUNS = 4

_LOOK_SECONDS = 1.0
_PLACEHOLDERS = {
    "date": "%Y-%m-%d",
    "datetime": "%Y%m%dT%H%M%S",
    "hour": "%H",
    "month": "%Y-%m",
    "week": "%G-W%V",
}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Kind:
    """Campaigns of which one at a time is wanted."""

    name: str
    ids: str  #: a regular expression of theirs


class IfRunning(StrEnum):
    """What becomes of a command while an earlier one of its kind is not over."""

    SKIP = "skip"
    WAIT = "wait"
    FAIL = "fail"


def _zone(value: str | None) -> str | None:
    try:
        return known_timezone(value) if value is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


DatedId = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="ID",
        help="Id of the campaign, with {date}, {hour}, {datetime}, {week} or {month} in it."
        " Without it: its name and a hash of its content.",
    ),
]
Zone = Annotated[
    str | None,
    typer.Option(
        "--timezone",
        metavar="ZONE",
        callback=_zone,
        help="Whose date and hour those of --id are; without it this machine's.",
    ),
]
WhenRunning = Annotated[
    IfRunning | None,
    typer.Option(
        "--if-running",
        help="While another one of its kind is not over: skip (exit code 0), wait, or fail"
        " (exit code 4).",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing unless something is wrong.")
]


def dated_id(template: str | None, timezone: str | None) -> str | None:
    """Fill date and time into an id; bad usage when it has others, or is none then."""
    if template is None:
        return None
    now = datetime.now().astimezone(zone_of(timezone) if timezone else None)

    def filled(found: re.Match[str]) -> str:
        if found[1] not in _PLACEHOLDERS:
            known = ", ".join(f"{{{name}}}" for name in _PLACEHOLDERS)
            raise typer.BadParameter(f"expected some of {known}, got {found[0]}", param_hint="--id")
        return now.strftime(_PLACEHOLDERS[found[1]])

    return options.campaign_id(_PLACEHOLDER.sub(filled, template))


def kind_of(template: str | None, slug: str) -> Kind:
    """Return what all campaigns of one cron job have in common: their ids, but for what changes."""
    if template is None:
        return Kind(slug, rf"{re.escape(slug)}-[0-9a-f]{{8}}(-sandbox)?(\+\d+)?")
    fixed = [re.escape(part) for part in _PLACEHOLDER.split(template)[::2]]
    name = _PLACEHOLDER.sub("", template).strip("-._") or slug
    return Kind(name, r"[0-9TW-]+".join(fixed) + r"(\+\d+)?")


def stands_back(
    stack: ExitStack, kind: Kind, wish: IfRunning | None, state_dir: Path
) -> int | None:
    """Hold the lock of a kind of runs on this machine until the stack is left.

    Returns the exit code when another run holds it and this one is not to wait. The lock goes with
    the process that holds it, however that ends.
    """
    if wish is None:
        return None
    path = private.state_folder(state_dir, "locks") / f"{kind.name}.lock"
    lock = stack.enter_context(private.opened(path))

    def wait() -> None:
        # For as long as that one takes; a signal ends it.
        console.say(f"{private.holder(path)} holds {path}")
        fcntl.flock(lock, fcntl.LOCK_EX)

    return _stand_back(kind, wish, lambda: not private.is_locked(lock, fcntl.LOCK_EX), wait)


def stands_back_in_pool(
    ledger: Ledger, kind: Kind, wish: IfRunning | None, campaign_id: str
) -> int | None:
    """Return the exit code when a campaign of this kind is not finished, and this is not to wait.

    The campaign of this id is no other one.
    """
    if wish is None:
        return None

    def others_run() -> bool:
        return (
            any(
                is_under_way(campaign_view(ledger, other))
                for other in campaign_ids(ledger)
                if other != campaign_id and re.fullmatch(kind.ids, other)
            )
            # Of two that look in the same moment, one is told of the other.
            or admit(ledger, kind.name, campaign_id) is not None
        )

    def wait() -> None:
        while others_run():
            time.sleep(_LOOK_SECONDS)

    return _stand_back(kind, wish, others_run, wait)


def _stand_back(
    kind: Kind, wish: IfRunning, is_taken: Callable[[], bool], wait: Callable[[], None]
) -> int | None:
    if not is_taken():
        return None
    said = f"another campaign of {kind.name} is not over"
    if wish is IfRunning.FAIL:
        console.fail(said)
        return ANOTHER_RUNS
    if wish is IfRunning.SKIP:
        console.say(f"{said}: nothing was done")
        return 0
    console.say(f"{said}: this one waits")
    wait()
    return None
