"""What a process and its children see of the environment, and that nothing writes to it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.errors import ConfigError
from scheduler.settings import (
    environment_of_child,
    override,
    read_settings,
    settings,
    settings_of_worker,
)
from tests.source import PACKAGE, dotted, nodes

CHANGES = {"clear", "pop", "popitem", "setdefault", "update", "putenv", "unsetenv", "__setitem__"}
#: typer and rich read it there themselves, and make an error of a width that is none.
FORGETS_WIDTHS = ("cli/streams.py", "del os.environ[name]")

TOKEN = "CALLSCHED_SYMBL_ACCESS_TOKEN"
CEILING = "CALLSCHED_MAX_CONCURRENCY"


pytestmark = pytest.mark.usefixtures("place")


def test_nothing_writes_to_the_environment() -> None:
    writes = {(path, ast.unparse(node)) for path, node in nodes() if _writes(node)}

    assert writes == {FORGETS_WIDTHS}


@pytest.mark.parametrize(
    "line",
    [
        "os.environ['A'] = 'b'",
        "os.environ |= {}",
        "os.environ: dict[str, str] = {}",
        "del os.environ['A'], x",
        "environ['A'] = 'b'",
        "os.environ.update(A='b')",
        "environ.pop('A', None)",
        "os.putenv('A', 'b')",
        "os.environb[b'A'] = b'b'",
    ],
)
def test_such_a_write_would_be_seen(line: str) -> None:
    assert any(map(_writes, ast.walk(ast.parse(line))))


def _writes(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return any(map(_is_environment, targets))
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return _is_environment(target)
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in CHANGES:
            return _is_environment(owner) or dotted(owner) == "os"
    return False


def _is_environment(node: ast.AST) -> bool:
    inner = node.value if isinstance(node, ast.Subscript) else node
    return dotted(inner).removeprefix("os.") in ("environ", "environb")


def test_an_override_goes_before_the_environment_and_the_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("callsched_max_concurrency", "no number")
    (place / ".env").write_text(f"{CEILING}=8\n")

    assert read_settings({CEILING: "7"}).max_concurrency == 7


def test_an_override_is_checked_as_a_variable_is() -> None:
    with pytest.raises(ConfigError, match=f"{CEILING}: Input should be less than"):
        read_settings({CEILING: "100001"})


def test_what_is_overridden_with_nothing_is_not_set(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "of the environment")
    monkeypatch.setenv(CEILING, "9")
    (place / ".env").write_text(f"{TOKEN}=of the file\n")

    chosen = read_settings({TOKEN: None, CEILING: None})

    assert chosen.symbl_access_token is None
    assert chosen.max_concurrency == 5


def test_what_a_provider_reads_by_itself_may_be_overridden_too() -> None:
    assert read_settings({"SOME_KEY": "x"}) == read_settings()


def test_a_process_reads_its_overrides_once(place: Path) -> None:
    (place / ".env").write_text(f"{TOKEN}=of the file\n")

    override({TOKEN: None, CEILING: "7"})

    assert settings().symbl_access_token is None
    assert settings_of_worker().max_concurrency == 7
    with pytest.raises(AssertionError):
        override({})


def test_a_child_sees_one_spelling_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (CEILING, CEILING.lower(), TOKEN, "Callsched_Symbl_Access_Token"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("callsched_reserve", "1")
    override({CEILING: "7"})

    seen = environment_of_child({TOKEN: None})

    assert {name: value for name, value in seen.items() if name.upper().startswith("CALL")} == {
        CEILING: "7",
        "callsched_reserve": "1",
    }
    assert seen["PATH"] == os.environ["PATH"]


_OF_A_WORKER = """
from types import SimpleNamespace
import typer
from celery import Celery
from scheduler.cli.worker import worker
from scheduler.settings import settings

def start():
    print(chosen[0].conf.worker_concurrency, settings().max_concurrency, settings().account)

chosen = []
Celery.Worker = lambda app, **_: chosen.append(app) or SimpleNamespace(start=start, exitcode=0)
try:
    worker(max_concurrency=3, threads=7, unset=["CALLSCHED_ACCOUNT"])
except typer.Exit as left:
    raise SystemExit(left.exit_code)
"""


def test_what_a_worker_is_told_reaches_the_application(place: Path) -> None:
    (place / ".env").write_text("CALLSCHED_ACCOUNT=of-the-file\nCALLSCHED_WORKER_THREADS=5\n")
    root = {"PYTHONPATH": str(PACKAGE.parent), "CALLSCHED_STATE_DIR": str(place)}

    told = subprocess.run(
        [sys.executable, "-c", _OF_A_WORKER],
        env={**os.environ, **root},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stdout) == (0, "7 3 default\n"), told.stderr
