"""The command line starts fast: help shows what stands in a table, a command imports its own."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from scheduler.cli.app import app
from scheduler.cli.commands import COMMANDS, PANELS
from scheduler.providers import PROVIDERS, Kind, Tells

#: What takes long to import, and what hardly a command needs.
HEAVY = {"celery", "kombu", "redis", "pydantic", "requests", "phonenumbers", "holidays", "textual"}
HEAVY |= {"starlette", "uvicorn", "websockets", "jinja2", "matplotlib", "prometheus_client"}

WORDS = """
import sys
sys.argv = {words!r}
from scheduler.cli.app import main
try:
    main()
except SystemExit:
    pass
print("LOADED", *sorted(sys.modules))
"""


def loaded(*words: str) -> set[str]:
    """Return the modules that a command has imported by its end."""
    code = WORDS.format(words=["callsched", *words])
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(told.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("word", ["--version", "--help", "nonsense"])
def test_who_names_no_command_imports_none(word: str) -> None:
    modules = loaded(word)

    own = {"pydantic"} if word == "nonsense" else set()  # Typer imports it for what is wrong
    assert modules & HEAVY <= own
    ours = {name for name in modules if name.startswith("scheduler.cli.")}
    assert ours & {f"scheduler.cli.{name}" for name in COMMANDS} == set()


@pytest.mark.parametrize("word", ["status", "watch"])
def test_a_look_imports_neither_a_worker_nor_what_reads_campaign_files(word: str) -> None:
    modules = loaded(word, "--help")

    heavy = {"celery", "kombu", "requests", "textual", "starlette", "websockets", "jinja2"}
    assert modules & (heavy | {"phonenumbers", "yaml"}) == set()
    rooms = {"scheduler.worker", "scheduler.campaign.loader", "scheduler.providers.symbl"}
    assert modules & rooms == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_of_a_command_what_the_command_says(name: str) -> None:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    (shown,) = [commands[name] for commands in PANELS.values() if name in commands]

    assert " ".join(command.help.split("\n\n")[0].split()) == shown


@pytest.mark.parametrize("kind", PROVIDERS, ids=lambda kind: kind.name)
def test_what_a_provider_alone_can_do_is_a_group_of_its_name(kind: Kind) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    group = commands.get(kind.name)

    assert (group is not None) == (Tells in kind.abilities)
    assert group is None or list(group.commands) == ["event"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_file_parses_calls_and_shows_and_is_short(name: str) -> None:
    module = import_module(f"scheduler.cli.{name}")

    assert len(Path(str(module.__file__)).read_text("utf-8").splitlines()) <= 80


def test_a_folder_that_is_no_provider_is_no_command() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]

    assert [name for name in ("base", "kind", "..", "toy") if name in commands] == []
