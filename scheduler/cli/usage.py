"""How commands are called, and what help shows: as Typer does it, without empty words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer import BadParameter
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from scheduler.cli.suggested import suggested

#: Options that mean the same: a command accepts the one that it has also by the names of the
#: others.
_SAME = (
    ("--note", "--why", "--reason"),
    ("--output", "--results", "--out", "-o"),
    ("--timezone", "--tz"),
    ("--region", "--default-region", "--country"),
)
#: Pydantic writes this before our own message, and Typer's, about a wrong value.
_OF_LIBRARY = "Value error, "
#: Every command takes it; only the help of callsched itself shows it.
_UTC = "--utc"
#: With fewer parameters, a command shows its options in one panel.
_MANY = 14


class Argument(TyperArgument):
    """Shows its name: FILE, [ID]."""

    def display_type_rich(self, ctx: Any) -> str | None:
        """Return nothing: the argument's name says what it is."""
        return None

    def get_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the name, in brackets if it may be left out."""
        name = self.display_name_raw.strip("[]{}").removesuffix("...") + "…" * (self.nargs != 1)
        return [name if self.required else f"[{name}]"]


class Option(TyperOption):
    """An option that shows no type if it is a switch."""

    def display_type_rich(self, ctx: Any) -> str | None:
        """Return the name of its value."""
        if self.is_flag:
            return ""
        return (super().display_type_rich(ctx) or "").removeprefix("<").removesuffix(">")


class Command(TyperCommand):
    """A command that takes the names of options that other commands have."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return its parameters, those of help included."""
        return _plain(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the line of usage: arguments first, as examples have them."""
        pieces = [piece for each in self.get_params(ctx) for piece in each.get_usage_pieces(ctx)]
        return [*pieces, "[OPTIONS]"]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of a command line. Raises BadParameter."""
        try:
            return super().parse_args(ctx, list(_renamed(args, self.get_params(ctx))))
        except BadParameter as error:
            error.message = error.message.removeprefix(_OF_LIBRARY)
            raise


class Group(TyperGroup):
    """A group of commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return its parameters, those of help included."""
        return _plain(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the line of usage."""
        return ["COMMAND", "…"]


def _plain(parameters: list[Any]) -> list[Any]:
    for each in parameters:
        # Typer makes the arguments and options itself, and accepts no class of ours for them.
        each.__class__ = Option if each.param_type_name == "option" else Argument
        if len(parameters) < _MANY:
            each.rich_help_panel = None
        elif each.name == "help":
            each.rich_help_panel = "Output"
    return parameters


def _renamed(args: list[str], parameters: list[Any]) -> Iterator[str]:
    own = {name for each in parameters for name in each.opts}
    is_over = False
    for word in args:
        is_over = is_over or word == "--"
        if word == _UTC and not is_over and _UTC not in own:
            show_utc()
        else:
            yield word if is_over else _as_own(word, own)


def show_utc() -> None:
    """Show times in UTC from now on."""
    from scheduler.hours import reader  # few commands are asked for it

    reader.use_utc()


def _as_own(word: str, own: set[str]) -> str:
    name, sign, value = word.partition("=")
    if name in own:
        return word
    for same in _SAME:
        if name in same and (ours := own.intersection(same)):
            return f"{min(ours, key=same.index)}{sign}{value}"
    return word


def plainly(command: Any) -> Any:
    """Return a command, with its subcommands, that shows and takes words as this module says."""
    for each in getattr(command, "commands", {}).values():
        plainly(each)
    command.__class__ = Group if isinstance(command, TyperGroup) else Command
    return command


def what_next(error: Any) -> Iterator[str]:
    """Yield advice if a command lacks its campaign file, or an option its command."""
    if type(error).__name__ == "MissingParameter" and getattr(error.param, "name", "") == "file":
        yield f"from a file of contacts: {suggested('init')}"
        yield f"to try it, in the sandbox: {suggested('init', '--example', 'reminders')}"
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoSuchOption" and context is not None and context.parent is None:
        yield f"options come after their command: {suggested('status', '--json')}"
