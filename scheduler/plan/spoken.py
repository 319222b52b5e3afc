"""What a call would say, step by step, and about how long that takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.fields.scripts import length_seconds
from scheduler.fields.steps import NAMES
from scheduler.records import pack_script
from scheduler.script import Gather, Pause, Play, Record, Say, Script, Step, Transfer


def spoken(script: Script, machine_script: Script = ()) -> dict[str, Any]:
    """Return filled scripts as JSON has them, each with its estimated length in seconds."""
    return {
        "script": pack_script(script),
        "estimated_seconds": _estimated(script),
        "machine_script": pack_script(machine_script),
        "machine_seconds": _estimated(machine_script),
    }


def _estimated(script: Script) -> float | None:
    return round(length_seconds(script), 1) if script else None


def lines(script: Script, indent: str = "") -> Iterator[str]:
    """Yield the steps of a filled script in words; a key's steps follow the key."""
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
        case Gather():
            return f"gather: {step.name} ({_awaited(step)})"
    return NAMES[type(step)]


def _awaited(gather: Gather) -> str:
    """Say which keys are awaited, for how long, and how often they are asked for."""
    keys = f"keys up to {gather.finish}"
    if gather.digits is not None:
        keys = counted(gather.digits, "key")
    often = f", asked at most {counted(gather.tries, 'time')}" if gather.tries > 1 else ""
    return f"{keys}, the next awaited for {written(gather.timeout_seconds)}{often}"


def _gathered(gather: Gather, indent: str) -> Iterator[str]:
    yield from lines(gather.say, indent)
    ways = gather.branches or {"whatever is pressed": ()}
    for pressed, branch in (*ways.items(), ("otherwise", gather.otherwise)):
        if branch:
            yield f"{indent}{pressed}:"
            yield from lines(branch, f"{indent}  ")
        else:
            yield f"{indent}{pressed}: the call goes on"
