"""`callsched schedule`: campaign files that workers launch at set times."""

from __future__ import annotations

import typer

from scheduler.cli import schedule_add, schedule_changes, schedule_looks

schedule = typer.Typer(
    help="Launch campaign files at set times, each time as a new campaign.\n\n"
    "The workers of the file's account launch it: one must run, and must be able to read the"
    " file.\n\n"
    "Example: `callsched schedule add nightly.yaml --cron '0 9 * * mon-fri'"
    " --timezone America/New_York`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
schedule.command()(schedule_add.add)
schedule.command("list")(schedule_looks.list_)
schedule.command()(schedule_looks.show)
schedule.command()(schedule_changes.pause)
schedule.command()(schedule_changes.resume)
schedule.command()(schedule_changes.remove)
schedule.command("run-now")(schedule_changes.run_now)
schedule.command("next")(schedule_looks.next_)
