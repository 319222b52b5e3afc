"""What `plan` shows of a script, and how long it takes it to be."""

from __future__ import annotations

import pytest

from scheduler.cli import plan_lines
from scheduler.fields.scripts import length_seconds
from scheduler.models import Attempt, Contact, Policy
from scheduler.plan import record
from scheduler.script import (
    DoNotCall,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Say,
    Script,
    Step,
    Transfer,
)

ANA = Contact("a", "+12025550143", name="Ana", variables={"agent": "+1 202 555 0150"})
ASK = Gather(
    "confirm",
    (Say("Press one, or nine."),),
    digits=1,
    timeout_seconds=5.0,
    tries=2,
    branches={"1": (Say("Thank you."), Pause(4.0)), "9": (DoNotCall(),)},
    otherwise=(Hangup(),),
)


def shown(script: Script, seconds: float = 120.0) -> list[str]:
    policy = Policy(max_duration_seconds=seconds, script=script, ring_seconds=25.0)
    order = record._order(ANA, Attempt("c", 1, 1), policy)
    return list(plan_lines.orders([order]))


@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (Say("One two three four five."), 2.0),
        (Say("One two three four five six."), 2.4),
        (Pause(1.5), 1.5),
        (Record(30.0), 30.0),
        (Play("https://example.com/a.mp3"), 0.0),
        (Transfer("+12025550150"), 0.0),
        (Hangup(), 0.0),
        (ASK, 2 * (1.6 + 5.0) + 0.8 + 4.0),
    ],
)
def test_a_script_takes_its_words_its_pauses_and_its_longest_way(
    step: Step, seconds: float
) -> None:
    assert length_seconds((step,)) == pytest.approx(seconds)
    assert length_seconds((step, Pause(1.0))) == pytest.approx(seconds + 1)


def test_a_plan_has_the_script_as_its_contact_hears_it() -> None:
    script = (Say("Hello {{ name }}.", "alice", "en-US"), Pause(2.0), Transfer("{{ agent }}"))

    assert shown(script)[1:] == [
        "  phone_number: …0143",
        "  session_name: callsched c:1:1",
        "  ring_time: 25s",
        "  script: about 2.8 s",
        "    say (alice, en-US): Hello Ana.",
        "    pause: 2s",
        "    transfer: …0150",
        "  and is stopped after 2m",
    ]


def test_a_plan_says_that_a_call_is_over_before_its_script() -> None:
    assert "  script: about 5 s, longer than it may last: it is cut off" in shown(
        (Pause(5.0),), seconds=4.0
    )


def test_a_program_reads_the_steps_and_the_estimate() -> None:
    policy = Policy(script=(Say("Hello {{ name }}."), Hangup()))

    order = record._order(ANA, Attempt("c", 1, 1), policy)

    say = {"text": "Hello Ana.", "voice": "", "language": ""}
    assert order["script"] == [{"say": say}, {"hangup": {}}]
    assert order["estimated_seconds"] == 0.8


def test_where_nothing_follows_the_call_goes_on() -> None:
    asks = Gather("room", (Say("Your room?"),), finish="#", timeout_seconds=3.0)

    assert shown((asks, Say("Thanks.")))[5:-1] == [
        "    gather: room (keys up to #, the next awaited for 3s)",
        "      say: Your room?",
        "      whatever is pressed: the call goes on",
        "      otherwise: the call goes on",
        "    say: Thanks.",
    ]


def test_a_plan_has_what_a_machine_hears_apart() -> None:
    policy = Policy(script=(Say("Hello."),), machine_script=(Say("Call us, {{ name }}."), Hangup()))

    order = record._order(ANA, Attempt("c", 1, 1), policy)
    lines = list(plan_lines.orders([order]))

    assert lines[3:-1] == [
        "  script: about 0.4 s",
        "    say: Hello.",
        "  to a machine: about 1.2 s",
        "    say: Call us, Ana.",
        "    hangup",
    ]
    assert order["machine_seconds"] == 1.2
    assert [list(step) for step in order["machine_script"]] == [["say"], ["hangup"]]
    assert record._order(ANA, Attempt("c", 1, 1), Policy())["machine_script"] == []


def test_what_follows_upon_keys_stands_behind_them() -> None:
    assert [line.strip() for line in shown((ASK,))[5:-1]] == [
        "gather: confirm (1 key, the next awaited for 5s, asked at most 2 times)",
        "say: Press one, or nine.",
        "1:",
        "say: Thank you.",
        "pause: 4s",
        "9:",
        "do_not_call",
        "otherwise:",
        "hangup",
    ]
