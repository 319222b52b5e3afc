"""`make audit` says what it could look up, and is red for an advisory alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SKIPPED = {"name": "amqp", "skip_reason": "it is on no index"}
SOUND = {"name": "rich", "version": "14.0", "vulns": []}
HARMED = {
    "name": "starlette",
    "version": "0.49.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.3.0"], "aliases": [], "description": ""}],
}


def audit(tool: Path) -> tuple[int, str]:
    words = [sys.executable, str(ROOT / ".ci" / "audit.py"), str(tool), "constraints.txt"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.stderr == ""
    return told.returncode, told.stdout


def tool_that_says(folder: Path, said: str) -> Path:
    tool = folder / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit 1\n")
    tool.chmod(0o755)
    return tool


@pytest.mark.parametrize(
    ("packages", "code", "says"),
    [
        ([SOUND, SKIPPED], 0, "1 packages were looked up, 1 could not be, 0 have advisories"),
        ([SOUND, HARMED], 1, "starlette 0.49.0: PYSEC-1, mended in 1.3.0"),
        ([SKIPPED], 0, "notice: no advisories can be looked up from here"),
    ],
)
def test_an_advisory_is_red_and_a_missing_answer_is_a_notice(
    tmp_path: Path, packages: list[object], code: int, says: str
) -> None:
    ended, told = audit(tool_that_says(tmp_path, json.dumps({"dependencies": packages})))

    assert ended == code
    assert says in told


@pytest.mark.parametrize("said", ["", "no JSON", "{}"])
def test_a_tool_that_fails_is_a_notice(tmp_path: Path, said: str) -> None:
    assert audit(tool_that_says(tmp_path, said))[0] == 0


def test_a_tool_that_is_not_there_is_a_notice(tmp_path: Path) -> None:
    assert audit(tmp_path / "missing")[0] == 0
