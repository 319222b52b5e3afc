"""Shows entries of the do-not-call list, and what `dnc` did with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from scheduler.cli import console
from scheduler.fields.visible import visible
from scheduler.hours import reader
from scheduler.ledger.do_not_call import Listing
from scheduler.operations.do_not_call import Addition, Removal, listing_record, verdict_record


def show_added(entries: Sequence[str], addition: Addition) -> None:
    """Say for each entry whether it is new on the list."""
    for each in entries:
        text = "added" if each in addition.added else "was on it"
        console.out.print(f"{each}  {text}", markup=False)


def show_removed(removal: Removal, *, json: bool) -> None:
    """Say which entries are gone, which were not there, and what a prefix still covers."""
    if json:
        console.emit(asdict(removal))
    else:
        for each in removal.removed:
            console.out.print(f"{each}  removed", markup=False)
    for each in removal.missing:
        console.fail(f"{each} was not on the list")
    for each, by in removal.kept_by.items():
        console.warn(f"{each} is still not called, because of {by}")


def show_verdicts(found: Mapping[str, tuple[str, Listing] | None], *, json: bool) -> None:
    """Say for each number whether it is on the list, since when, and why."""
    if json:
        console.emit({"numbers": [verdict_record(each, by) for each, by in found.items()]})
        return
    for each, by in found.items():
        console.out.print(f"{each}  {verdict(each, by)}", markup=False)


def verdict(each: str, found: tuple[str, Listing] | None) -> str:
    """Say whether a number is on the list, since when, and why."""
    if found is None:
        return "not on the list"
    by, listing = found
    since = f" since {_instant(listing.since)}" if listing.since is not None else ""
    as_prefix = f" as {by}" if by != each else ""
    return f"on the list{since}{as_prefix}: {visible(listing.why)}"


def show_entry(each: str, listing: Listing, *, json: bool) -> None:
    """Show an entry on a line of its own."""
    if json:
        console.emit(listing_record(each, listing))
    else:
        console.line(f"{each:<18} {_instant(listing.since):<20}  {visible(listing.why)}")


def _instant(at: float | None) -> str:
    return "" if at is None else reader.minute(at)
