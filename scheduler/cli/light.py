"""Stand-ins of commands for shell completion of ids, which import nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.main import get_command

from scheduler.cli import complete, options, usage

#: Commands that take ids of campaigns, and commands that take an id and then contacts.
OF_CAMPAIGNS = {
    *("abort", "archive", "cancel", "pause", "priority", "report", "results", "resume", "retry"),
    *("status", "watch"),
}
OF_CONTACTS = {"explain", "extend", "recordings", "reconcile", "stop", "transcript"}


def light(name: str, words: Sequence[str], whole: Callable[[], Any]) -> Any:
    """Return a stand-in that completes an argument after these words; None if it takes the command.

    An option among the words may take one of them. Only the real command completes options.
    """
    if any(word.startswith("-") for word in words) or name not in OF_CAMPAIGNS | OF_CONTACTS:
        return None
    alone = typer.Typer(add_completion=False)
    alone.command(name)(_of_campaigns if name in OF_CAMPAIGNS else _of_contacts)
    command: Any = get_command(alone)
    command.__class__ = _Light
    command.whole = whole
    return command


def _of_campaigns(ids: options.SomeIds = None) -> None:
    """Take ids of campaigns."""


def _of_contacts(
    id_: options.SomeId = None,
    contacts: Annotated[
        list[str] | None, typer.Argument(autocompletion=complete.contact_ids)
    ] = None,
) -> None:
    """Take an id of a campaign, and contacts."""


class _Light(usage.Command):
    whole: Callable[[], Any]

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return the words that fit here."""
        if not incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        command = self.whole()
        there = command.make_context(self.name, [], parent=ctx.parent, resilient_parsing=True)
        found: list[Any] = command.shell_complete(there, incomplete)
        return found
