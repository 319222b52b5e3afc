"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

_CONTACT = "A contact's id, its number or SIP address, `number,keys`, or `#row`: #1 is the first."


def campaign_id(value: str | None) -> str | None:
    """Return an id that a campaign may be given."""
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value):
        raise typer.BadParameter("expected up to 100 letters, digits, dots, dashes or underscores")
    return value


def _plan(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9a-f]{16}", value):
        raise typer.BadParameter("expected the 16 digits that `plan` prints as the hash of a file")
    return value


def _region(value: str | None) -> str | None:
    if value is None:
        return None
    from scheduler.fields.countries import iso_region  # it takes 40 ms to import

    try:
        return iso_region(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


CampaignFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Campaign file: .yaml with a policy, or contacts as .csv, .xlsx or .jsonl;"
        " - for contacts on standard input.",
    ),
]
NewId = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="ID",
        callback=campaign_id,
        help="Id of the campaign. Without it: its name and a hash of its content.",
    ),
]
SomeId = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="A campaign's id; without it the newest one.")
]
ExistingId = Annotated[str, typer.Argument(metavar="ID", help="A campaign's id.")]
SomeIds = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Campaigns, by their ids.")]
EveryCampaign = Annotated[bool, typer.Option("--all", help="Every campaign that is not finished.")]
Note = Annotated[
    str, typer.Option(metavar="TEXT", help="Why, for the record: `callsched status ID` shows it.")
]
SomeContact = Annotated[str, typer.Argument(metavar="CONTACT", help=_CONTACT)]
MaybeContact = Annotated[
    str | None, typer.Argument(metavar="[CONTACT]", help=f"{_CONTACT} Without it: everybody.")
]
MaxDuration = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="End each call after this long: 90s, 5m, 2h."),
]
MaxConcurrency = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Ceiling of open calls on the account."),
]
Account = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Dial on this account of CALLSCHED_ACCOUNTS, not on the file's own."
    ),
]
OfAccount = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Of this account alone.")
]
Encoding = Annotated[
    str, typer.Option(metavar="NAME", help="Encoding of the file, when it is not UTF-8.")
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="COUNTRY",
        callback=_region,
        help="Read numbers without a plus sign as this country's: US, GB, …",
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse the whole file when one of its rows is refused.")
]
Rejects = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Write the refused rows with their reasons to this file, to be mended and submitted"
        " again under the same --id.",
    ),
]
First = Annotated[
    int | None, typer.Option("--first", min=1, metavar="N", help="Call only the first N rows.")
]
Plan = Annotated[
    str | None,
    typer.Option(
        metavar="HASH",
        callback=_plan,
        help="Refuse unless it is what `callsched plan` printed this hash for.",
    ),
]
Workers = Annotated[
    int, typer.Option(min=1, max=64, metavar="N", help="Worker processes to start.")
]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="Call a sandbox on this machine: nobody is called.")
]
NoWait = Annotated[
    bool,
    typer.Option("--no-wait", help="Leave calls that are due only later; exit code 3."),
]
ResultsFile = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Write the results to this .csv, .xlsx or .jsonl file."),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Call everyone again: when the campaign is finished, and also whom an earlier one of"
        " its name has called.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before real calls.")]
Now = Annotated[
    bool, typer.Option("--now", help="Launch a file that has a schedule, now and by hand.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to this file.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Write a JSON object for each line.")]
Remote = Annotated[
    bool, typer.Option("--remote", help="Have the API delete what it keeps of them as well.")
]
YesAnyway = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is done.")]
YesErase = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before erasing.")]
