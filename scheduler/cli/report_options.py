"""Of which campaign `callsched report` is, what its page shows, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: Calls that a page lists unless more are asked for: browsers take a moment to lay out more.
ROWS = 10_000

Archived = Annotated[
    Path | None,
    typer.Option(
        "--archived",
        metavar="PATH",
        help="Of a campaign that `callsched archive` has written to this file, ID.jsonl.gz.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Write to this file, or to standard output with -. Without it: ID.html here.",
    ),
]
Rows = Annotated[
    int,
    typer.Option(
        min=0, metavar="N", help="List so many calls, those first that did not end as usual."
    ),
]
Transcripts = Annotated[
    bool,
    typer.Option(
        "--transcripts",
        help="What was said in each listed call as well, topics and questions too.",
    ),
]
NoTranscripts = Annotated[
    bool, typer.Option("--no-transcripts", hidden=True, help="Deprecated: it is so without it.")
]
Numbers = Annotated[
    bool, typer.Option("--numbers", help="Whole phone numbers instead of their last digits.")
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Write the figures as JSON to standard output; no page without -o."
    ),
]
