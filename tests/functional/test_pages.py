"""The tutorial, and what how-to pages show of it: typed as they stand, in one shell."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.functional.forks import Ended, shared
from tests.typed import File, Step, parts_of, programs_of, steps_of

DOCS = Path(__file__).parents[2] / "docs"

#: The pages of one session, in the order in which their commands are typed.
PAGES = (
    "tutorial/first-campaign.md",
    *(
        f"how-to/{name}.md"
        for name in (
            "every-weekday",
            "why-not-called",
            "page-to-send",
            "call-again",
            "never-again",
            "spreadsheet",
            "line-was-down",
            "laptop-died",
            "two-accounts",
        )
    ),
)

#: A campaign of five takes some 20 s, on a busy machine a few times that.
PATIENCE_SECONDS = 120

#: How many commands may be left out, each with its reason on the page.
MOST_LEFT_OUT = 10


@dataclass(slots=True)
class Shell:
    """Where the commands are typed: a folder, and variables that they have set."""

    folder: Path
    env: dict[str, str]
    faults: dict[str, list[str]] = field(default_factory=dict)

    def read(self, name: str) -> None:
        """Do everything that a page says."""
        page = (DOCS / name).read_text("utf-8")
        faults = self.faults[name] = []
        for part in parts_of(page):
            if isinstance(part, File):
                (self.folder / part.name).write_text(part.text, "utf-8")
            elif not part.why_not and (fault := self.fault(part)):
                faults.append(fault)

    def fault(self, step: Step) -> str:
        """Type a command; return what it says that the page does not have, or "" for nothing."""
        if step.command.startswith("export "):
            self.env |= dict(word.split("=", 1) for word in shlex.split(step.command)[1:])
            return ""
        ended = self._type(step.command)
        said = ended.out + ended.err
        lines = [_loose(line) for line in said.splitlines()]
        for shown in filter(None, map(str.strip, step.output)):
            if not any(_shown_as(_loose(shown)).fullmatch(line) for line in lines):
                return f"$ {step.command}\nthe page: {shown}\nit said ({ended.code}):\n{said}"
        says_something = any(line.strip("… ") for line in step.output)
        return (
            "" if says_something or ended.code == 0 else f"$ {step.command}\n{ended.code}: {said}"
        )

    def _type(self, command: str) -> Ended:
        (first, *rest), *others = programs_of(command)
        if first == "callsched" and not others and not re.search("[<>$~]", command):
            into = self.folder.parent / "output"
            code = shared().start(self.folder, self.env, rest, into).wait(PATIENCE_SECONDS)
            out, err = (Path(f"{into}.{end}").read_text("utf-8") for end in ("out", "err"))
            return Ended(code, out, err)
        done = subprocess.run(
            ["bash", "-c", command],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


def _loose(line: str) -> str:
    """Return a line without what differs from run to run: numbers, hashes, space, rules."""
    line = re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", "0", line)
    return " ".join(re.sub(r"\d+(?:[.,]\d+)*", "0", line).split())


def _shown_as(shown: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, shown.split("…"))))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    home = tmp_path_factory.mktemp("home")
    folder = home / "trial"
    folder.mkdir()
    env = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "120",
    }
    typed = Shell(folder, env)
    for name in PAGES:
        typed.read(name)
    return typed


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_its_commands_say(shell: Shell, name: str) -> None:
    assert not shell.faults[name], "\n\n".join(shell.faults[name])


def test_few_commands_are_left_out_each_with_its_reason() -> None:
    steps = [step for name in PAGES for step in steps_of((DOCS / name).read_text("utf-8"))]
    left_out = [step for step in steps if step.why_not]

    assert len(left_out) <= MOST_LEFT_OUT < len(steps) / 2
    assert all(len(step.why_not) > 10 for step in left_out)
