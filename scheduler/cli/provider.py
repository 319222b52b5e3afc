"""`callsched PROVIDER`: what only one provider can do."""

from __future__ import annotations

import typer

from scheduler.cli.event import event
from scheduler.fields.key_problems import nearest
from scheduler.masking import shown
from scheduler.providers import PROVIDERS, Kind, Tells


def names() -> list[str]:
    """Return the providers that have commands of their own."""
    return [kind.name for kind in PROVIDERS if Tells in kind.abilities]


def kind_of(name: str, option: str) -> Kind:
    """Return the provider of this name; typer.BadParameter names the ones that there are."""
    for kind in PROVIDERS:
        if kind.name == name:
            return kind
    hint = f"there is no {shown(name)}: {nearest(name, [kind.name for kind in PROVIDERS])}"
    raise typer.BadParameter(hint, param_hint=option)


def group_of(name: str) -> typer.Typer | None:
    """Return a provider's own commands; None if it has none."""
    for kind in PROVIDERS:
        if kind.name == name and Tells in kind.abilities:
            group = typer.Typer(
                help=f"Do what only {name} can do.\n\nExample: `callsched {name} event bridges"
                " design joined --user ana@example.com`",
                no_args_is_help=True,
                rich_markup_mode="markdown",
                context_settings={"obj": kind},
            )
            group.callback()(_nothing)  # else Typer takes an only command for the group
            group.command(help=(event.__doc__ or "").replace("PROVIDER", name))(event)
            return group
    return None


def _nothing() -> None:
    pass
