"""Who was heard in a call, and whether that reached a person: no word claims more than was seen."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.heard import Observed, heard
from scheduler.models import Disposition
from scheduler.reached import Reached, reached, reached_in, why

HELLO = [{"speaker": "", "text": "Hello?"}]
OURS = [{"speaker": "caller", "text": "Press 1."}, {"speaker": "callee", "text": " "}]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({}, None),
        ({"transcript": HELLO}, None),  # a greeting is spoken as well
        ({"transcript": HELLO, "hears_machines": True}, "human"),
        ({"transcript": HELLO, "hears_machines": True, "answered_by": "machine"}, "machine"),
        ({"transcript": HELLO, "answered_by": "unknown"}, None),
        ({"transcript": HELLO, "intents": ["not_interested"]}, "human"),
        ({"intents": ["answering_machine"]}, None),
        ({"opted_out": True}, "human"),
        ({"transcript": []}, "silence"),
        ({"transcript": OURS, "hears_machines": True}, "silence"),
        ({"transcript": [], "is_recorded": False}, "not_recorded"),
        ({"transcript": [], "is_recorded": False, "answered_by": "human"}, "human"),
        ({"transcript": [], "is_recorded": False, "intents": ["interested"]}, "not_recorded"),
        ({"transcript": [], "is_recorded": False, "intents": ["do_not_call"]}, "human"),
        ({"transcript": [], "answered_by": "machine"}, "machine"),
        ({"answered_by": "fax"}, "machine"),
        ({"answered_by": "machine", "pressed": True}, "human"),
        ({"ended_for_machine": True}, "machine"),
    ],
)
def test_who_was_heard_is_told_by_what_was_observed(seen: dict[str, Any], expected: str) -> None:
    assert heard(Observed(**seen)) == expected


@pytest.mark.parametrize(
    ("disposition", "heard_so", "expected"),
    [
        ("stopped", "human", "reached"),
        ("aborted", "human", "reached"),
        ("completed", "machine", "not_reached"),
        ("stopped", "silence", "not_reached"),
        ("hung_up", "not_recorded", "unknown"),
        ("completed", "", "unknown"),
        ("completed", "a word of a later release", "unknown"),
        ("not_reached", "human", "not_reached"),
        ("rejected", "", "not_called"),
        ("skipped", "", "not_called"),
        ("unknown", "", "unknown"),
        ("a later one", "", "unknown"),
    ],
)
def test_a_call_is_in_one_group(disposition: str, heard_so: str, expected: str) -> None:
    assert reached(disposition, heard_so) == expected


def test_every_disposition_has_a_group_and_a_call_that_is_not_over_has_none() -> None:
    assert {reached(each, None) for each in Disposition} == set(Reached) - {Reached.REACHED}
    assert reached_in({"state": "connected", "disposition": None, "heard": "human"}) is None


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"disposition": "stopped", "heard": None, "answered_at": None}, "placed"),
        ({"disposition": "completed", "answered_at": 1.0}, "answered"),
        ({"disposition": "stopped", "heard": "silence"}, "silence"),
        ({"disposition": "not_reached", "reason": "busy"}, "not_reached:busy"),
        ({"disposition": "rejected", "reason": None}, "rejected"),
    ],
)
def test_what_was_observed_is_said(record: dict[str, Any], expected: str) -> None:
    assert why(record) == expected
