"""The command line as a whole: its commands, and how an error leaves it."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from scheduler.cli import console
from scheduler.cli.event import event
from scheduler.cli.forget import forget
from scheduler.cli.purge import purge
from scheduler.cli.results import results
from scheduler.cli.run import run
from scheduler.cli.sandbox import sandbox
from scheduler.cli.status import status
from scheduler.cli.submit import submit
from scheduler.cli.tail import tail
from scheduler.cli.transcript import transcript
from scheduler.cli.worker import worker
from scheduler.errors import CampaignError, SchedulerError

app = typer.Typer(
    name="callsched",
    help="Call every contact of a campaign file once, within the account's limit, and end each"
    " call on time.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
_COMMANDS = (
    *(run, submit, worker, status, results),
    *(tail, event, transcript, forget, purge),
    sandbox,
)
for command in _COMMANDS:
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
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
    try:
        app()
    except CampaignError as error:
        console.show_problems(error.problems, error.total)
        sys.exit(1)
    except SchedulerError as error:
        console.fail(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does.
        sys.stderr.close()
        sys.exit(1)
