"""What a call does next when keys have been pressed: pure, and the same however often it is asked.

A document that a provider is given ends with its first gather: what follows comes with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scheduler.script import DoNotCall, Gather, Hangup, Script, Step, Transfer

#: Nothing that stands behind one of these is done.
_LAST: tuple[type[Step], ...] = (Hangup, Transfer, DoNotCall)


@dataclass(frozen=True, slots=True)
class NextSteps:
    """What follows upon keys."""

    script: Script  #: filled in, up to the next gather; (): nothing is left to do
    answer: str | None  #: to be put on record; "": nothing was pressed; None: it is asked again
    bars: bool = False  #: whoever pressed it is on the do-not-call list from now on


def next_steps(script: Script, name: str, asked: int, keys: str) -> NextSteps:
    """Return what follows upon the keys of a gather of a filled script.

    `asked` is which asking it was. LookupError for a gather that the script does not have.
    """
    found = _find(script, name, ())
    if found is None:
        raise LookupError(f"no gather of this script is named {name!r}")
    gather, behind = found
    branch = _branch(gather, keys)
    if branch is None:
        if asked < gather.tries:
            return NextSteps((replace(gather, asked=asked + 1),), None)
        branch = gather.otherwise
    steps = until_asked(branch + behind)
    bars = any(isinstance(step, DoNotCall) for step in steps)
    # By then the list has it: all that is left to do is to end the call.
    said = tuple(Hangup() if isinstance(step, DoNotCall) else step for step in steps)
    return NextSteps(said, keys, bars)


def until_asked(script: Script) -> Script:
    """Return the steps that are done until keys are awaited, or the call ends."""
    for count, step in enumerate(script, 1):
        if isinstance(step, (Gather, *_LAST)):
            return script[:count]
    return script


def _branch(gather: Gather, keys: str) -> Script | None:
    """Return what the keys lead to; None for nothing, and for keys that lead nowhere."""
    if not gather.branches:
        return () if keys else None
    return gather.branches.get(keys)


def _find(script: Script, name: str, behind: Script) -> tuple[Gather, Script] | None:
    """Return a gather and what follows it; `behind` follows upon the whole of this script."""
    for place, step in enumerate(script, 1):
        if not isinstance(step, Gather):
            continue
        after = script[place:] + behind
        if step.name == name:
            return step, after
        for branch in (*step.branches.values(), step.otherwise):
            if (found := _find(branch, name, after)) is not None:
                return found
    return None
