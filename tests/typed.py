"""The commands that pages show: in blocks that begin with a prompt, and in the middle of a line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]+) -->\n)?^```console\n(?P<text>.*?)^```", re.M | re.S
)
_SPAN = re.compile(r"(?<!`)`(callsched [a-z][^`]*)`(?!`)")
_PROMPT = "$ "
_CONTINUED = "> "
#: Between the programs of a line; an assignment before one is the shell's.
_BETWEEN = ("|", "&&", "||", ";", "&")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_REDIRECTION = re.compile(r"[0-9]*(>|>>|<)$")


@dataclass(slots=True)
class Step:
    """One command of a block, and what the page shows below it."""

    command: str
    output: list[str] = field(default_factory=list)
    why_not: str = ""  #: why it can't be run in a test; "": it can


def steps_of(page: str) -> Iterator[Step]:
    """Yield every command that a page's blocks have one type, in order."""
    for block in _BLOCK.finditer(page):
        step: Step | None = None
        for line in block["text"].splitlines():
            if line.startswith(_PROMPT):
                if step:
                    yield step
                step = Step(line.removeprefix(_PROMPT), why_not=block["why"] or "")
            elif step and (step.command.endswith("\\") or _is_open(step.command)):
                step.command += "\n" + line.removeprefix(_CONTINUED)
            elif step:
                step.output.append(line)
        if step:
            yield step


def _is_open(command: str) -> bool:
    """Whether a quote or a here-document goes on in the next line."""
    if (here := re.search(r"<<'?(\w+)'?", command)) is not None:
        return not command.rstrip().endswith(f"\n{here[1]}")
    return command.count("'") % 2 == 1


def spans_of(page: str) -> list[str]:
    """Return every command that stands as code in the middle of a line."""
    text = re.sub(r"^```.*?^```", "", page, flags=re.M | re.S)
    return [" ".join(found.split()) for found in _SPAN.findall(text)]


def programs_of(command: str) -> list[list[str]]:
    """Return the words of each program that a line starts, without what the shell does."""
    if "<<" in command:
        command = command.split("\n")[0].split("<<")[0]
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    programs: list[list[str]] = [[]]
    words = iter(lexer)
    for word in words:
        if word in _BETWEEN:
            programs.append([])
        elif _REDIRECTION.match(word):
            next(words)
        elif programs[-1] or not _ASSIGNMENT.match(word):
            programs[-1].append(word)
    return [program for program in programs if program]


_FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```\w*\n(?P<text>.*?)^```", re.M | re.S)


def files_of(page: str) -> list[tuple[str, str]]:
    """Return the files that a page has one save, each with what it says."""
    return [(found["name"], found["text"]) for found in _FILE.finditer(page)]
