"""How a campaign detects that somebody asks not to be called again, in words."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.fields.scripts import steps_in
from scheduler.models import OptOuts, Policy
from scheduler.opt_outs import EXAMPLE, LANGUAGES
from scheduler.script import DoNotCall, Gather, Script

#: For a campaign that detects no opt-outs.
NOT_HEARD = "not listened for: a callee who asks never to be called again may be called again"


def opt_outs(policy: Policy) -> str:
    """Say whether the campaign detects opt-outs, and how."""
    found = [*_words(policy), *_keys(policy.script)]
    if not found:
        return NOT_HEARD
    return f"listens for {' and '.join(found)}; a callee who asks goes on the do-not-call list"


def _words(policy: Policy) -> Iterator[str]:
    if policy.opt_outs is OptOuts.OFF:
        return
    but_for = "" if policy.opt_outs is OptOuts.ALL else ", not for contacts with dtmf"
    yield f'words such as "{EXAMPLE}" ({", ".join(LANGUAGES)}{but_for})'


def _keys(script: Script) -> Iterator[str]:
    for step in steps_in(script):
        if isinstance(step, Gather):
            for keys, branch in step.branches.items():
                if any(isinstance(each, DoNotCall) for each in branch):
                    yield f"key {keys} at {step.name}"
