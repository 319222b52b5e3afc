"""What help shows of each command, and which words a command takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from scheduler.cli.app import app
from scheduler.cli.commands import ELSEWHERE, RENAMED
from tests.reference.commands import every_command

CLI: Any = typer.main.get_command(app)
EVERY = dict(every_command())


def run(*words: str) -> None:
    CLI.main(list(words), prog_name="callsched", standalone_mode=False)


def examples(words: str) -> Iterator[list[str]]:
    """Yield the words behind `callsched` of each example in a command's help."""
    for paragraph in EVERY[words].help.split("\n\n"):
        if paragraph.startswith("Example: "):
            for written in re.findall("`([^`]+)`", paragraph):
                first = re.split(" && | > ", " ".join(written.split()))[0]
                found = shlex.split(first)
                yield found[found.index("callsched") + 1 :]


def parsed(words: list[str]) -> Any:
    """Have a command line read, and nothing done."""
    context, command = CLI.make_context("callsched", ["status"]), CLI
    while hasattr(command, "commands") and words:
        name, *words = words
        command = command.get_command(context, name)
        if hasattr(command, "commands"):
            context = command.make_context(name, list(words) or ["campaign"], parent=context)
    return context if hasattr(command, "commands") else command.make_context("", words, context)


@pytest.mark.parametrize("words", EVERY)
def test_help_says_what_to_type_and_shows_an_example(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*words.split(), "-h")

    shown = capsys.readouterr().out
    command = EVERY[words]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    usage = shown.strip().splitlines()[0]
    assert re.match(rf" *Usage: callsched {words} ", usage)
    assert not re.search(r"<(bool|str|path|int)>|list\[|\{[A-Z]|\[\[", shown)
    if not hasattr(command, "commands"):
        required = [each for each in arguments if each.required]
        assert len(required) == len(re.findall(r"(?<!\[)\b[A-Z|]{1,}…?(?=\s)", usage[16:]))
        assert usage.rstrip().endswith("[OPTIONS]")
    assert list(examples(words))


@pytest.mark.parametrize("words", EVERY)
def test_each_example_is_a_command_line_that_is_understood(words: str) -> None:
    for example in examples(words):
        parsed(example)


def test_help_has_three_ways_to_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for asked in (("help", "dnc", "add"), ("dnc", "add", "-h"), ("dnc", "add", "--help")):
        run(*asked)
        pages.append(capsys.readouterr().out)

    assert len(set(pages)) == 1 and "callsched dnc add" in pages[0]


@pytest.mark.parametrize("name", [*ELSEWHERE, *RENAMED])
def test_the_names_of_other_programs_and_releases_are_answered_with_ours(name: str) -> None:
    with pytest.raises(typer.TyperException, match=r"did you mean|another name") as refused:
        run(name, "--json")

    suggestion = shlex.split(re.sub(r"^.*(mean|now:) |;.*|\?$", "", refused.value.message))
    assert suggestion[1].startswith("--") or suggestion[1] in (*CLI.commands, "PROVIDER")


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("run c.csv -o r.csv", "results", "r.csv"),
        ("run c.csv --output=r.csv", "results", "r.csv"),
        ("results c --results r.csv", "output", "r.csv"),
        ("dnc add +12025550143 --note because", "why", "because"),
        ("pause c --why because", "note", "because"),
        ("submit c.csv --default-region US", "region", "US"),
        ("run c.csv --tz UTC", "timezone", "UTC"),
        ("status --all", "every", "True"),
    ],
)
def test_what_means_the_same_may_be_called_the_same(words: str, name: str, value: str) -> None:
    assert str(parsed(words.split()).params[name]) == value


def test_what_stands_behind_two_dashes_is_no_option() -> None:
    assert parsed(["dnc", "add", "--", "--note"]).params["numbers"] == ["--note"]
