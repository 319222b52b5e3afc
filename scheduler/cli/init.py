"""`callsched init`: a campaign file to begin with."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scheduler.campaign.duplicates import Duplicates
from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, console, init_options, init_questions, options
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.operations import starter
from scheduler.settings import settings

Example = StrEnum("Example", list(starter.EXAMPLES))  # type: ignore[misc]
Contacts = Annotated[
    Path | None,
    typer.Argument(metavar="CONTACTS", help="Your file of contacts: .csv, .xlsx or .jsonl."),
]
OfExample = Annotated[
    Example | None,
    typer.Option("--example", help="Write an example and its contacts instead; ask nothing."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]


def init(
    contacts: Contacts = None,
    example: OfExample = None,
    output: options.Output = None,
    column: init_options.Columns = None,
    region: options.Region = None,
    timezone: init_options.Zone = None,
    hours: init_options.Hours = None,
    say: init_options.Says = None,
    max_duration: options.MaxDuration = None,
    account: options.Account = None,
    encoding: options.Encoding = "utf-8",
    force: Force = False,
) -> None:
    """Write a campaign file to begin with, from your contacts or as an example.

    On a terminal it asks for what you leave out; it calls nobody. Comments explain each key.

    Example: `callsched init --example reminders`

    Example: `callsched init patients.csv --region US --hours 9:00-17:00 --say 'Hello {{ name }}.'`
    """
    if example is not None:
        path = output or Path(f"{example.value}.yaml")
        starter.write_example(example.value, path, replaces=force)
        console.say(f"wrote {path} and {path.with_suffix('.csv')}; to see whom it would call:")
        console.out.print(suggested("plan", str(path), "--sandbox"))
        return
    given = init_questions.Given(contacts, output, column, region, timezone, hours, say, encoding)
    path, answers = init_questions.answered(given, max_duration, account, replaces=force)
    starter.write(answers, path, replaces=force)
    console.say(f"wrote {path}")
    with campaigns.check(path, settings(), Reading(encoding)) as checked:
        judged = Duplicates(checked.chunks()).judged(checked.chunks())
        rows = sum(row.reason is None and first is None for row, first in judged)
        count = counted(rows, "contact")
    console.say(f"{count} can be called. To see whom it would call and when, calling nobody:")
    if encoding == "utf-8":
        console.out.print(suggested("plan", str(path)))
    else:
        console.out.print(suggested("plan", str(path), "--encoding", encoding))
