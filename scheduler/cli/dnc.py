"""`callsched dnc`: who is not to be called, in any campaign, from this moment on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from scheduler.campaign.do_not_call import NumberList
from scheduler.campaign.entries import entry
from scheduler.campaign.file.problems import Problems
from scheduler.campaign.file.source import STDIN, Lines, codec_name, open_file, told
from scheduler.campaign.list_file import Counts, read_entries
from scheduler.cli import console, options
from scheduler.cli.access import opened_ledger
from scheduler.cli.output import writing
from scheduler.errors import SchedulerError
from scheduler.fields.numbers import regions
from scheduler.fields.visible import visible
from scheduler.ledger import do_not_call
from scheduler.ledger.do_not_call import Listing
from scheduler.report.transcripts import one_line

_LONGEST_WHY = 200
_PROGRESS_ENTRIES = 1000
_T = TypeVar("_T")

dnc = typer.Typer(
    help="Keep the do-not-call list of the ledger, which holds at once and in every campaign.\n\n"
    "An entry is a number, a prefix such as `+1202*`, which stands for all numbers that begin so,"
    " or a SIP address. Who asks in a call not to be called again comes onto it, too.\n\n"
    "Example: `callsched dnc add +12025550143 --why 'asked by mail'`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def _region(value: str | None) -> str | None:
    if value is not None and value.upper() not in regions():
        raise typer.BadParameter("expected an ISO country such as US or GB")
    return value.upper() if value else None


def _why(value: str) -> str:
    return one_line(value)[:_LONGEST_WHY]


_Entries = Annotated[
    list[str],
    typer.Argument(metavar="NUMBER...", help="Such as +12025550143, '+1202*', or a SIP address."),
]
_Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="COUNTRY",
        callback=_region,
        help="Read numbers without a plus sign as this country's: US, GB, …",
    ),
]
_Why = Annotated[
    str, typer.Option("--why", metavar="TEXT", callback=_why, help="Kept with the entry.")
]


@dnc.command()
def add(
    numbers: _Entries,
    why: _Why = "added by hand",
    region: _Region = None,
    json: options.Json = False,
) -> None:
    """Put numbers on the list. From now on nobody dials them, running campaigns included.

    What is on the list already keeps since when, and why. A call that is live goes on.

    Example: `callsched dnc add +12025550143 --why 'asked by mail'`
    """
    entries = _read(numbers, region)
    with opened_ledger() as ledger:
        added = [each for each in entries if do_not_call.bar(ledger, each, why)]
    if json:
        console.emit({"added": added, "known": [each for each in entries if each not in added]})
        return
    for each in entries:
        console.out.print(f"{each}  {'added' if each in added else 'was on it'}", markup=False)


@dnc.command()
def remove(numbers: _Entries, region: _Region = None, json: options.Json = False) -> None:
    """Take numbers off the list, each as it stands there. Exit code 1 when one was not on it.

    A number that a prefix keeps on the list stays on it, and that is said.

    Example: `callsched dnc remove +12025550143`
    """
    entries = _read(numbers, region)
    with opened_ledger() as ledger:
        removed = [each for each in entries if do_not_call.unbar(ledger, each)]
        kept = {each: found[0] for each in entries if (found := do_not_call.barred(ledger, each))}
    missing = [each for each in entries if each not in removed]
    if json:
        console.emit({"removed": removed, "missing": missing, "kept_by": kept})
    else:
        for each in removed:
            console.out.print(f"{each}  removed", markup=False)
    for each in missing:
        console.fail(f"{each} was not on the list")
    for each, by in kept.items():
        console.warn(f"{each} is still not called, because of {by}")
    if missing:
        raise typer.Exit(1)


@dnc.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="One entry a line, or a table with a column phone_number."
        ),
    ],
    why: _Why = "",
    region: _Region = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Put every entry of a file on the list, of any length; gzip is read, too.

    It has one entry a line with comments after a #, or a header with columns of numbers, or is a
    download of the registry of the US (202,5550123; say --region US). When a line can't be read,
    it is named, nothing of the file is taken, and the exit code is 1. The same file may be imported
    again. `-` is standard input.

    Example: `callsched dnc import registry.txt --region US --why 'US registry, November'`
    """
    problems, counts = Problems(), Counts()
    name = told(file) if file == STDIN else file.name
    with open_file(file) as opened:
        lines = Lines(opened, told(file), codec_name(encoding, told(file)), _nobody_listens)
        with console.counting(f"reading {name}", "entries") as counted:
            read = read_entries(lines, told(file), region, problems, counts)
            listed = NumberList(name, _counted(read, counted))
    added = known = 0
    if not problems.total:
        added, known = _taken(listed, why or f"from {name}")
    _tell_imported(counts, added, known, len(listed), json=json)
    if problems.total:
        named = [replace(one, message=_of_options(one.message)) for one in problems.kept]
        console.show_problems(named, problems.total)
        console.fail(
            f"{counts.unread:,} lines could not be read, so nothing of this file was taken: mend"
            " them, and import the file again"
        )
        raise typer.Exit(1)


def _taken(listed: NumberList, why: str) -> tuple[int, int]:
    with opened_ledger() as ledger, console.counting("importing", "entries") as counted:
        return do_not_call.import_entries(ledger, _counted(listed, counted, len(listed)), why)


def _tell_imported(counts: Counts, added: int, known: int, distinct: int, *, json: bool) -> None:
    """Say what became of every line, and of every entry in them: both add up."""
    is_taken = not counts.unread
    record = {
        "lines": counts.lines,
        "listed": counts.listed,
        "header": counts.header,
        "blank": counts.blank,
        "unread": counts.unread,
        "entries": counts.entries,
        "added": added,
        "known": known,
        "repeated": counts.entries - distinct if is_taken else 0,
        "not_taken": 0 if is_taken else counts.entries,
    }
    if json:
        console.emit(record)
        return
    of_entries = "{entries:,} entries: {added:,} added, {known:,} were on it, {repeated:,} repeated"
    of_entries += "" if is_taken else ", {not_taken:,} not taken"
    of_lines = "{lines:,} lines: {listed:,} with entries, {header:,} of a header, {blank:,} blank"
    of_lines += " or comments, {unread:,} unread"
    for told_of in (of_lines, of_entries):
        console.out.print(told_of.format(**record), markup=False)


@dnc.command()
def check(numbers: _Entries, region: _Region = None, json: options.Json = False) -> None:
    """Say whether numbers are on the list.

    Exit codes: 0 none of them is; 1 one is; 2 it could not be found out. So whatever goes wrong,
    what follows `&&` is not done.

    Example: `callsched dnc check +12025550143 && echo may be called`
    """
    entries = _read(numbers, region)
    try:
        with opened_ledger() as ledger:
            found = {each: do_not_call.barred(ledger, each) for each in entries}
    except SchedulerError as error:
        console.fail(*map(str, error.args))
        raise typer.Exit(2) from None
    if json:
        console.emit({"numbers": [_verdict(each, by) for each, by in found.items()]})
    else:
        for each, by in found.items():
            console.out.print(f"{each}  {_said(each, by)}", markup=False)
    if any(found.values()):
        raise typer.Exit(1)


@dnc.command("list")
def list_(json: options.JsonLines = False) -> None:
    """Show every entry, since when it is on the list, and why; in no order.

    Example: `callsched dnc list --json`
    """
    with opened_ledger() as ledger:
        for each, listing in do_not_call.entries(ledger):
            if json:
                console.emit(_record(each, listing))
            else:
                console.line(f"{each:<18} {_instant(listing.since):<20}  {visible(listing.why)}")


@dnc.command()
def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to this file.")
    ] = None,
    json: options.JsonLines = False,
) -> None:
    """Write every entry on a line of its own, as `import` and a campaign's do_not_call read it.

    Example: `callsched dnc export -o do-not-call.txt`
    """
    with opened_ledger() as ledger, writing(output) as file:
        count = do_not_call.entry_count(ledger)
        with console.counting("writing", "entries") as counted:
            for each, listing in _counted(do_not_call.entries(ledger), counted, count):
                file.write((console.as_json(_record(each, listing)) if json else each) + "\n")


def _read(numbers: Iterable[str], region: str | None) -> list[str]:
    """Read entries as lists have them, each once; bad usage when one of them is none."""
    try:
        return list(dict.fromkeys(entry(each, region) for each in numbers))
    except ValueError as error:
        raise typer.BadParameter(_of_options(str(error)), param_hint="NUMBER") from None


def _of_options(message: str) -> str:
    """Say of a command what is said of a campaign file."""
    said = message.replace("set default_region", "say --region")
    return said.replace("default_region US", "--region US")


def _counted(entries: Iterable[_T], counted: Any, total: int | None = None) -> Iterator[_T]:
    done = 0
    for done, each in enumerate(entries, start=1):
        if done % _PROGRESS_ENTRIES == 0:
            counted(done, total)
        yield each
    counted(done, total)


def _verdict(number: str, found: tuple[str, Listing] | None) -> dict[str, Any]:
    by = _record(*found) if found else {"entry": None, "since": None, "why": None}
    return {"number": number, "listed": found is not None} | by


def _record(each: str, listing: Listing) -> dict[str, Any]:
    return {"entry": each, "since": listing.since, "why": listing.why}


def _said(each: str, found: tuple[str, Listing] | None) -> str:
    if found is None:
        return "not on the list"
    by, listing = found
    since = f" since {_instant(listing.since)}" if listing.since is not None else ""
    as_prefix = f" as {by}" if by != each else ""
    return f"on the list{since}{as_prefix}: {visible(listing.why)}"


def _instant(at: float | None) -> str:
    return "" if at is None else time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(at))


def _nobody_listens(_told: object) -> None:
    pass
