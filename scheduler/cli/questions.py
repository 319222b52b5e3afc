"""A question before something is done for good."""

from __future__ import annotations

import typer

from scheduler.cli import console


def confirm(question: str, otherwise: str) -> None:
    """On a terminal, ask; off a terminal never. After a no, say `otherwise` and exit with 1."""
    if console.may_ask() and not typer.confirm(question, default=False, err=True):
        console.say(otherwise)
        raise typer.Exit(1)
