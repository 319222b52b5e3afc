"""Every command that a page shows is one that there is, with options that it has."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
from typer._click.exceptions import BadParameter, MissingParameter, UsageError

from tests.reference.commands import CLI
from tests.typed import programs_of, spans_of, steps_of

ROOT = Path(__file__).parent.parent
MADE = ROOT / "docs" / "reference" / "commands.md"
PAGES = sorted({ROOT / "README.md", *ROOT.glob("docs/**/*.md")})
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def fault(words: list[str], *, is_whole: bool) -> str:
    """Return what is wrong with the words after `callsched`, "" for nothing.

    Of a command in the middle of a line arguments may be left out, or be words for values.
    """
    command: Any = CLI
    while hasattr(command, "commands"):
        if not words or words[0].startswith("-") or re.fullmatch(r"[A-Z]+", words[0]):
            return ""
        if words[0] not in command.commands and words[0] not in _providers():
            return f"no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    return _fault_of_options(command, words, is_whole=is_whole)


def _fault_of_options(command: Any, words: list[str], *, is_whole: bool) -> str:
    try:
        command.make_context("callsched", [word for word in words if word != "…"])
    except MissingParameter as error:
        return error.format_message() if is_whole and "…" not in words else ""
    except BadParameter as error:
        return error.format_message() if is_whole else ""
    except typer.Exit:  # --help has been shown
        return ""
    except UsageError as error:
        return error.format_message()
    return ""


def _providers() -> list[str]:
    from scheduler.cli.provider import names

    return names()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_can_be_typed(page: Path) -> None:
    text = page.read_text("utf-8")
    faults = [
        f"{step.command}: {why}"
        for step in steps_of(text)
        for words in programs_of(step.command)
        if (why := _fault_of(words))
    ]
    faults += [f"{span}: {why}" for span in spans_of(text) if (why := _fault_of_span(span))]

    assert faults == []


def _fault_of(words: list[str]) -> str:
    program, *rest = words
    if program.rpartition("/")[2] == "callsched":
        return fault(rest, is_whole=True)
    if program == "make":
        return "" if {word for word in rest if "=" not in word} <= {*TARGETS} else "no such target"
    if words[:2] == ["python", "-m"]:
        return "" if find_spec(words[2]) else "no such module"
    return ""


def _fault_of_span(span: str) -> str:
    if "…" in span or ":1:1" in span:  # shortened, or the name of a trace
        return ""
    words = programs_of(span)[0][1:]
    return fault(words[1:] if words[:1] == ["help"] else words, is_whole=False)


def test_every_example_of_help_can_be_typed() -> None:
    spans = re.findall(r"^Example: `([^`]+)`", MADE.read_text("utf-8"), re.MULTILINE)
    faults = [f"{span}: {why}" for span in spans if (why := _fault_of(programs_of(span)[0]))]

    assert len(spans) > 50
    assert faults == []
