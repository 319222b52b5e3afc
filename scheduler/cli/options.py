"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import complete

_CONTACT = "A contact's id, its number or SIP address, `number,keys`, or `#row`: #1 is the first."

#: The panels in which a command with many options shows them.
THE_FILE, THE_CALLS, THE_CAMPAIGN, OUTPUT = "The file", "The calls", "The campaign", "Output"


def campaign_id(value: str | None) -> str | None:
    """Return an id if a campaign may have it; anything else is bad usage."""
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value):
        expected = "expected up to 100 letters, digits, dots, dashes or underscores"
        raise typer.BadParameter(expected, param_hint="--id")
    return value


def _plan(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9a-f]{16}", value):
        raise typer.BadParameter("expected the 16 digits that `plan` prints as the hash of a file")
    return value


def _region(value: str | None) -> str | None:
    if value is None:
        return None
    from scheduler.fields.countries import iso_region  # imported only here: it takes 40 ms

    try:
        return iso_region(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def ceiling(max_concurrency: int | None) -> dict[str, str]:
    """Return --max-concurrency as the setting that it overrides; none if it was not given."""
    return {"CALLSCHED_MAX_CONCURRENCY": str(max_concurrency)} if max_concurrency else {}


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
        help="Id of the campaign. Default: its name and a hash of its content.",
        rich_help_panel=THE_CAMPAIGN,
    ),
]
SomeId = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]",
        autocompletion=complete.campaign_ids,
        help="A campaign's id. Default: the newest.",
    ),
]
OneOrAll = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]",
        autocompletion=complete.campaign_ids,
        help="A campaign's id. Default: all campaigns.",
    ),
]
ExistingId = Annotated[
    str, typer.Argument(metavar="ID", autocompletion=complete.campaign_ids, help="A campaign's id.")
]
SomeIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", autocompletion=complete.campaign_ids, help="The campaigns' ids."),
]
EveryCampaign = Annotated[bool, typer.Option("--all", help="Every campaign that is not finished.")]
Note = Annotated[
    str,
    typer.Option(metavar="TEXT", help="Reason, for the record: `callsched status ID` shows it."),
]
SomeContact = Annotated[
    str, typer.Argument(metavar="CONTACT", autocompletion=complete.contact_ids, help=_CONTACT)
]
MaybeContact = Annotated[
    str | None,
    typer.Argument(
        metavar="[CONTACT]",
        autocompletion=complete.contact_ids,
        help=f"{_CONTACT} Default: everybody.",
    ),
]
MaxDuration = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION",
        help="End each call after this long: 90s, 5m, 2h.",
        rich_help_panel=THE_CALLS,
    ),
]
MaxConcurrency = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Most open calls on the account.", rich_help_panel=THE_CALLS
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Dial from this account of CALLSCHED_ACCOUNTS instead of the file's.",
        rich_help_panel=THE_CALLS,
    ),
]
OfAccount = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Only this account.")
]
Encoding = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Encoding of the file, if not UTF-8.", rich_help_panel=THE_FILE
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="COUNTRY",
        callback=_region,
        help="Read numbers without a plus sign as this country's: US, GB, …",
        rich_help_panel=THE_FILE,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Reject the whole file if one of its rows is rejected.",
        rich_help_panel=THE_FILE,
    ),
]
Rejects = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Write the rejected rows and their reasons to this file; fix them and submit it"
        " under the same --id.",
        rich_help_panel=THE_FILE,
    ),
]
First = Annotated[
    int | None,
    typer.Option(
        "--first", min=1, metavar="N", help="Call only the first N rows.", rich_help_panel=THE_FILE
    ),
]
Plan = Annotated[
    str | None,
    typer.Option(
        metavar="HASH",
        callback=_plan,
        help="Refuse to run unless `callsched plan` printed this hash.",
        rich_help_panel=THE_CAMPAIGN,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1, max=64, metavar="N", help="Worker processes to start.", rich_help_panel=THE_CALLS
    ),
]
Sandbox = Annotated[
    bool,
    typer.Option(
        "--sandbox",
        help="Use a sandbox on this machine; nobody is called.",
        rich_help_panel=THE_CALLS,
    ),
]
AnyHour = Annotated[
    bool,
    typer.Option("--any-hour", help="With --sandbox: ignore the file's calling hours."),
]
NoWait = Annotated[
    bool,
    typer.Option(
        "--no-wait",
        help="Do not wait for calls that are due later; exit code 3.",
        rich_help_panel=THE_CALLS,
    ),
]
ResultsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Write the results to this .csv, .xlsx or .jsonl file.",
        rich_help_panel=OUTPUT,
    ),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Call everyone again, even if the campaign is finished or an earlier one of its"
        " name called them.",
        rich_help_panel=THE_CAMPAIGN,
    ),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", help="Do not ask before real calls.", rich_help_panel=THE_CAMPAIGN),
]
Now = Annotated[
    bool,
    typer.Option(
        "--now", help="Launch a file that has a schedule now.", rich_help_panel=THE_CAMPAIGN
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="PATH", help="Write to this file.", rich_help_panel=OUTPUT
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Write JSON to standard output.", rich_help_panel=OUTPUT)
]
JsonLines = Annotated[bool, typer.Option("--json", help="Write a JSON object for each line.")]
Remote = Annotated[bool, typer.Option("--remote", help="Also have the API delete what it keeps.")]
YesAnyway = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]
YesErase = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before erasing.")]
