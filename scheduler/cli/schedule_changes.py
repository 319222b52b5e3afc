"""`callsched schedule pause`, `resume`, `remove` and `run-now`."""

from __future__ import annotations

from scheduler.cli import console, options, orders, schedule_questions, schedule_view, served
from scheduler.cli.access import changed_ledger
from scheduler.cli.schedule_options import Name, Note
from scheduler.cli.suggested import suggested
from scheduler.ledger import schedules as in_ledger
from scheduler.operations import schedules


def pause(name: Name, note: Note = "", json: options.Json = False) -> None:
    """Skip every launch from now on. A running campaign continues.

    Example: `callsched schedule pause nightly --note 'the office is closed'`
    """
    with changed_ledger() as ledger:
        view = schedules.pause(ledger, name, note=note, who=orders.who())
    schedule_view.show_state(view, json=json)


def resume(name: Name, json: options.Json = False) -> None:
    """Resume a paused schedule. Skipped launches stay skipped.

    Example: `callsched schedule resume nightly`
    """
    with changed_ledger() as ledger:
        view = schedules.resume(ledger, name, who=orders.who())
    schedule_view.show_state(view, json=json)


def remove(name: Name, json: options.Json = False) -> None:
    """Delete a schedule. The campaigns that it launched are kept.

    Example: `callsched schedule remove nightly`
    """
    with changed_ledger() as ledger:
        in_ledger.remove(ledger, name, who=orders.who())
    if json:
        console.emit({"removed": name})
    else:
        console.out.print(f"schedule {name} is removed", markup=False)


def run_now(name: Name, yes: options.Yes = False, json: options.Json = False) -> None:
    """Launch a schedule now, even a paused one, and print the campaign's id.

    If the previous campaign is not finished, the overlap policy decides.

    Example: `callsched schedule run-now nightly`
    """
    with changed_ledger() as ledger:
        if not yes:
            schedule_questions.confirm_now(in_ledger.view(ledger, name))
        asked = schedules.fire(ledger, name, who=orders.who())
        served.warn_of_account(ledger, in_ledger.view(ledger, name).account)
    if json:
        console.emit({"schedule": name, "campaign_id": asked})
        return
    console.line(asked)
    console.say(f"a worker launches it: {suggested('schedule', 'show', name)}")
