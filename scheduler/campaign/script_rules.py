"""Refuses values under `call` that are valid one by one, but not together or at this provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from scheduler.campaign.route import Route
from scheduler.fields.key_problems import nearest
from scheduler.fields.steps import NAMES, STEPS_EXPECTED, script_of
from scheduler.fields.templates import is_template
from scheduler.masking import shown
from scheduler.models import OnMachine
from scheduler.providers import Kind
from scheduler.providers.call_keys import NOT_EVERYWHERE, CallKeys
from scheduler.script import (
    DoNotCall,
    Gather,
    Hangup,
    Play,
    Record,
    Say,
    Script,
    Step,
    Transfer,
)

Way: TypeAlias = tuple[str | int, ...]
#: A place in the document, and what is wrong there.
Found: TypeAlias = tuple[Way, str]

MOST_STEPS, DEEPEST = 50, 3
MOST_CHARACTERS = 10_000  #: of all texts together: every start carries them
#: The fault of a campaign that needs callbacks while the provider has no address for them.
PUBLIC_URL = (
    "needs CALLSCHED_PUBLIC_URL, the address to which the provider reports it: set it to the"
    " https:// address at which the provider reaches `web`; --sandbox needs no address"
)
#: Steps that a script for machines can't have -> why.
_NOT_FOR_MACHINES: dict[type, str] = {
    Gather: "a machine presses no keys",
    Transfer: "it would connect somebody with a machine",
    DoNotCall: "a machine has not asked for it",
    Record: "nobody speaks to a message",
}
_ENDS = (Hangup, DoNotCall)
#: What to do about a script if the provider can't speak.
_ELSEWHERE = "leave it out, or call by a provider that can (CALLSCHED_PROVIDER, or another account)"

_SCRIPT: Way = ("call", "script")
_ON_MACHINE: Way = ("call", "on_machine")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step with its place."""

    way: Way
    step: Step
    depth: int = 0  #: how many gathers contain it


def problems(call: CallKeys, route: Route, read_target: Callable[[str], str]) -> Iterator[Found]:
    """Yield what a campaign may not ask for on this route, each with its place.

    `read_target` reads the target of a transfer; it raises ValueError for a wrong one.
    """
    api, lack = route.api, lacks(route)
    for key in NOT_EVERYWHERE:
        if getattr(call, key) and key not in api.call_keys:
            yield ("call", key), f"{api.name} can't be told of it: leave it out"
    if call.script is None:
        yield from _missing(call, api)
    elif not api.script_steps:
        yield _SCRIPT, f"{api.name} can't speak a script: {_ELSEWHERE}"
    else:
        yield from _instead(call, api)
        yield from _in_script(script_of(call.script), api, lack, read_target)
    if isinstance(call.on_machine, list):
        yield from _for_machines(script_of(call.on_machine), api, lack)
    if call.transcribe and "transcribe" in api.call_keys and lack:
        yield ("call", "transcribe"), lack
    if call.opt_outs and not api.hears_words(call):
        yield ("call", "opt_outs"), _unheard(api)


def _unheard(api: Kind) -> str:
    """Return why nobody would hear a wish not to be called again, and how to change that."""
    if "transcribe" in api.call_keys:
        return f"{api.name} reports what is said only with transcribe: true"
    return f"{api.name} does not report what is said: leave it out"


def lacks(route: Route) -> str:
    """Return what an account lacks to get callbacks about live calls; "" for nothing."""
    if route.callbacks is None:
        return PUBLIC_URL
    return "" if route.can_verify else unverified(route.api)


def unverified(api: Kind) -> str:
    """Return what an account lacks to verify that callbacks come from its provider."""
    return (
        f"needs {api.signed_with}, whatever else callsched signs in with: the provider signs its"
        " own requests with it"
    )


def keys_hide(api: Kind) -> str:
    """Return why `on_machine` does nothing for a contact with key presses."""
    return (
        f"{api.name} does not report a machine if the call presses keys after the answer, so"
        " on_machine does nothing: ask with gather, or leave one of the two out"
    )


def says_nothing(api: Kind) -> str:
    """Return what a campaign at this provider must have."""
    keys = " or ".join(("script", *sorted(api.script_keys)))
    return f"say what the call is to do, by {keys}: expected {STEPS_EXPECTED}"


def _missing(call: CallKeys, api: Kind) -> Iterator[Found]:
    if api.needs_script and not _given(call, api):
        yield _SCRIPT, says_nothing(api)


def _instead(call: CallKeys, api: Kind) -> Iterator[Found]:
    for key in _given(call, api):
        yield ("call", key), f"expected script or {key}, one of the two"


def _given(call: CallKeys, api: Kind) -> list[str]:
    """Return the provider's own keys that say what the call does."""
    return sorted(key for key in api.script_keys if getattr(call, key))


def _for_machines(script: Script, api: Kind, lack: str) -> Iterator[Found]:
    """Yield the faults of a script for machines."""
    if not api.script_steps:
        words = ", ".join(OnMachine)
        yield _ON_MACHINE, f"{api.name} can't speak to a machine: expected one of {words}"
        return
    if lack:
        yield _ON_MACHINE, lack
    placed = list(_walk(script, _ON_MACHINE))
    yield from _too_much(placed, _ON_MACHINE)
    for one in placed:
        if one.depth:
            continue  # inside a step that is refused itself
        name = NAMES[type(one.step)]
        if why := _NOT_FOR_MACHINES.get(type(one.step)):
            yield (*one.way, name), f"{why}: leave it out"
        else:
            yield from _of_step(one, api, lack)
    yield from _after_the_end(placed)


def _too_much(placed: list[_Placed], way: Way) -> Iterator[Found]:
    if len(placed) > MOST_STEPS:
        yield placed[MOST_STEPS].way, f"expected at most {MOST_STEPS} steps in all"
    if sum(_characters(one.step) for one in placed) > MOST_CHARACTERS:
        yield way, f"expected at most {MOST_CHARACTERS:,} characters in all texts together"


def _in_script(
    script: Script, api: Kind, lack: str, read_target: Callable[[str], str]
) -> Iterator[Found]:
    placed = list(_walk(script, _SCRIPT))
    yield from _too_much(placed, _SCRIPT)
    for one in placed:
        yield from _of_step(one, api, lack)
        if isinstance(one.step, Transfer) and not is_template(one.step.target):
            try:
                read_target(one.step.target)
            except ValueError as error:
                yield (*one.way, "transfer"), str(error)
    yield from _after_the_end(placed)
    yield from _same_names(placed)


def _walk(script: Script, way: Way, depth: int = 0) -> Iterator[_Placed]:
    """Yield every step; the branches of a gather follow it."""
    for at, step in enumerate(script):
        here = (*way, at)
        yield _Placed(here, step, depth)
        if isinstance(step, Gather):
            for pressed, branch in step.branches.items():
                yield from _walk(branch, (*here, "gather", "branches", pressed), depth + 1)
            yield from _walk(step.otherwise, (*here, "gather", "otherwise"), depth + 1)


def _of_step(one: _Placed, api: Kind, lack: str) -> Iterator[Found]:
    name, kind = NAMES[type(one.step)], type(one.step)
    way = (*one.way, name)
    if kind is Gather and one.depth >= DEEPEST:
        yield way, f"expected at most {DEEPEST} gathers in one another"
    elif kind is DoNotCall:
        if not one.depth:
            yield way, "expected it behind a key of gather: else everybody would be put on the list"
        elif one.way[-2] == "otherwise":
            yield way, "expected it behind a key of gather: who presses none has not asked for it"
    elif kind not in api.script_steps:
        can = sorted(NAMES[each] for each in api.script_steps)
        yield way, f"{api.name} can't do it: {nearest(name, can)}"
    elif kind is Gather and lack:
        yield way, lack


def _after_the_end(placed: list[_Placed]) -> Iterator[Found]:
    ends = {one.way[:-1]: one for one in reversed(placed) if _is_end(one, placed)}
    for one in placed:
        end = ends.get(one.way[:-1])
        if end is not None and one.way[-1] == int(end.way[-1]) + 1:
            yield one.way, f"the call is over before it: {NAMES[type(end.step)]} ends it"


def _is_end(one: _Placed, placed: list[_Placed]) -> bool:
    """Whether a step ends the call. A transfer does so after a gather."""
    if not isinstance(one.step, Transfer):
        return isinstance(one.step, _ENDS)
    before = placed[: placed.index(one)]
    return any(isinstance(each.step, Gather) for each in before)


def _same_names(placed: list[_Placed]) -> Iterator[Found]:
    names: set[str] = set()
    for one in placed:
        if isinstance(one.step, Gather):
            if one.step.name in names:
                twice = f"expected a name of its own, got {shown(one.step.name)} twice"
                yield (*one.way, "gather", "name"), twice
            names.add(one.step.name)


def _characters(step: Step) -> int:
    match step:
        case Say(text):
            return len(text)
        case Play(url):
            return len(url)
        case Gather():
            return sum(len(say.text) for say in step.say)
    return 0
