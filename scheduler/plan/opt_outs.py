"""By what a campaign hears that somebody asks not to be called again, in words."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.fields.scripts import steps_in
from scheduler.models import OptOuts, Policy
from scheduler.opt_outs import EXAMPLE, LANGUAGES
from scheduler.script import DoNotCall, Gather, Script

#: Where nothing is listened for.
NOT_HEARD = "not listened for: whoever asks not to be called again is called again"


def opt_outs(policy: Policy) -> str:
    """Say whether wishes not to be called again are listened for, and by what."""
    found = [*_words(policy), *_keys(policy.script)]
    if not found:
        return NOT_HEARD
    return f"listens for {' and '.join(found)}; who asks goes on the do-not-call list"


def _words(policy: Policy) -> Iterator[str]:
    if policy.opt_outs is OptOuts.OFF:
        return
    whose = "" if policy.opt_outs is OptOuts.ALL else ", not of contacts with dtmf"
    yield f'words such as "{EXAMPLE}" ({", ".join(LANGUAGES)}{whose})'


def _keys(script: Script) -> Iterator[str]:
    for step in steps_in(script):
        if isinstance(step, Gather):
            for keys, branch in step.branches.items():
                if any(isinstance(each, DoNotCall) for each in branch):
                    yield f"key {keys} at {step.name}"
