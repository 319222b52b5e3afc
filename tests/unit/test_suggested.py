"""What our output suggests to type: there is one way to print it, and all of it can be found."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scheduler
from scheduler.cli import suggested
from scheduler.cli.commands import COMMANDS
from scheduler.settings import settings_of_worker

ROOM = Path(scheduler.__file__).parent
#: Of texts that name a command and are none to type: a title, a note of ours, what help quotes.
NO_SUGGESTIONS = {"from callsched watch", "callsched watch", "callsched watch  "}
#: What help shows names commands; a page, which is read anywhere, shows them as code.
NO_MESSAGES = {"commands.py", "needs.py"}
_SHOWN_BY_HELP = {"help", "epilog", "description"}
_COMMAND = re.compile(rf"callsched ({'|'.join(COMMANDS)})\b(?![./])")


def texts(path: Path) -> Iterator[str]:
    """Yield each text of a module that may be printed, but for docstrings and help."""
    tree = ast.parse(path.read_text())
    for text in _texts(tree):
        if text not in NO_SUGGESTIONS:
            yield text


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
        node = ast.Tuple([each for each in node.values if not isinstance(each, ast.Constant)])
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_help = isinstance(child, ast.keyword) and child.arg in _SHOWN_BY_HELP
        if not (is_docstring or is_help):
            yield from _texts(child)


def modules() -> Iterator[Path]:
    """Yield each module of ours that names a command at all."""
    for path in sorted(ROOM.rglob("*.py")):
        names_one = re.search("callsched|suggested", path.read_text())
        if names_one and path.relative_to(ROOM).parts[0] != "sandbox":
            yield path


def test_what_is_to_be_typed_is_printed_in_one_way() -> None:
    # The command line makes them with `suggested`, and shows what is quoted as it can be typed.
    unquoted = {
        f"{path.relative_to(ROOM)}: {text}"
        for path in modules()
        if path.name not in NO_MESSAGES
        for text in texts(path)
        if _COMMAND.search(re.sub("`callsched [^`]+`", "", text))
    }

    assert not unquoted, "print it with suggested(…), or quote it as `callsched …`"


def test_what_is_quoted_is_shown_as_it_can_be_typed_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "some where" / "callsched"
    program.parent.mkdir()
    program.write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLSCHED_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(sys, "argv", [str(program)])
    settings_of_worker.cache_clear()

    try:
        typed = suggested.as_typed("no worker: `callsched worker`; `ls`; callsched itself")
        plain = suggested.suggested("explain", "c", "#1")
    finally:
        settings_of_worker.cache_clear()

    beginning = "CALLSCHED_STATE_DIR=state 'some where/callsched'"
    assert typed == f"no worker: `{beginning} worker`; `ls`; callsched itself"
    assert plain == f"{beginning} explain c '#1'"
