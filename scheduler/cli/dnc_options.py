"""Options of the commands of `dnc`: entries, the country of their numbers, and the reason."""

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
    """Read entries as lists have them, each once; anything but an entry is bad usage."""
    try:
        return do_not_call.read(numbers, region)
    except ValueError as error:
        raise typer.BadParameter(in_options(str(error)), param_hint="NUMBER") from None


def in_options(message: str) -> str:
    """Reword a message about a campaign file for a command."""
    text = message.replace("set default_region", "say --region")
    return text.replace("default_region US", "--region US")
