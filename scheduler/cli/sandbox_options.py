"""Reads the options of a sandbox."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.fields.durations import seconds
from scheduler.sandbox.boxes import BOXES, Box

#: The API of a sandbox if none is named.
FIRST = next(iter(BOXES))

Provider = Annotated[str, typer.Option(metavar="|".join(BOXES), help="The API to imitate.")]


def box_of(provider: str) -> Box:
    """Return the sandbox of an API."""
    if provider not in BOXES:
        known = " or ".join(BOXES)
        raise typer.BadParameter(f"{provider}: {known} is needed", param_hint="--provider")
    return BOXES[provider]


def length(option: str, written: str) -> float:
    """Return a length of time in seconds."""
    try:
        return seconds(written)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def span(option: str, written: str) -> tuple[float, float]:
    """Return the least and the most of `1s..5s`; for a single length both are the same."""
    least, _, most = written.partition("..")
    return length(option, least), length(option, most or least)
