"""The whole plan of a checked campaign, for whoever shows it: the command line, the API, a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.duplicates import Duplicates
from scheduler.campaign.keys.calling_hours import instant
from scheduler.campaign.reading import Reading
from scheduler.fields.durations import positive_seconds
from scheduler.models import Policy
from scheduler.plan.forecast import forecast
from scheduler.plan.plan_hash import plan_hash
from scheduler.plan.planning import survey
from scheduler.plan.record import Planned, assumed
from scheduler.plan.rules import Record
from scheduler.settings import Settings

#: Called with what is counted and its unit: a context manager that shows the count.
Counting = Callable[[str, str], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a plan besides the file."""

    reading: Reading
    campaign_id: str
    now: float  #: when the campaign would begin
    expected_seconds: float | None = None  #: the likely length of a call; None: its longest
    ceiling: int | None = None  #: slots; None: the account's


def begins(written: str | None, policy: Policy) -> float:
    """Read when a campaign would begin; None: now. Raises ValueError."""
    return time.time() if written is None else instant(written, policy.timezone, later=True)


def expected(written: str | None) -> float | None:
    """Read how long a call is likely to take. Raises ValueError."""
    return None if written is None else positive_seconds(written)


def whole(
    checked: CheckedCampaign,
    policy: Policy,
    settings: Settings,
    asked: Asked,
    counting: Counting | None = None,
) -> tuple[Record, list[str]]:
    """Return the plan as a record that begins with its hash, and what it warns of."""
    count, rows = counting or _uncounted, checked.row_count
    with count("looking for duplicates", "rows") as counted:
        duplicates = Duplicates(checked.chunks(), partial(counted, total=rows))
    with count("planning", "rows") as counted:
        allowed = frozenset(settings.allowed_numbers)
        progress = partial(counted, total=rows)
        seen = survey(checked, policy, duplicates, allowed=allowed, on_progress=progress)
    stands_on = assumed(
        policy,
        checked.account,
        ceiling=asked.ceiling,
        now=asked.now,
        expected=asked.expected_seconds,
    )
    with count("forecasting", "dials") as counted:
        counted(0, seen.callable_count)
        progress = partial(counted, total=seen.callable_count)
        dials = forecast(seen.groups, policy, stands_on, progress)
    reading = asked.reading
    found = Planned(checked, asked.campaign_id, policy, seen, stands_on, dials, reading.in_sandbox)
    record = {
        "plan": plan_hash(checked, policy, settings, reading),
        "name": checked.name,
        "account": checked.account.name,
        **found.as_record(),
    }
    return record, list(found.warnings())


@contextmanager
def _uncounted(_what: str, _unit: str) -> Iterator[Any]:
    yield lambda done, total=None: None
