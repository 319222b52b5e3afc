"""The commands, as their help has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from scheduler.cli.app import app
from scheduler.cli.commands import PANELS
from scheduler.cli.provider import names
from tests.reference.tables import code, table

CLI: Any = typer.main.get_command(app)


def every_command() -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that name it; a group's after the group."""
    for name in (*(name for panel in PANELS.values() for name in panel), *names()):
        yield from _with_subcommands(name, CLI.commands[name])


def _with_subcommands(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield words, command
    for name, each in getattr(command, "commands", {}).items():
        yield from _with_subcommands(f"{words} {name}", each)


def overview() -> str:
    """Return every command in a line, under the headings of `callsched --help`."""
    panels = {panel: list(commands) for panel, commands in PANELS.items()}
    panels["One provider's own"] = [
        words for words, _ in every_command() if words.split()[0] in names() and " " in words
    ]
    of = dict(every_command())
    return "".join(
        f"\n**{panel}**\n"
        + table(("command", "what it does"), (_line(words, of[words]) for words in listed))
        for panel, listed in panels.items()
    )


def _line(words: str, command: Any) -> tuple[str, str]:
    says = (command.help or "").split("\n\n")[0]
    inner = ", ".join(code(name) for name in getattr(command, "commands", ()))
    return _link(words), f"{says} {inner}".strip()


def _link(words: str) -> str:
    return f"[`{words}`](#callsched-{words.replace(' ', '-')})"


def commands() -> str:
    """Return a section for each command: its help, its arguments and its options."""
    return "".join(_section(words, command) for words, command in every_command())


def _section(words: str, command: Any) -> str:
    level = "##" if " " not in words else "###"
    head = f"\n{level} callsched {words}\n\n"
    if hasattr(command, "commands"):
        inner = ", ".join(_link(f"{words} {name}") for name in command.commands)
        return f"{head}{_help(command)}\n\nCommands: {inner}\n"
    return f"{head}{_usage(words, command)}\n{_help(command)}\n{_parameters(command)}"


def _help(command: Any) -> str:
    paragraphs = re.split(r"\n\s*\n", (command.help or "").strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _usage(words: str, command: Any) -> str:
    arguments = [_argument(each) for each in command.params if each.param_type_name == "argument"]
    return f"    callsched {' '.join([words, *arguments, '[OPTIONS]'])}\n"


def _argument(argument: Any) -> str:
    name = _metavar(argument) + ("…" if argument.nargs != 1 else "")
    return name if argument.required else f"[{name}]"


def _metavar(parameter: Any) -> str:
    name: str = parameter.metavar or parameter.name.upper().rstrip("_")
    return name.removesuffix("...").strip("[]{}")


def _parameters(command: Any) -> str:
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    rows = [(_name(each), each.help or "", _default(each)) for each in shown if each.name != "help"]
    return table(("argument or option", "what it says", "default"), rows) if rows else "\n"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(_metavar(parameter))
    names = ", ".join(code(name) for name in (*parameter.opts, *parameter.secondary_opts))
    return names if _is_flag(parameter) else f"{names} {code(_value(parameter))}"


def _is_flag(option: Any) -> bool:
    return bool(getattr(option, "is_flag", False))


def _value(option: Any) -> str:
    choices = getattr(option.type_descriptor.annotation, "__members__", None)
    if choices and not option.metavar:
        return "|".join(str(each.value) for each in choices.values())
    return _metavar(option)


def _default(parameter: Any) -> str:
    default = parameter.default
    if _is_flag(parameter) or default in (None, "", ()) or callable(default):
        return ""
    return code(str(getattr(default, "value", default)))
