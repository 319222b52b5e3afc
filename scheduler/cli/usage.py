"""How commands are called, and what help shows of that: Typer's way, but for what says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer import BadParameter
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from scheduler.cli.suggested import suggested

#: Options that say the same; a command takes the one that it has under the names of the others.
_SAME = (
    ("--note", "--why", "--reason"),
    ("--output", "--results", "--out", "-o"),
    ("--timezone", "--tz"),
    ("--region", "--default-region", "--country"),
)
#: What pydantic writes before our words, and Typer's, of a wrong value.
_OF_LIBRARY = "Value error, "
#: Every command takes it, and help of the whole shows it.
_UTC = "--utc"
#: With fewer parameters, a command shows its options in one panel.
_MANY = 14


class Argument(TyperArgument):
    """Shows its name: FILE, [ID]."""

    def display_type_rich(self, ctx: Any) -> str | None:
        """Return nothing: the name says what it is."""
        return None

    def get_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the name, in brackets when it may be left out."""
        name = self.display_name_raw.strip("[]{}").removesuffix("...") + "…" * (self.nargs != 1)
        return [name if self.required else f"[{name}]"]


class Option(TyperOption):
    """Shows no type where it is a switch."""

    def display_type_rich(self, ctx: Any) -> str | None:
        """Return what stands behind it."""
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
        # Typer makes them, and takes no class of ours for it.
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
    """Return a command, with all that belong to it, that shows and takes what it does here."""
    for each in getattr(command, "commands", {}).values():
        plainly(each)
    command.__class__ = Group if isinstance(command, TyperGroup) else Command
    return command


def what_next(error: Any) -> Iterator[str]:
    """Yield what to do when a command lacks its campaign file, or an option its command."""
    if type(error).__name__ == "MissingParameter" and getattr(error.param, "name", "") == "file":
        yield f"from a file of contacts: {suggested('init')}"
        yield f"to try it, in the sandbox: {suggested('init', '--example', 'reminders')}"
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoSuchOption" and context is not None and context.parent is None:
        yield f"options come after their command: {suggested('status', '--json')}"
