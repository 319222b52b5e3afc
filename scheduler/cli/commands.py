"""Which commands there are, and how one is imported only when it is named.

Each command is a function of its own name in a module of its own, or a group of commands. Their
lines of help stand here, so that `callsched --help` imports none. Commands that only one provider
has are a group with that provider's name; the registry of providers says which there are.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from scheduler.cli import streams, usage
from scheduler.cli.suggested import suggested

#: By panel, in the order in which help shows them.
PANELS: dict[str, dict[str, str]] = {
    "Start": {
        "init": "Write a campaign file to begin with, from your contacts or as an example.",
        "plan": "Show what a campaign file would do: whom it calls, when, and what it sends."
        " Calls nobody.",
        "run": "Call every contact of a campaign file, and wait until the last call has ended.",
        "submit": "Hand a campaign to a running pool of workers, and print its id.",
        "schedule": "Launch campaign files at set times, each time as a new campaign.",
        "retry": "Create a new campaign from contacts whose calls ended a given way, and print"
        " its id.",
        "schema": "Print the JSON Schema of a campaign or accounts file, or list the presets.",
    },
    "While it runs": {
        "status": "Show all campaigns, or one, and the accounts that they dial from.",
        "watch": "Watch campaigns, live calls, slots and workers on a full screen; q quits, ?"
        " shows help.",
        "pause": "Pause campaigns: no new calls; live calls continue to their deadlines.",
        "resume": "Resume paused campaigns, including those that paused themselves.",
        "cancel": "Cancel all remaining calls of campaigns permanently; live calls finish.",
        "abort": "Cancel all remaining calls of campaigns permanently, and end their live calls"
        " now.",
        "stop": "End one live call now, and wait until its end is confirmed. It ends as `aborted`.",
        "extend": "Extend one live call, up to CALLSCHED_MAX_DURATION_CEILING from its start.",
        "limit": "Show or set the concurrency limit that callsched has learned for an account.",
        "priority": "Change the priority, and with --weight the share, of a campaign while it"
        " runs.",
    },
    "Results": {
        "results": "Export one record for every contact: how its call ended, and why.",
        "report": "Write a campaign as one HTML page: who was reached, what needs you, and every"
        " call.",
        "explain": "Show why a contact was or was not called: every rule, every attempt, and"
        " what comes next.",
        "history": "Show every call to a number, in all campaigns: when, and from which account.",
        "transcript": "Write what was said in a call as text, Markdown or subtitles; or follow"
        " it live.",
        "recordings": "List the recordings of calls, or download them:"
        " CONTACT-ATTEMPT-RECORDING.wav.",
        "erase": "Erase what was said to a number, or in a campaign: transcripts, insights and"
        " live lines.",
        "archive": "Write finished campaigns to files: ID.jsonl.gz has the results, ID.json the"
        " rest.",
    },
    "Operate": {
        "worker": "Run one worker of a pool: the same as `celery -A scheduler worker`.",
        "web": "Serve the console, the API, and the callbacks of providers.",
        "user": "Manage the users who sign in to the console of `callsched web`.",
        "token": "Manage the tokens that give programs access to the API of `callsched web`.",
        "reconcile": "Find out whether `unknown` calls were placed, and what was said.",
        "dnc": "Manage the ledger's do-not-call list, which applies at once and to every campaign.",
        "config": "Show each setting that is set, its value, and where it comes from.",
        "doctor": "Check Redis, the accounts, their APIs and this machine, and say what to fix.",
        "sandbox": "Run a local server that behaves like the telephony API, and print its URL.",
    },
}

_PANEL_OF = {name: panel for panel, commands in PANELS.items() for name in commands}

#: In the order in which help shows them.
COMMANDS = tuple(_PANEL_OF)

#: Names of commands in earlier releases -> their names now.
RENAMED = {
    "event": "PROVIDER event",
    "forget": "erase",
    "presets": "schema presets",
    "purge": "erase --campaign",
    "tail": "transcript --follow",
}

#: Names that people know from other programs -> the commands that do the same here.
ELSEWHERE = {
    "call": "run FILE",
    "check": "plan FILE",
    "completion": "--install-completion",
    "create": "init",
    "dry-run": "plan FILE",
    "export": "results ID",
    "find": "history NUMBER",
    "hangup": "stop ID CONTACT",
    "kill": "abort ID",
    "list": "status",
    "logs": "watch",
    "lookup": "history NUMBER",
    "ls": "status",
    "new": "init",
    "optout": "dnc add NUMBER --hang-up",
    "ps": "status",
    "search": "history NUMBER",
    "start": "run FILE",
    "validate": "plan FILE",
}

_PROVIDER = "scheduler.cli.provider"
_PROVIDERS = str(Path(__file__).parents[1] / "providers")


class Commands(usage.Group):
    """The commands for Typer. Help lists them without importing any."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Imported(self.commands)
        self._is_listing = False

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of callsched itself."""
        self._is_listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._is_listing = False

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Return the names that begin with this, without importing a command."""
        self._is_listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._is_listing = False

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the named command, and the words after it; for completion, a stand-in."""
        if ctx.resilient_parsing and args:
            from scheduler.cli.light import light  # only completion needs it

            name, *words = args
            if command := light(name, words, lambda: self.get_command(ctx, name)):
                return name, command, words
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parse the arguments; `help COMMAND` is the same as `COMMAND --help`."""
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every name."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; while help lists all of them, a stand-in with its help text."""
        if self._is_listing:
            panel = _PANEL_OF[cmd_name]
            help_ = PANELS[panel][cmd_name]
            return TyperCommand(cmd_name, help=help_, rich_help_panel=panel)
        if not ctx.resilient_parsing and cmd_name in (RENAMED | ELSEWHERE):
            self.suggest_commands = False
            ctx.fail(_of_another_name(cmd_name))
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run a command. A reader that closes the pipe, as `head` does, is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # Typer would exit with 1, whichever pipe is broken.
            if not streams.has_no_reader():
                raise
            streams.give_up_output()
            raise typer.Exit from error


class _Imported(MutableMapping[str, Any]):
    """A command for each name, imported when somebody asks for it."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        """`known` are commands that are imported already."""
        self._known = dict(known)

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            command = _imported(name) if name in _PANEL_OF else _imported_of_provider(name)
            if command is None:
                raise KeyError(name)
            self._known[name] = command
        return self._known[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._known[name] = command

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _of_another_name(name: str) -> str:
    if name in ELSEWHERE:
        return f"there is no command {name!r}; did you mean {suggested(*ELSEWHERE[name].split())}?"
    now = RENAMED[name]
    message = f"{name!r} has another name now: {suggested(*now.split())}"
    if "PROVIDER" in now:
        message += f"; PROVIDER is {' or '.join(import_module(_PROVIDER).names())}"
    return message


def _imported_of_provider(name: str) -> Any:
    """Return a provider's own commands; None if it has none.

    Each provider is a folder, so nothing is imported for a name that is not a provider's.
    """
    if any(each.ispkg and each.name == name for each in iter_modules([_PROVIDERS])):
        group = import_module(_PROVIDER).group_of(name)
        return group and _as_typer_has_it(name, group)
    return None


def _imported(name: str) -> Any:
    # Imported modules stay: to look for garbage in them takes a tenth of the time.
    gc.disable()
    try:
        return _as_typer_has_it(name, getattr(import_module(f"scheduler.cli.{name}"), name))
    finally:
        gc.freeze()
        gc.enable()


def _as_typer_has_it(name: str, command: Any) -> Any:
    alone = typer.Typer(rich_markup_mode="markdown", add_completion=False)
    alone.callback()(_nothing)  # otherwise Typer takes the only command for the whole
    if isinstance(command, typer.Typer):
        alone.add_typer(command, name=name)
    else:
        alone.command(name)(command)
    group: Any = get_command(alone)
    return usage.plainly(group.commands[name])


def _nothing() -> None:
    pass
