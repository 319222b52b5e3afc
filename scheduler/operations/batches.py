"""What cron jobs need: ids with a date in them, and one campaign of a kind at a time."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from scheduler import private
from scheduler.hours.walltime import zone_of
from scheduler.ledger import admission, views
from scheduler.ledger.ledger import Ledger

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
class Series:
    """Campaigns of which only one may run at a time."""

    name: str
    ids: str  #: a regular expression for their ids


class IfRunning(StrEnum):
    """What happens to a campaign while an earlier one of its kind is not over."""

    SKIP = "skip"
    WAIT = "wait"
    FAIL = "fail"


#: Gets the campaign for which we wait, and who holds which file on this machine; else "".
OnWait = Callable[[str], None]


def filled(template: str, timezone: str | None) -> str:
    """Fill the present date and time into an id; without a time zone those of this machine.

    Raises ValueError for any other placeholder.
    """
    now = datetime.now().astimezone(zone_of(timezone) if timezone else None)

    def value(found: re.Match[str]) -> str:
        if found[1] not in _PLACEHOLDERS:
            known = ", ".join(f"{{{name}}}" for name in _PLACEHOLDERS)
            raise ValueError(f"expected some of {known}, got {found[0]}")
        return now.strftime(_PLACEHOLDERS[found[1]])

    return _PLACEHOLDER.sub(value, template)


def kind_of(template: str | None, slug: str) -> Series:
    """Return the series of one cron job's campaigns, whose ids differ only in dates and numbers."""
    if template is None:
        return Series(slug, rf"{re.escape(slug)}-[0-9a-f]{{8}}(-sandbox)?(\+\d+)?")
    fixed = [re.escape(part) for part in _PLACEHOLDER.split(template)[::2]]
    name = _PLACEHOLDER.sub("", template).strip("-._") or slug
    return Series(name, r"[0-9TW-]+".join(fixed) + r"(\+\d+)?")


@contextmanager
def turn_on_machine(
    kind: Series, if_running: IfRunning | None, state_dir: Path, on_wait: OnWait
) -> Iterator[bool]:
    """Hold the lock of a series on this machine; yield whether it is this run's turn.

    It is not if another run holds the lock and this one does not wait. The lock ends with the
    process that holds it, even if that is killed.
    """
    if if_running is None:
        yield True
        return
    path = private.state_folder(state_dir, "locks") / f"{kind.name}.lock"
    with private.opened(path) as lock:
        is_ours = private.is_locked(lock, fcntl.LOCK_EX)
        if not is_ours and if_running is IfRunning.WAIT:
            on_wait(f"{private.holder(path)} holds {path}")
            # As long as the other run takes; a signal ends the wait.
            fcntl.flock(lock, fcntl.LOCK_EX)
            is_ours = True
        yield is_ours


def takes_turn_in_pool(
    ledger: Ledger, kind: Series, if_running: IfRunning | None, campaign_id: str, on_wait: OnWait
) -> bool:
    """Return whether a campaign may begin, because no other one of its kind is under way.

    The campaign of this id does not count as another one.
    """
    if if_running is None or not _others_run(ledger, kind, campaign_id):
        return True
    if if_running is not IfRunning.WAIT:
        return False
    on_wait("")
    while _others_run(ledger, kind, campaign_id):
        time.sleep(_LOOK_SECONDS)
    return True


def _others_run(ledger: Ledger, kind: Series, campaign_id: str) -> bool:
    return (
        any(
            admission.is_under_way(views.campaign(ledger, other))
            for other in views.campaign_ids(ledger)
            if other != campaign_id and re.fullmatch(kind.ids, other)
        )
        # If two look at the same moment, `admit` lets in only one of them.
        or admission.admit(ledger, kind.name, campaign_id) is not None
    )
