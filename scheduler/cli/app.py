"""The command line as a whole: its commands, and how an error leaves it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer

from scheduler import logs
from scheduler.errors import CampaignError, SchedulerError

#: In the order in which help shows them. Each is a function of its own name in a module of its own,
#: or a group of commands.
COMMANDS = (
    *("plan", "run", "submit", "schedule", "retry", "worker", "status"),
    *("watch", "results", "report", "explain"),
    *("pause", "resume", "cancel", "abort", "stop", "extend", "limit", "priority"),
    *("tail", "event", "transcript", "forget", "purge", "archive"),
    *("reconcile", "dnc", "presets", "doctor", "schema", "sandbox"),
)

app = typer.Typer(
    name="callsched",
    help="Call every contact of a campaign file once, within the account's limit, and end each"
    " call on time.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _register(names: Iterable[str]) -> None:
    for name in names:
        command = getattr(import_module(f"scheduler.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command()(command)


# A command that is named needs none of the others, and half of the time of a short one would go
# into importing them.
_register(sys.argv[1:2] if sys.argv[1:2] and sys.argv[1] in COMMANDS else COMMANDS)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata  # it takes as long to import as typer does

        typer.echo(f"callsched {metadata.version('callsched')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command. Errors that we foresee are said in plain words, with exit code 1."""
    logs.be_discreet()
    try:
        app()
    except SystemExit as leaving:
        if leaving.code:
            _console().speak_up()
        raise
    except CampaignError as error:
        _console().speak_up()
        _console().show_problems(error.problems, error.total)
        sys.exit(1)
    except SchedulerError as error:
        _console().speak_up()
        _console().fail(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does.
        sys.stderr.close()
        sys.exit(1)


def _console() -> ModuleType:
    """Import only now what a worker, of which `run` starts some, has no use for."""
    from scheduler.cli import console

    return console
