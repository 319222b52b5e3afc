"""The command line as a whole: its commands, and how an error leaves it."""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from types import ModuleType
from typing import Annotated, Any, NoReturn, cast

import typer

from scheduler import logs
from scheduler.cli import streams, suggested, usage
from scheduler.cli.commands import Commands
from scheduler.errors import CampaignError, SchedulerError
from scheduler.fields.visible import visible
from scheduler.masking import mask_text

# Before anything of ours looks at them.
streams.open_missing()
streams.forget_odd_widths()

app = typer.Typer(
    name="callsched",
    cls=Commands,
    help="Call every contact of a campaign file once, within the account's limit, and end each"
    " call on time.\n\nExample: `callsched init --example reminders`",
    epilog="Commands of one provider: `callsched PROVIDER --help`, with its name as in campaign"
    " files.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


#: By this variable a shell asks what may stand in a command line.
_COMPLETION = "_CALLSCHED_COMPLETE"


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata  # it takes as long to import as typer does

        typer.echo(f"callsched {metadata.version('callsched')}")
        raise typer.Exit


def _utc(wanted: bool) -> None:
    if wanted:
        usage.show_utc()


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
    utc: Annotated[
        bool,
        typer.Option(
            "--utc", callback=_utc, is_eager=True, help="Show times in UTC; any command takes it."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command. Errors that we foresee are said in plain words, with exit code 1."""
    logs.be_discreet()
    streams.take_any_text()
    code = _run_safely()
    # All goes with the process: to look for garbage first takes a worker a fifth of a second.
    gc.freeze()
    sys.exit(code)


def _run_safely() -> int | str | None:
    """Return the exit code, or the last words of who said none."""
    try:
        return _run()
    except CampaignError as error:
        _console().speak_up()
        _show(error)
    except SchedulerError as error:
        _fail(error, *map(str, error.args))
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does.
        streams.give_up_output()
    except Exception as error:
        _fail(error, _unforeseen(error))
    return 1


def _run() -> int | str | None:
    try:
        _used()
    except SystemExit as leaving:
        with streams.whoever_reads():
            sys.stdout.flush()  # here, where somebody can say that there is no room for it
        if leaving.code:
            _console().speak_up()
        return leaving.code


def _used() -> NoReturn:
    """Run what the command line asks for; of a wrong use of it say which, as Typer says it."""
    try:
        code = app(standalone_mode=False, prog_name="callsched", complete_var=_COMPLETION)
    except typer.TyperException as error:
        from typer import rich_utils

        # It quotes arguments as they are, and an argument may be the name of a file of others.
        error.message = visible(error.message)
        if context := getattr(error, "ctx", None):
            context.find_root().info_name = suggested.program()
        rich_utils.rich_format_error(cast("Any", error))
        for line in usage.what_next(error):
            typer.echo(line, err=True)
        code = error.exit_code
    except typer.Abort:
        from typer import rich_utils

        rich_utils.rich_abort_error()
        code = 1
    sys.exit(code)


def _unforeseen(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError) and streams.has_no_sign(error):
        way_out = "set PYTHONIOENCODING=utf-8, or have it written to a file"
        return f"the output can't write every character as {error.encoding}: {way_out}"
    if isinstance(error, OSError) and error.errno in _FULL and not error.filename:
        streams.give_up_output()
        return f"the output can't be written: {error.strerror}"
    what = mask_text(" ".join(str(error).split()))[:200]
    return (
        f"unexpected {type(error).__name__}: {what}; callsched should have foreseen this: please"
        " report it, with what CALLSCHED_DEBUG=1 shows of it"
    )


#: What is said of an output, and of hardly anything else.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


def _fail(error: Exception, *lines: str) -> None:
    if os.environ.get("CALLSCHED_DEBUG"):
        print(visible("".join(traceback.format_exception(error)), keep="\n"), file=sys.stderr)
    _console().speak_up()
    _console().fail(*lines)


def _show(error: CampaignError) -> None:
    from scheduler.cli import problems_view  # as `_console` does

    problems_view.show(error.problems, error.total, error.alike)


def _console() -> ModuleType:
    """Import only now what a worker, of which `run` starts some, has no use for."""
    from scheduler.cli import console

    return console
