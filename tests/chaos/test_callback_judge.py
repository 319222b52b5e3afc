"""The judge of callbacks speaks up where what is on record is not what was pressed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from tests.chaos.callback_judge import CallbackJudge
from tests.chaos.twilio_world import NEVER_AGAIN, STEP, YES

ONE, TWO = "chaos-default:1:1", "chaos-default:2:1"
TO_ONE, TO_TWO = "+12025550101", "+12025550102"


def _accepted(connection: str, number: str, attempt: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:1/callbacks/default/{attempt}/status#rc=5&rp=all"
    request = {"StatusCallback": url} if attempt else {}
    return _event("accepted", connection, number, request=request)


def _event(name: str, connection: str, number: str, **known: object) -> dict[str, Any]:
    return {"event": name, "connection_id": connection, "phone_number": number, **known}


def _answer(connection: str, keys: str) -> dict[str, str]:
    return {"connection_id": connection, f"answer:{STEP}": keys}


JOURNAL = [
    _accepted("CA1", TO_ONE, ONE),
    _accepted("CA2", TO_TWO, TWO),
    _event("pressed", "CA1", TO_ONE, keys=""),
    _event("pressed", "CA1", TO_ONE, keys="1"),
    _event("verb", "CA1", TO_ONE, text=YES),
    _event("pressed", "CA2", TO_TWO, keys="9"),
    _event("verb", "CA2", TO_TWO, text=NEVER_AGAIN),
]
ATTEMPTS = {ONE: _answer("CA1", "1"), TWO: _answer("CA2", "9")}


def _said(
    journal: Collection[dict[str, Any]] = JOURNAL,
    attempts: dict[str, dict[str, str]] = ATTEMPTS,
    listed: Collection[str] = (TO_TWO,),
) -> list[str]:
    return [problem.what for problem in CallbackJudge(journal, attempts, listed).problems()]


def test_it_has_nothing_to_say_of_calls_that_went_well() -> None:
    assert _said() == []


@pytest.mark.parametrize(
    ("attempts", "complaint"),
    [
        ({ONE: _answer("CA1", "3")}, f"{ONE} has '3', pressed was ['', '1']"),
        ({ONE: {"connection_id": "CA1"}}, f"{ONE} has None, and heard '{YES}'"),
        ({ONE: _answer("CA2", "1")}, f"the call of {TWO} is stored under {ONE}"),
    ],
    ids=["another key", "no answer", "another attempt's call"],
)
def test_it_says_what_is_wrong_on_record(
    attempts: dict[str, dict[str, str]], complaint: str
) -> None:
    assert complaint in _said(attempts=ATTEMPTS | attempts)


def test_it_says_who_is_missing_on_the_do_not_call_list_and_who_is_there_for_nothing() -> None:
    assert _said(listed=()) == ["it was told so, and is not on the do-not-call list"]
    assert _said(listed=(TO_ONE, TO_TWO)) == [
        "it is on the do-not-call list, and never asked for it"
    ]


def test_it_says_which_attempt_was_placed_twice_and_which_start_names_none() -> None:
    assert _said([*JOURNAL, _accepted("CA3", TO_ONE, ONE)]) == [f"{ONE} was placed twice"]
    assert _said([*JOURNAL, _accepted("CA3", TO_ONE, "")]) == ["its start names no attempt"]
