"""Makes the page of `callsched report`, and counts the calls on a terminal."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduler.cli import console
from scheduler.cli.access import newest, opened_ledger
from scheduler.cli.output import writing
from scheduler.fields.counts import counted as counted_in_words
from scheduler.report.archived import source_in
from scheduler.report.entries import Entries
from scheduler.report.figures import Figures, read
from scheduler.report.header import Source, source_of

#: The path that stands for standard output.
STANDARD_OUTPUT = Path("-")


@contextmanager
def opened_source(id_: str | None, archived: Path | None) -> Iterator[Source]:
    """Open a campaign of the ledger (without an id the newest), or an archived one."""
    if archived is not None:
        yield source_in(archived)
        return
    with opened_ledger() as ledger:
        yield source_of(ledger, id_ or newest(ledger))


def figures_of(
    source: Source, entries: Entries | None, *, numbers: bool, transcripts: bool
) -> Figures:
    """Read every record once, and keep in the entries what the page shows of a call."""
    taken = {"taken": entries.add} if entries is not None else {}
    with console.counting(f"reading {source.header.campaign_id}", "calls") as counted:
        return read(source, numbers=numbers, transcripts=transcripts, counted=counted, **taken)


def write_page(figures: Figures, entries: Entries, path: Path) -> None:
    """Write the page, and say what is in it. Raises ConfigError if the file can't be written."""
    # Imported only here: it imports matplotlib and jinja2, which takes a second.
    from scheduler.report.page import write

    target = None if path == STANDARD_OUTPUT else path
    with writing(target) as file, console.counting("writing", "calls") as counted:
        write(figures, entries, file, counted)
    if path != STANDARD_OUTPUT:
        console.say(f"{path}: {_summary(figures, entries)}")


def _summary(figures: Figures, entries: Entries) -> str:
    """Return what a page has in it, for the person who sends it."""
    calls = counted_in_words(figures.contacts, "call")
    if figures.ended < figures.contacts:
        calls = f"{figures.ended:,} of {calls} so far"
    transcripts = figures.insights.transcripts if figures.transcripts else 0
    parts = [
        calls,
        "whole numbers" if figures.numbers else "masked numbers",
        counted_in_words(transcripts, "transcript") if transcripts else "no transcripts",
    ]
    if entries.left_out:
        parts.append(f"{entries.listed:,} listed and {entries.left_out:,} left out (--rows)")
    if entries.unsaid:
        parts.append(f"what was said in {entries.unsaid:,} of these left out")
    return ", ".join(parts)


def show(path: Path, *, opens: bool) -> None:
    """Open a page in the browser; else say on a terminal how it is opened."""
    address = path.absolute().as_uri()
    if opens and not webbrowser.open(address):
        console.warn(f"no browser was found: open {address}")
    elif not opens and console.err.is_terminal:
        console.say(f"open it: {address} (--open does so)")
