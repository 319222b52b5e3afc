"""A worker that calls through Twilio's sandbox, and dies or freezes where its plan says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from tenacity import wait_exponential, wait_exponential_jitter

from tests.chaos import worker
from tests.chaos.twilio_world import World
from tests.chaos.worker import SHORTENED

#: Seconds for which one worker reads an account's calls unless it renews that; 10 else.
POLLER_LEASE_SECONDS = 1.5

#: Between two lists of the open calls; 2 else.
LIST_SECONDS = 0.4


def shortened(world: World) -> dict[str, Mapping[str, object]]:
    """Return every time that is made short, in the order of the originals."""
    of_twilio: dict[str, Mapping[str, object]] = {
        "scheduler.providers.twilio.client": {
            "START_SECONDS": 1.5,
            "STOP_SECONDS": 2.0,
            "READ_SECONDS": 1.0,
            "_BETWEEN_READINGS": (0.1, 0.2, 0.4),
        },
        "scheduler.providers.twilio.start": {
            "_NET_SECONDS": world.net_seconds,
            "_LEAST_LIMIT_SECONDS": 2,
        },
        "scheduler.ledger.scripts": {"LOOKED_FOR_SECONDS": 2, "LONGEST_QUEUE_SECONDS": 2},
        "scheduler.ledger.searches": {"LEASE_SECONDS": POLLER_LEASE_SECONDS},
        "scheduler.calls.reports": {"WHY_SECONDS": 1.0, "AFTER_FULL_SECONDS": 0.5},
        "scheduler.calls.searcher": {
            # What goes with whole seconds, as the API writes them, stays as it is.
            "AFTER_SECONDS": 8.0,
            "SOONEST_SECONDS": 0.4,
            "YOUNG_SECONDS": 4.0,
            "BETWEEN_STOPS_SECONDS": 0.5,
        },
        "scheduler.calls.poller": {
            "LIST_SECONDS": LIST_SECONDS,
            "SOON_SECONDS": 0.1,
            "LONGEST_LOOK_SECONDS": 0.5,
            "IDLE_SECONDS": 0.3,
            "AFTER_THROTTLED": wait_exponential_jitter(multiplier=0.1, max=1, jitter=0.1),
            "AFTER_FAILURE": wait_exponential(multiplier=0.2, max=1),
            "LEAVE_SECONDS": 1.0,
            "NEW_SECONDS": 0.6,
            "SWEEP_SECONDS": 2.0,
        },
    }
    symbls = {name for name in SHORTENED if name.startswith("scheduler.providers.symbl")}
    return {name: known for name, known in SHORTENED.items() if name not in symbls} | of_twilio


class TwilioPoints(worker.Points):
    """Counts the passages of each point, and strikes."""

    def _install_at_provider(self) -> None:
        client = import_module("scheduler.providers.twilio.client").Twilio
        reports = import_module("scheduler.ledger.reports")
        searches = import_module("scheduler.ledger.searches")
        worker.wrap(client, "start", self._start)
        self._around(client, "look", after="call read")
        self._around(reports, "answered", after="after answered")
        self._around(reports, "unplaced", after="after unplaced")
        self._around(reports, "give_back_at_limit", after="after unplaced")
        self._around(reports, "over", before="before end", after="after end")
        self._around(searches, "find", before="before find", after="after find")

    def _operation(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        _, method, url = args[:3]
        if method != "POST":
            return None
        is_start = urlsplit(url).path.endswith("/Calls.json")
        is_stop = (kwargs.get("written") or b"").startswith(b"Status=")
        return "start" if is_start else "stop" if is_stop else None


def prepare() -> None:
    """Have every life find what is the same in all worlds."""
    worker.prepare(shortened(World(is_exclusive=True)))


def main() -> None:
    """Run one life of a worker."""
    world = World.read(os.environ["CHAOS_WORLD"])
    import_module("scheduler.ledger.calls").Wait.MARGIN_SECONDS = world.margin_seconds
    worker.main(TwilioPoints, shortened(world))
