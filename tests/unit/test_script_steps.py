"""What follows upon keys: every way through a script ends, and every gather is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.fields.script_steps import NextSteps, next_steps, until_asked
from scheduler.fields.scripts import steps_in
from scheduler.script import DoNotCall, Gather, Hangup, Pause, Say, Script, Step, Transfer

BYE, HELLO, THANKS = Say("Bye."), Say("Hello."), Say("Thanks.")


def gather(name: str = "confirm", **more: object) -> Gather:
    return replace(Gather(name, digits=1), **more)  # type: ignore[arg-type]


# Written out --------------------------------------------------------------------------------------


def test_a_branch_is_followed_by_what_stands_behind_the_gather() -> None:
    script = (HELLO, gather(branches={"1": (THANKS,)}), BYE)

    assert next_steps(script, "confirm", 1, "1") == NextSteps((THANKS, BYE), "1")


def test_a_branch_that_ends_the_call_is_followed_by_nothing() -> None:
    script = (gather(branches={"1": (THANKS, Hangup()), "2": (Transfer("+12025550143"),)}), BYE)

    assert next_steps(script, "confirm", 1, "1").script == (THANKS, Hangup())
    assert next_steps(script, "confirm", 1, "2").script == (Transfer("+12025550143"),)


@pytest.mark.parametrize("keys", ["", "7"])
def test_nothing_and_another_key_have_it_asked_again(keys: str) -> None:
    asked = gather(branches={"1": (THANKS,)}, otherwise=(BYE,), tries=2)

    assert next_steps((asked,), "confirm", 1, keys) == NextSteps((replace(asked, asked=2),), None)
    assert next_steps((asked, HELLO), "confirm", 2, keys) == NextSteps((BYE, HELLO), keys)


def test_any_key_is_an_answer_where_there_are_no_branches() -> None:
    script = (gather(tries=2, otherwise=(BYE,)), THANKS)

    assert next_steps(script, "confirm", 1, "123") == NextSteps((THANKS,), "123")
    assert next_steps(script, "confirm", 2, "") == NextSteps((BYE, THANKS), "")


def test_who_is_never_to_be_called_again_is_known_with_the_key() -> None:
    script = (gather(branches={"9": (DoNotCall(),), "8": (BYE, DoNotCall(), HELLO)}), THANKS)

    assert next_steps(script, "confirm", 1, "9") == NextSteps((Hangup(),), "9", bars=True)
    assert next_steps(script, "confirm", 1, "8") == NextSteps((BYE, Hangup()), "8", bars=True)


def test_what_stands_behind_another_gather_waits_for_its_answer() -> None:
    sure = gather("sure", branches={"1": (DoNotCall(),)})
    script = (gather(branches={"9": (sure, BYE)}), THANKS)

    assert next_steps(script, "confirm", 1, "9") == NextSteps((sure,), "9")
    assert next_steps(script, "sure", 1, "1").bars
    assert next_steps(script, "sure", 1, "2") == NextSteps((BYE, THANKS), "2")


def test_a_gather_that_the_script_does_not_have_is_an_error() -> None:
    with pytest.raises(LookupError, match="'other'"):
        next_steps((gather(),), "other", 1, "1")


# Every way ----------------------------------------------------------------------------------------

PLAIN: st.SearchStrategy[Step] = st.sampled_from(
    [HELLO, Pause(1.0), Hangup(), DoNotCall(), Transfer("+12025550143")]
)


def as_script(steps: list[Step]) -> Script:
    return tuple(steps)


def scripts(levels: int) -> st.SearchStrategy[Script]:
    if levels == 0:
        return st.lists(PLAIN, max_size=2).map(as_script)
    below = scripts(levels - 1)
    asked = st.builds(
        Gather,
        name=st.just(""),
        digits=st.just(1),
        tries=st.integers(1, 3),
        branches=st.dictionaries(st.sampled_from("129"), below, max_size=2),
        otherwise=below,
    )
    step: st.SearchStrategy[Step] = st.one_of(PLAIN, asked)
    return st.lists(step, max_size=2).map(as_script)


def named(script: Script, prefix: str = "g") -> Script:
    """Return the script with a name of its own for each gather."""

    def one(place: int, step: Step) -> Step:
        if not isinstance(step, Gather):
            return step
        name = f"{prefix}{place}"
        branches = {keys: named(each, f"{name}k{keys}x") for keys, each in step.branches.items()}
        return replace(
            step, name=name, branches=branches, otherwise=named(step.otherwise, f"{name}ox")
        )

    return tuple(one(place, step) for place, step in enumerate(script))


def keys_pressed(moves: list[str]) -> Iterator[str]:
    yield from moves
    while True:
        yield ""


@given(scripts(3).map(named), st.lists(st.sampled_from(["", "1", "2", "9", "5"]), max_size=12))
def test_every_way_through_a_script_ends(script: Script, moves: list[str]) -> None:
    most = sum(step.tries for step in steps_in(script) if isinstance(step, Gather))
    said, pressed = until_asked(script), keys_pressed(moves)
    answered: list[str] = []

    for _ in range(most + 1):
        if not said or not isinstance(said[-1], Gather):
            break
        asked = said[-1]
        found = next_steps(script, asked.name, asked.asked, next(pressed))
        assert not any(isinstance(step, DoNotCall) for step in found.script)
        assert not any(isinstance(step, Gather) for step in found.script[:-1])
        answered += [asked.name] if found.answer is not None else []
        said = found.script
    else:
        pytest.fail("it is asked for ever")
    assert len(answered) == len(set(answered))


@given(scripts(3).map(named), st.sampled_from(["", "1", "5"]))
def test_every_gather_is_found_and_keeps_its_answer(script: Script, keys: str) -> None:
    for step in steps_in(script):
        if isinstance(step, Gather):
            once = next_steps(script, step.name, step.tries, keys)

            assert once == next_steps(script, step.name, step.tries, keys)
            assert once.answer == keys
