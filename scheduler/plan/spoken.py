"""What a call would say, step by step, and about how long that takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scheduler.fields.durations import written
from scheduler.fields.scripts import length_seconds
from scheduler.fields.steps import NAMES
from scheduler.records import pack_script
from scheduler.script import Gather, Pause, Play, Record, Say, Script, Step, Transfer


def spoken(script: Script) -> dict[str, Any]:
    """Return a filled script as JSON may have it, with an estimate of its length."""
    return {
        "script": pack_script(script),
        "estimated_seconds": round(length_seconds(script), 1) if script else None,
    }


def lines(script: Script, indent: str = "") -> Iterator[str]:
    """Yield the steps of a filled script in words, those upon keys behind the keys."""
    for step in script:
        yield f"{indent}{_line(step)}"
        if isinstance(step, Gather):
            yield from _gathered(step, f"{indent}  ")


def _line(step: Step) -> str:
    match step:
        case Say(text):
            how = ", ".join(filter(None, (step.voice, step.language)))
            return f"say{f' ({how})' if how else ''}: {text}"
        case Play(url):
            return f"play: {url}"
        case Pause(seconds):
            return f"pause: {written(seconds)}"
        case Record(seconds):
            return f"record: at most {written(seconds)}"
        case Transfer(target):
            return f"transfer: {target}"
        case Gather(name):
            return f"gather: {name}"
    return NAMES[type(step)]


def _gathered(gather: Gather, indent: str) -> Iterator[str]:
    yield from lines(gather.say, indent)
    for pressed, branch in (*gather.branches.items(), ("otherwise", gather.otherwise)):
        yield f"{indent}{pressed}:"
        yield from lines(branch, f"{indent}  ")
