"""`callsched schedule list`, `show` and `next`."""

from __future__ import annotations

from scheduler.cli import console, options, schedule_view
from scheduler.cli.access import opened_ledger
from scheduler.cli.schedule_options import Count, Name
from scheduler.cli.suggested import suggested
from scheduler.ledger import schedules
from scheduler.operations.firings import next_firings


def list_(json: options.Json = False) -> None:
    """List every schedule, its next launch, and its last failure.

    Example: `callsched schedule list --json`
    """
    with opened_ledger() as ledger:
        views = schedules.views(ledger)
    if json:
        console.emit({"schedules": [view.as_record() for view in views]})
    else:
        schedule_view.show_all(views)


def show(name: Name, json: options.Json = False) -> None:
    """Show a schedule and its last launches.

    Example: `callsched schedule show nightly`
    """
    with opened_ledger() as ledger:
        view = schedules.view(ledger, name)
        firings = schedules.firings_of(ledger, name)
    if json:
        console.emit({**view.as_record(), "firings": [one.as_record() for one in firings]})
    else:
        schedule_view.show_one(view, firings)


def next_(name: Name, count: Count = 5, json: options.Json = False) -> None:
    """Show the next launches of a schedule, in its time zone.

    Example: `callsched schedule next nightly -n 10`
    """
    with opened_ledger() as ledger:
        view = schedules.view(ledger, name)
    rule = view.launch.schedule
    firings = next_firings(rule, count)
    if json:
        console.emit({"schedule": name, "state": view.state, "next": firings})
        return
    for at in firings:
        console.line(schedule_view.when(rule, at))
    if view.state == "paused":
        console.warn(
            f"it is paused, and skips them until `{suggested('schedule', 'resume', name)}`"
        )
