"""Options of `callsched report`: the campaign, what its page shows, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: How many calls a page lists by default: browsers take a moment to lay out more.
ROWS = 10_000

Archived = Annotated[
    Path | None,
    typer.Option(
        "--archived",
        metavar="PATH",
        help="Report on a campaign that `callsched archive` wrote to this file, ID.jsonl.gz.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Write to this file, or with - to standard output. Default: ID.html here.",
    ),
]
Rows = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="List at most so many calls, unusual endings first."),
]
Transcripts = Annotated[
    bool,
    typer.Option(
        "--transcripts",
        help="Include what was said in each listed call, with topics and questions.",
    ),
]
NoTranscripts = Annotated[
    bool, typer.Option("--no-transcripts", hidden=True, help="Deprecated: it is so without it.")
]
Numbers = Annotated[
    bool, typer.Option("--numbers", help="Show phone numbers in full, not only their last digits.")
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Write the figures as JSON to standard output; no page without -o."
    ),
]
