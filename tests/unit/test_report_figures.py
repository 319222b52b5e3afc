"""What a campaign comes to in numbers, and which of its calls a page lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.ledger.accounts import Load
from scheduler.ledger.controls import Controlled
from scheduler.models import CallState, Disposition, Reason
from scheduler.report import captions, wording
from scheduler.report.answers import MOST_DIFFERENT, MOST_QUESTIONS, MOST_SHOWN
from scheduler.report.curves import MOST_STEPS, Slots, Step, refusals, thinned
from scheduler.report.entries import RANKS, Entries, rank
from scheduler.report.figures import Figures, read
from scheduler.report.foreign_text import address_of, contact_of, message, shown
from scheduler.report.header import Header, Source
from scheduler.report.spread import Spread, round_step
from scheduler.report.topics import MOST_LISTED, Topics

BEGAN = 1_800_000_000.0
ANA = "+12025550143"


def record(row: int = 1, **said: Any) -> dict[str, Any]:
    """Return what became of a call that went as it should."""
    began = BEGAN + row
    usual = {
        "campaign_id": "c",
        "contact_id": f"c-{row}",
        "phone_number": ANA,
        "sip_uri": None,
        "dtmf": "",
        "state": "ended",
        "disposition": "stopped",
        "reason": None,
        "attempts": 1,
        "begun_at": began - 0.5,
        "started_at": began,
        "ended_at": began + 3,
        "duration_seconds": 3.0,
        "late_seconds": 0.03,
        "stop_late_seconds": 0.004,
        "error": None,
    }
    return usual | said


def skipped(reason: str) -> dict[str, Any]:
    """Return what differs in the record of a contact that was not dialled."""
    times = dict.fromkeys(
        ("begun_at", "started_at", "duration_seconds", "late_seconds", "stop_late_seconds")
    )
    return {"disposition": "skipped", "reason": reason, "attempts": 0, **times}


def waiting() -> dict[str, Any]:
    """Return what differs in the record of a call that waits."""
    return skipped("") | {"state": "pending", "disposition": None, "reason": None, "ended_at": None}


def header(**said: Any) -> Header:
    """Return a campaign that is over."""
    known: dict[str, Any] = {"campaign_id": "c", "made_at": BEGAN + 100, "created_at": BEGAN}
    return Header(**known | said)


def figures(records: Iterable[Mapping[str, Any]], head: Header | None = None) -> Figures:
    """Return the figures of these records."""
    return read(Source(head or header(), [dict(each) for each in records]), transcripts=True)


def spread(values: Iterable[float]) -> Spread:
    made = Spread()
    for value in values:
        made.add(value)
    return made


# Spread -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7], 0.99, 7),
        ([1, 2, 3, 4], 0.5, 2),
        (range(100, 0, -1), 0.99, 99),
        (range(1, 101), 1.0, 100),
        (range(1, 101), 0.0, 1),
    ],
)
def test_a_percentile_is_a_value_that_so_many_are_no_higher_than(
    values: Iterable[float], share: float, expected: float | None
) -> None:
    assert spread(values).percentile(share) == expected


@given(st.lists(st.floats(-10, 1000)))
def test_every_value_is_counted_once_whatever_the_edges(values: list[float]) -> None:
    assert sum(spread(values).between([float("-inf"), 0, 0.1, 5, 600])) == len(values)


def test_a_value_on_an_edge_begins_the_next_length() -> None:
    assert spread([0.5, 1, 1.5, 2, 9]).between([0, 1, 2]) == [1, 2, 2]
    assert spread([0.05, 0.1, 0.2]).within(0.1) == 2


@pytest.mark.parametrize(
    ("length", "most", "step"), [(3.0, 30, 0.1), (3.1, 30, 0.2), (1800, 30, 60), (9e9, 3, 3e9)]
)
def test_a_round_step_goes_far_enough(length: float, most: int, step: float) -> None:
    assert round_step(length, most) == step
    assert round_step(length, most) * most >= length


# Curves -----------------------------------------------------------------------------------------


def slots(*spans: tuple[float, float | None]) -> Slots:
    made = Slots()
    for span in spans:
        made.add(span)
    return made


def test_a_slot_that_is_handed_on_at_once_was_never_two() -> None:
    used = slots((1, 3), (3, 5), (2, 4))

    assert list(used.steps()) == [(1, 1), (2, 2), (3, 1), (3, 2), (4, 1), (5, 0)]
    assert used.peak == Step(2, 2)
    assert (used.since, used.until(99)) == (1, 5)


def test_an_attempt_that_is_open_lasts_until_now_and_one_given_back_at_once_is_none() -> None:
    used = slots((1, None), (2, 2), (3, 4))

    assert list(used.steps()) == [(1, 1), (3, 2), (4, 1)]
    assert (len(used), used.until(99)) == (2, 99)
    assert slots().peak is None


@given(
    st.lists(st.tuples(st.floats(0, 100), st.integers(0, 50)), min_size=1, max_size=3000),
)
def test_a_thinned_curve_hides_no_peak_and_ends_where_it_was_left(
    changes: list[tuple[float, int]],
) -> None:
    steps = [Step(at, value) for at, value in sorted(changes, key=lambda each: each[0])]

    drawn = thinned(steps, 0, 100)

    assert len(drawn) <= MOST_STEPS + 1
    held = [step for step in steps if step.at <= 0][-1:]
    after = [step for step in steps if step.at > 0]
    assert max(step.value for step in drawn) == max(step.value for step in held + after)
    assert drawn[-1] == Step(100, steps[-1].value)
    assert [step.at for step in drawn] == sorted(step.at for step in drawn)


def test_a_thinned_curve_falls_again_where_nothing_changes_for_long() -> None:
    drawn = thinned([Step(-5, 9), Step(0.01, 2), Step(0.02, 8), Step(0.03, 1)], 0, 600)

    # What held before it began is the first value; the peak of a second is drawn for that second.
    assert drawn == [(0, 9), (1, 1), (600, 1)]


def load(at: float, refused: int, learned: int = 4) -> Load:
    return Load(BEGAN + at, 2, learned, 2, refused)


def test_refusals_are_counted_from_what_was_refused_before() -> None:
    bars = refusals([load(-5, 7), load(1, 9), load(2, 9), load(31, 10)], BEGAN, BEGAN + 40)

    assert (bars.step_seconds, bars.total) == (1, 3)
    assert [place for place, count in enumerate(bars.counts) if count] == [1, 31]


def test_what_was_refused_before_the_first_note_is_of_no_campaign() -> None:
    assert refusals([load(3, 7), load(4, 8)], BEGAN, BEGAN + 40).total == 1
    assert refusals([], BEGAN, BEGAN).total == 0


# Figures ----------------------------------------------------------------------------------------


def test_records_come_to_figures() -> None:
    head = header(
        orders=(Controlled(BEGAN, "pause", "ana@desk17.example.com", "call +12025550143"),)
    )
    lost = {
        "disposition": "unknown",
        "reason": "answer_lost",
        "started_at": None,
        "ended_at": BEGAN,
    }
    lost |= {"duration_seconds": None, "late_seconds": None, "stop_late_seconds": None}
    told = figures(
        [
            record(1),
            record(2, attempts=3, stop_late_seconds=0.5, late_seconds=7.7),
            record(
                3,
                disposition="hung_up",
                duration_seconds=1.0,
                stop_late_seconds=None,
                late_seconds=None,
            ),
            record(4, **lost),
            record(5, **skipped("duplicate")),
        ],
        head,
    ).as_record()

    assert json.loads(json.dumps(told)) == told
    assert (told["contacts"], told["ended"], told["not_over"], told["is_over"]) == (5, 5, {}, True)
    assert {"disposition": "stopped", "reason": None, "calls": 2} in told["outcomes"]
    assert (told["attempts"], told["retries"]) == ({"0": 1, "1": 3, "3": 1}, 2)
    assert told["unknown"] == {"answer_lost": 1}
    assert (told["lengths"]["calls"], told["lengths"]["total_seconds"]) == (3, 7.0)
    assert (told["stops"]["stops"], told["stops"]["on_time"]) == (2, 1)
    assert told["stops"]["max_seconds"] == 0.5
    ends = told["ends"]
    assert (ends["calls"], ends["on_time"], ends["late"], ends["max_seconds"]) == (2, 1, 1, 7.7)
    assert (ends["since"], ends["until"]) == (pytest.approx(BEGAN + 5 - 7.7), BEGAN + 5)
    assert told["slots"] == {
        "attempts": 3,
        "peak": 3,
        "peak_at": BEGAN + 2.5,
        "limit_lowest": None,
        "limit_highest": None,
    }
    assert told["refused"] is None
    assert told["orders"] == [{"at": BEGAN, "what": "pause", "who": "ana", "note": "call …0143"}]


def test_the_limit_and_the_refusals_are_those_of_the_account_in_its_time() -> None:
    loads = (load(-9, 5, learned=4), load(1, 6, learned=8), load(2, 8, learned=7))
    spans = [(BEGAN, BEGAN + 3), (BEGAN + 1, None)]

    told = read(Source(header(), [record(1)], spans=spans, loads=loads))

    assert (told.limits, told.period) == ((4, 8), (BEGAN, BEGAN + 100))
    assert told.refused is not None and told.refused.total == 3
    assert "was between 4 and 8" in captions.slots(told)
    assert "whatever campaign they were of" in captions.refusals(told)


def test_a_campaign_without_calls_has_figures() -> None:
    told = figures([])

    assert wording.outcome(told) == "The campaign has no contacts."
    assert told.as_record()["slots"]["peak"] == 0
    assert told.period is None


@pytest.mark.parametrize(
    ("records", "state", "sentence"),
    [
        ([{}], "finished", "The only call is over: 1 not known."),
        (
            [{"heard": "human"}] * 2 + [{"disposition": "hung_up"}, skipped("capped")],
            "finished",
            "All 4 calls are over: 2 reached, 1 not called and 1 not known.",
        ),
        ([{}, waiting()], "active", "So far 1 of 2 calls is over: 1 not known."),
        ([waiting(), waiting()], "paused", "So far none of 2 calls is over."),
        ([{}], "loading", "So far 1 of 1 call is over: 1 not known."),
    ],
)
def test_the_outcome_is_one_sentence(
    records: list[dict[str, Any]], state: str, sentence: str
) -> None:
    told = figures([record(1, **said) for said in records], header(state=state))

    assert wording.outcome(told) == sentence


def test_what_is_not_over_is_said() -> None:
    told = figures([record(1, **waiting()), record(2, **waiting()), record(3, state="connected")])

    assert wording.what_is_open(told) == "2 wait to be dialled and 1 is under way"
    assert wording.what_is_open(figures([record()])) == ""


@pytest.mark.parametrize("word", Disposition)
def test_every_disposition_is_explained(word: Disposition) -> None:
    assert word in wording.ENDS
    assert wording.meaning(word).endswith(".")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "\u2013"),
        (0.0042, "4 ms"),
        (0.9999, "1.0 s"),
        (59.99, "1 min 00 s"),
        (3599.6, "1 h 00 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_a_length_is_said_as_a_person_would(seconds: float | None, written: str) -> None:
    assert wording.length(seconds).replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [(0, 9, "0 %"), (9, 9, "100 %"), (99_999, 100_000, "> 99.9 %"), (1, 100_000, "< 0.1 %")],
)
def test_only_all_is_a_hundred_per_cent(part: int, whole: int, written: str) -> None:
    assert wording.share(part, whole).replace("\u00a0", " ") == written


# What was said ----------------------------------------------------------------------------------


def test_a_topic_counts_once_for_each_call_however_it_is_written() -> None:
    topics = Topics()
    for each in (["Billing", "billing", ""], ["BILLING", "parking"], ["parking"], ["billing"]):
        topics.add(each)

    assert topics.most_frequent() == [("billing", 3), ("parking", 2)]
    assert (len(topics), topics.left_out) == (2, False)


def test_what_is_to_be_done_is_listed_with_contact_and_time() -> None:
    items = [{"text": "Call Ana back", "assignee": "Ben", "due_by": "2027-01-20T00:00:00Z"}]
    many = [{"text": f"why {n}?"} for n in range(MOST_LISTED + 5)]
    told = figures(
        [
            record(1, transcript=[{"text": "hello"}], insights={"action_items": items}),
            record(2, transcript=[], insights={"questions": many}, insights_error="topics: 500"),
            record(3, insights_erased=True),
            record(4, transcript=[], heard="not_recorded"),
        ]
    ).insights

    (item,) = told.listed["action_items"]
    assert (item.contact, item.said_at, item.text) == ("c-1", BEGAN + 1, "Call Ana back")
    assert (item.assignee, item.due_by) == ("Ben", "2027-01-20")
    assert (told.counts["questions"], len(told.listed["questions"])) == (205, 200)
    assert (told.transcripts, told.silent, told.unread, told.erased) == (1, 1, 1, 1)
    assert told.not_recorded == 1


# What may be shown ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "contact", "address"),
    [
        ({"contact_id": "ana"}, "ana", "…0143"),
        ({"contact_id": ANA}, "#7", "…0143"),
        ({"contact_id": f"{ANA},4711#", "dtmf": "4711#"}, "#7", "…0143"),
        ({"contact_id": "2025550143"}, "…0143", "…0143"),
        ({"contact_id": "20261122001"}, "20261122001", "…0143"),
        (
            {"contact_id": "", "phone_number": None, "sip_uri": "sip:+12025550143@example.com"},
            "#7",
            "sip:…0143@example.com",
        ),
    ],
)
def test_no_whole_number_is_shown_unless_it_is_asked_for(
    said: dict[str, Any], contact: str, address: str
) -> None:
    one = record(**said)

    assert contact_of(one, 7, numbers=False) == contact
    assert address_of(one, numbers=False) == address
    assert "5550143" in address_of(one, numbers=True)
    assert "4711" not in contact_of(one, 7, numbers=True) + address_of(one, numbers=True)


def test_a_message_names_no_machine_and_no_number() -> None:
    said = "no answer from http://10.0.0.7:8080/v1/x?token=1 for +1 202 555 0143"

    assert message(said, 200, numbers=False) == "no answer from http://…/v1/x?token=1 for …0143"
    assert "+1 202 555 0143" in message(said, 200, numbers=True)


def test_foreign_text_is_one_short_line() -> None:
    assert shown("a\n\x1b[31mb\u202ec\u2028d", 80) == "a [31mbc d"
    assert shown("x" * 10_000_000, 80) == "x" * 79 + "…"
    assert shown(None, 80) == ""


# The table --------------------------------------------------------------------------------------

ODD = [
    record(1, **skipped("duplicate")),
    record(2),
    record(3, **waiting()),
    record(4, **skipped("invalid_number")),
    record(5, state="connected", disposition=None, ended_at=None, duration_seconds=None),
    record(6, disposition="aborted"),
    record(7, reason="unconfirmed"),
    record(8, disposition="rejected", error="400"),
    record(9, disposition="unknown", reason="lease"),
    record(10),
]


def entries(records: Iterable[dict[str, Any]], most: int, **how: Any) -> Entries:
    made = Entries(most, **{"transcripts": True} | how)
    for row, each in enumerate(records, start=1):
        made.add(row, each)
    return made


def test_what_did_not_end_as_usual_comes_first() -> None:
    with entries(ODD, 100) as listed:
        assert [entry["row"] for entry in listed] == [9, 8, 7, 6, 5, 4, 2, 10, 3, 1]
        assert (listed.listed, listed.left_out) == (10, 0)


@pytest.mark.parametrize("most", [0, 1, 3, 8])
def test_the_ones_that_matter_most_are_listed(most: int) -> None:
    with entries(ODD, most) as listed:
        assert [entry["row"] for entry in listed] == [9, 8, 7, 6, 5, 4, 2, 10, 3, 1][:most]
        assert (listed.listed, listed.left_out) == (most, 10 - most)
        # A page may be written twice.
        assert len(list(listed)) == most


def test_every_call_has_a_place() -> None:
    ends = product(CallState, [None, "invented", *Disposition], [None, "invented", *Reason])
    places = {
        rank({"state": state, "disposition": disposition, "reason": reason})
        for state, disposition, reason in ends
    }

    assert places == set(range(RANKS))


def spoken(characters: int) -> dict[str, Any]:
    """Return what was said in a call of one who speaks without end."""
    line = "x" * 1000
    lines = [{"speaker": "Ana", "text": line, "started_at": BEGAN}] * (characters // len(line))
    return {"transcript": lines, "insights": {}}


def test_a_long_call_is_cut_and_says_by_how_much() -> None:
    with entries([record(1, **spoken(200_000))], 1) as listed:
        (entry,) = listed

    assert len(entry["said"]["lines"]) == 99
    assert entry["said"]["lines_left_out"] == 101


def test_a_page_holds_so_much_of_what_was_said_and_no_more() -> None:
    records = [record(row, **spoken(9_000)) for row in range(1, 31)]

    with entries(records, 30, most_bytes=100_000) as listed:
        said = [bool(entry["said"]) for entry in listed]

        assert listed.unsaid == said.count(False) > 0
        assert said == sorted(said, reverse=True)
        assert 80_000 <= sum(said) * 9_000 <= 100_000


def test_transcripts_can_be_left_out() -> None:
    with entries([record(1, **spoken(1000))], 1, transcripts=False) as listed:
        assert [entry["said"] for entry in listed] == [None]
        assert listed.unsaid == 0


def test_names_and_words_of_the_api_show_what_would_act() -> None:
    record = {"contact_id": "a\u202eb\x1b[31m", "phone_number": "+12025550143"}
    said = "x\r\n\x9b1m: +1202\u200e5550143 at https://host.example/x"

    assert contact_of(record, 1, numbers=False) == r"a\u202eb\x1b[31m"
    assert message(said, 80, numbers=False) == r"x\r\n\x9b1m: …0143 at https://…/x"


# Answers ------------------------------------------------------------------------------------------


def test_answers_are_counted_by_question_and_nothing_is_one() -> None:
    told = [{"confirm": "2"}, {"confirm": ""}, {"confirm": "2", "pin": "7"}, {}, None]
    made = figures([record(n, answers=each) for n, each in enumerate(told, 1)])

    assert made.as_record()["answers"] == [
        {
            "question": "confirm",
            "answers": [{"keys": "2", "calls": 2}, {"keys": "", "calls": 1}],
            "others": 0,
        },
        {"question": "pin", "answers": [{"keys": "7", "calls": 1}], "others": 0},
    ]
    assert figures([record()]).as_record()["answers"] == []


def test_of_many_different_answers_the_most_frequent_are_listed_and_the_others_counted() -> None:
    told = [str(n) for n in range(MOST_DIFFERENT + 5)] + ["7", "7"]
    made = figures([record(n, answers={"pin": keys}) for n, keys in enumerate(told, 1)])

    (question,) = made.as_record()["answers"]
    assert question["answers"][0] == {"keys": "7", "calls": 3}
    assert len(question["answers"]) == MOST_SHOWN
    assert question["others"] == len(told) - 3 - (MOST_SHOWN - 1)
    assert len(made.answers.questions["pin"].given) == MOST_DIFFERENT


def test_no_file_makes_a_report_grow_with_its_questions() -> None:
    made = figures([record(n, answers={f"q{n}": "1"}) for n in range(1, MOST_QUESTIONS + 9)])

    assert len(made.answers.questions) == MOST_QUESTIONS


def test_calls_are_grouped_by_whether_a_person_was_heard() -> None:
    asked = {"heard": "human", "intents": ["do_not_call"], "asked_not_to_be_called": True}
    made = figures(
        [
            record(1, connection_id="c1", **asked),
            record(2, connection_id="c2", heard="machine", intents=[]),
            record(3, connection_id="c3"),
            record(4, connection_id="c4", disposition="completed", answered_at=BEGAN),
            record(5, **skipped("duplicate")),
            record(6, **waiting()),
        ]
    )
    told = made.as_record()
    assert {name: group["calls"] for name, group in told["reached"].items()} == {
        "reached": 1,
        "not_reached": 1,
        "not_called": 1,
        "unknown": 2,
    }
    assert told["reached"]["unknown"]["observed"] == {"placed": 1, "answered": 1}
    assert told["placed"] == 4
    assert told["heard"] == {"human": 1, "machine": 1, "silence": 0, "not_recorded": 0}
    assert told["intents"] == {"do_not_call": 1}
    assert told["asked_not_to_be_called"] == {
        "calls": 1,
        "contacts": [{"row": 1, "contact": "c-1"}],
    }
    assert wording.observed("placed") == "placed, and nothing more is known"
    assert wording.observed("skipped:not_allowed") == "not allowed"
