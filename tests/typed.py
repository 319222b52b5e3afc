"""The commands that pages show: in blocks that begin with a prompt, and in the middle of a line."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

#: A block, also one within a list, with what is said of it in the line before.
_BLOCK = re.compile(
    r"^(?P<margin> *)(?:<!-- (?P<about>file|not run): (?P<said>[^\n]+) -->\n *)?"
    r"```(?P<language>\w*)\n(?P<text>.*?)^(?P=margin)```$",
    re.MULTILINE | re.DOTALL,
)
_SPAN = re.compile(r"(?<!`)`(callsched [a-z][^`]*)`(?!`)")
#: Of a shell; where a page has several machines, with the name of one.
_PROMPT = re.compile(r"(?:m[0-9])?\$ ")
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


@dataclass(frozen=True, slots=True)
class File:
    """A file that a page has one save."""

    name: str
    text: str


def steps_of(page: str) -> Iterator[Step]:
    """Yield every command that a page's blocks have one type, in order."""
    for part in parts_of(page):
        if isinstance(part, Step):
            yield part


def parts_of(page: str) -> Iterator[Step | File]:
    """Yield the files that a page has one save and the commands that it has one type, in order."""
    for block in _BLOCK.finditer(page):
        text = textwrap.dedent(block["text"])
        if block["about"] == "file":
            yield File(block["said"], text)
        elif block["language"] == "console":
            yield from _typed(text, block["said"] or "")


def _typed(text: str, why_not: str) -> Iterator[Step]:
    step: Step | None = None
    for line in text.splitlines():
        if prompt := _PROMPT.match(line):
            if step:
                yield step
            step = Step(line[prompt.end() :], why_not=why_not)
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
    text = _BLOCK.sub("", page)
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
