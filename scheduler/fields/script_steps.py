"""What a call does next after a key press. Pure: a repeated request gets the same answer.

The document for a provider ends at the first gather; the answer to a key press continues it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scheduler.script import DoNotCall, Gather, Hangup, Script, Step, Transfer

#: Steps after which no further step is done.
_LAST: tuple[type[Step], ...] = (Hangup, Transfer, DoNotCall)


@dataclass(frozen=True, slots=True)
class NextSteps:
    """The continuation of a call after a key press."""

    script: Script  #: filled in, up to the next gather; (): the call ends
    answer: str | None  #: the answer to record; "": no key was pressed; None: the step asks again
    bars: bool = False  #: put the callee on the do-not-call list


def next_steps(script: Script, name: str, asked: int, keys: str) -> NextSteps:
    """Return what follows after keys at a gather of a filled script.

    `asked` counts how many times the gather has asked. Raises LookupError for a gather that the
    script does not have.
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
    # By then the callee is on the list: the call only has to end.
    said = tuple(Hangup() if isinstance(step, DoNotCall) else step for step in steps)
    return NextSteps(said, keys, bars)


def until_asked(script: Script) -> Script:
    """Return the steps that are done until keys are awaited, or the call ends."""
    for count, step in enumerate(script, 1):
        if isinstance(step, (Gather, *_LAST)):
            return script[:count]
    return script


def _branch(gather: Gather, keys: str) -> Script | None:
    """Return the steps for the keys; None without keys, and for keys without steps."""
    if not gather.branches:
        return () if keys else None
    return gather.branches.get(keys)


def _find(script: Script, name: str, behind: Script) -> tuple[Gather, Script] | None:
    """Return a gather and the steps after it; `behind` are the steps that follow this script."""
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
