"""What a campaign may not ask of its provider under `call`, though each key alone is in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

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
#: What a provider has to tell us while the call lives.
PUBLIC_URL = (
    "needs CALLSCHED_PUBLIC_URL, where the provider tells us of it: this release has none yet"
)
_BEHIND_PUBLIC_URL = (Gather,)
_ENDS = (Hangup, DoNotCall)
#: What to do about a script at a provider that has no voice.
_ELSEWHERE = "leave it out, or call by a provider that can (CALLSCHED_PROVIDER, or another account)"

_SCRIPT: Way = ("call", "script")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step, and where it stands."""

    way: Way
    step: Step
    depth: int = 0  #: in how many gathers


def problems(call: CallKeys, api: Kind, read_target: Callable[[str], str]) -> Iterator[Found]:
    """Yield what a campaign may not ask of this provider, each with its place.

    `read_target` reads whom a call is transferred to; ValueError says what is wrong with it.
    """
    for key in NOT_EVERYWHERE:
        if getattr(call, key) and key not in api.call_keys:
            yield ("call", key), f"{api.name} can't be told of it: leave it out"
    if call.script is None:
        yield from _missing(call, api)
    elif not api.script_steps:
        yield _SCRIPT, f"{api.name} can't speak a script: {_ELSEWHERE}"
    else:
        yield from _instead(call, api)
        yield from _in_script(script_of(call.script), api, read_target)
    if isinstance(call.on_machine, list):
        words = ", ".join(OnMachine)
        can_t = f"{api.name} can't speak to a machine: expected one of {words}"
        yield ("call", "on_machine"), PUBLIC_URL if api.script_steps else can_t


def says_nothing(api: Kind) -> str:
    """Say what a campaign of this provider has to have."""
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


def _in_script(script: Script, api: Kind, read_target: Callable[[str], str]) -> Iterator[Found]:
    placed = list(_walk(script, _SCRIPT))
    if len(placed) > MOST_STEPS:
        yield placed[MOST_STEPS].way, f"expected at most {MOST_STEPS} steps in all"
    if sum(_characters(one.step) for one in placed) > MOST_CHARACTERS:
        yield _SCRIPT, f"expected at most {MOST_CHARACTERS:,} characters in all texts together"
    for one in placed:
        yield from _of_step(one, api)
        if isinstance(one.step, Transfer) and not is_template(one.step.target):
            try:
                read_target(one.step.target)
            except ValueError as error:
                yield (*one.way, "transfer"), str(error)
    yield from _after_the_end(placed)
    yield from _same_names(placed)


def _walk(script: Script, way: Way, depth: int = 0) -> Iterator[_Placed]:
    """Yield every step, those upon keys behind the step that asks for them."""
    for at, step in enumerate(script):
        here = (*way, at)
        yield _Placed(here, step, depth)
        if isinstance(step, Gather):
            for pressed, branch in step.branches.items():
                yield from _walk(branch, (*here, "gather", "branches", pressed), depth + 1)
            yield from _walk(step.otherwise, (*here, "gather", "otherwise"), depth + 1)


def _of_step(one: _Placed, api: Kind) -> Iterator[Found]:
    name, kind = NAMES[type(one.step)], type(one.step)
    way = (*one.way, name)
    if kind is Gather and one.depth >= DEEPEST:
        yield way, f"expected at most {DEEPEST} gathers in one another"
    elif kind is DoNotCall:
        if not one.depth:
            yield way, "expected it behind a key of gather: else everybody would be put on the list"
    elif kind in _BEHIND_PUBLIC_URL:
        yield way, PUBLIC_URL
    elif kind not in api.script_steps:
        can = sorted(NAMES[each] for each in api.script_steps)
        yield way, f"{api.name} can't do it: {nearest(name, can)}"


def _after_the_end(placed: list[_Placed]) -> Iterator[Found]:
    ends = {one.way[:-1]: one for one in reversed(placed) if isinstance(one.step, _ENDS)}
    for one in placed:
        end = ends.get(one.way[:-1])
        if end is not None and one.way[-1] == int(end.way[-1]) + 1:
            yield one.way, f"the call is over before it: {NAMES[type(end.step)]} ends it"


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
