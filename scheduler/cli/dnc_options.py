"""What commands of `dnc` take: entries, the country of their numbers, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from scheduler.operations import do_not_call

Entries = Annotated[
    list[str],
    typer.Argument(
        metavar="NUMBER...",
        help="A number such as +12025550143, a prefix such as '+1202*', or a SIP address.",
    ),
]
HangUp = Annotated[
    bool, typer.Option("--hang-up", help="Also end every live call to them, in all campaigns.")
]
Why = Annotated[str, typer.Option("--note", metavar="TEXT", help="Reason; kept with the entry.")]


def read(numbers: Iterable[str], region: str | None) -> list[str]:
    """Read entries as lists have them, each once; bad usage when one of them is none."""
    try:
        return do_not_call.read(numbers, region)
    except ValueError as error:
        raise typer.BadParameter(in_options(str(error)), param_hint="NUMBER") from None


def in_options(message: str) -> str:
    """Say of a command what is said of a campaign file."""
    text = message.replace("set default_region", "say --region")
    return text.replace("default_region US", "--region US")
