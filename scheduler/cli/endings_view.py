"""Reports while live calls are being ended, and shows a table of how each ended."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.cli import console
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.operations.endings import Ending


class TerminalReporter:
    """Reports on the wait for ends."""

    def waits(self, left: int) -> None:
        """Say how many calls are still being stopped."""
        console.say(f"{counted(left, 'live call is', 'live calls are')} being stopped …")

    def misses_workers(self) -> None:
        """Say that no worker sends the stops."""
        console.warn(
            f"no worker runs that could send the stops: start one with `{suggested('worker')}` and"
            " the settings of this account. The stops are recorded; the first worker that starts"
            " sends them"
        )


def say_endings(endings: Sequence[Ending]) -> None:
    """Show the endings as a table."""
    if endings:
        columns = ("contact", "ended as", "reason", "after")
        console.out.print(console.table("", columns, map(_row, endings)), markup=False)


def _row(ending: Ending) -> tuple[str, str, str, str]:
    record, seconds = ending.record, ending.record["duration_seconds"]
    return (
        ending.label,
        record["disposition"] or record["state"],
        (record["reason"] or "").replace("_", " "),
        "" if seconds is None else f"{seconds:.1f} s",
    )
