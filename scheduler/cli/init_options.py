"""What `callsched init` takes: columns, speech, calling hours and time zone of the contacts."""

from __future__ import annotations

from typing import Annotated

import typer

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="KEY=COLUMN",
        help="What a column is called in the file: id='Patient No'. May be repeated.",
    ),
]
Says = Annotated[str | None, typer.Option("--say", metavar="TEXT", help="What each call says.")]
Hours = Annotated[
    str | None, typer.Option(metavar="HOURS", help="When people may be called: 9:00-17:00.")
]
Zone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="Time zone where a number does not tell it: Europe/Paris."),
]
