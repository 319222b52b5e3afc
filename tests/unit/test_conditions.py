"""Conditions on answers: how they are written, and of which calls they hold."""

from __future__ import annotations

import pytest

from scheduler.fields.conditions import Condition, asked_in, read_condition, unknown_name
from scheduler.models import Policy
from scheduler.script import Gather, Say

INNER = Gather("when", digits=1)
ASKS = Policy(
    campaign_name="c",
    script=(Gather("confirm", digits=1, branches={"1": (INNER,)}), Say("Bye."), Gather("pin")),
)


@pytest.mark.parametrize(
    ("word", "name", "keys"),
    [
        ("confirm=2", "confirm", "2"),
        ("confirm=", "confirm", ""),
        (" pin_2=0*#9 ", "pin_2", "0*#9"),
        ("Confirm=1", "Confirm", "1"),
    ],
)
def test_a_condition_is_a_name_and_keys(word: str, name: str, keys: str) -> None:
    assert read_condition(word) == Condition(name, keys)


@pytest.mark.parametrize(
    ("word", "result", "expected"),
    [
        ("heard=silence", {"heard": "silence"}, True),
        ("heard=silence", {"heard": None}, False),
        ("heard=opted_out", {"asked_not_to_be_called": True}, True),
        ("heard=opted_out", {"asked_not_to_be_called": False}, False),
        ("intent=interested", {"intents": ["interested"]}, True),
        ("intent=interested", {"intents": []}, False),
        ("confirm=2", {"answers": {"confirm": "2"}}, True),
        # A step may be named so: what is pressed has no letters.
        ("heard=2", {"answers": {"heard": "2"}}, True),
    ],
)
def test_a_condition_holds_of_a_result(
    word: str, result: dict[str, object], expected: bool
) -> None:
    assert read_condition(word).holds_of(result) is expected


def test_of_what_nobody_can_hear_the_words_that_there_are_are_said() -> None:
    with pytest.raises(ValueError, match=r"expected heard=human, .* heard=opted_out, got heard=x"):
        read_condition("heard=x")


@pytest.mark.parametrize("word", ["", "confirm", "=2", "confirm=x", "a=1=2", "a b=1", "confirm=²"])
def test_nothing_else_is(word: str) -> None:
    with pytest.raises(ValueError, match=r"such as confirm=2, or confirm= for nothing"):
        read_condition(word)


@pytest.mark.parametrize(
    ("answers", "with_two", "with_nothing"),
    [
        ({"confirm": "2"}, True, False),
        ({"confirm": "22"}, False, False),
        ({"confirm": ""}, False, True),
        ({}, False, False),
        ({"again": "2"}, False, False),
    ],
)
def test_who_was_not_asked_has_not_pressed_nothing(
    answers: dict[str, str], with_two: bool, with_nothing: bool
) -> None:
    assert Condition("confirm", "2").holds(answers) is with_two
    assert Condition("confirm", "").holds(answers) is with_nothing


def test_steps_are_named_in_the_order_of_the_script_with_those_behind_keys() -> None:
    assert asked_in(ASKS) == ("confirm", "when", "pin")
    assert unknown_name([Condition("when", "1")], ASKS) == ""


def test_of_a_name_that_no_step_has_the_names_that_there_are_are_said() -> None:
    wrong = [Condition("pin", "1"), Condition("c\x1bx", "1")]

    assert unknown_name(wrong, ASKS) == ("no step is named c\\x1bx: it asks for confirm, when, pin")
    assert "asks for no keys" in unknown_name(wrong, Policy(campaign_name="c"))
