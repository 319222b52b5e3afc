"""Twilio's sandbox, as its documents say that the API behaves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from scheduler.sandbox.twilio import Knobs
from scheduler.sandbox.twilio import magic as magic_numbers
from tests.functional.campaign import Site
from tests.sandbox_process import SandboxProcess, magic
from tests.twilio_caller import ACCOUNT, ANYBODY, CALLER, Caller, code
from tests.waiting import wait_until
from tests.witnesses.openapi import Exchange, answer_problems


@pytest.fixture
def caller(twilio: SandboxProcess) -> Iterator[Caller]:
    """Somebody who asks; Twilio's own description judges what is answered, unless wire is off."""
    twilio.knobs(wire=True)
    caller = Caller(twilio.url)
    with caller.session:
        yield caller
    if twilio.knobs()["wire"]:
        exchanges = [Exchange.of_wire(event) for event in twilio.events("wire")]
        assert [problem for e in exchanges for problem in answer_problems(e)] == []


# A call


def test_a_start_is_queued_and_rings_and_is_answered(
    twilio: SandboxProcess, caller: Caller
) -> None:
    answer = caller.start("+1 (202) 555-0143", TimeLimit=900)
    call = answer.json()

    assert answer.status_code == 201
    assert (call["status"], call["direction"], call["queue_time"]) == (
        "queued",
        "outbound-api",
        "0",
    )
    assert (call["to"], call["to_formatted"]) == (ANYBODY, "(202) 555-0143")
    assert (call["from"], call["account_sid"]) == (CALLER, ACCOUNT)
    assert call["start_time"] is call["end_time"] is call["duration"] is call["price"] is None
    caller.wait(call["sid"], "in-progress")
    shown = twilio.call(call["sid"])["statuses"]
    assert shown == ["queued", "queued", "ringing", "in-progress"]
    assert twilio.live()["live"] == 1


def test_dates_are_those_of_the_header_date(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(clock_ahead_seconds=86400)

    answer = caller.start()

    created = parsedate_to_datetime(answer.json()["date_created"])
    assert answer.json()["date_created"].endswith(" +0000")
    assert abs(parsedate_to_datetime(answer.headers["Date"]) - created).total_seconds() < 10
    assert answer.headers["Date"].endswith(" GMT")


def test_a_stop_of_a_live_call_completes_it(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started()
    caller.wait(sid, "in-progress")

    answer = caller.stop(sid)

    assert (answer.status_code, answer.json()["status"]) == (200, "in-progress")
    call = caller.read(sid)
    assert call["status"] == "completed"
    assert call["duration"].isdecimal()
    assert call["start_time"]
    assert call["end_time"]
    assert code(caller.stop(sid)) == (400, 21220)
    [ended] = twilio.events("ended")
    assert (ended["by"], ended["connection_id"], ended["live"]) == ("stop", sid, 0)


def test_a_stop_of_what_is_over_may_be_answered_200(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(stop_ended=200)
    sid = caller.started()

    assert caller.stop(sid).status_code == caller.stop(sid).status_code == 200


@pytest.mark.parametrize("status", ["canceled", "completed", "no-answer"])
def test_a_stop_of_a_ringing_call_ends_it_in_one_of_three_ways(
    twilio: SandboxProcess, caller: Caller, status: str
) -> None:
    twilio.knobs(ring_seconds=[600, 600], stopped_ringing=status)
    sid = caller.started()
    caller.wait(sid, "ringing")

    caller.stop(sid)

    assert caller.status(sid) == status


def test_a_queued_call_is_cancelled_without_a_start_time(
    twilio: SandboxProcess, caller: Caller
) -> None:
    sid = caller.started(magic("80"))

    caller.stop(sid, "completed")

    call = caller.read(sid)
    assert (call["status"], call["start_time"]) == ("canceled", None)
    assert not twilio.events("dialed")


def test_a_live_call_ignores_canceled(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started()
    caller.wait(sid, "in-progress")

    assert caller.stop(sid, "canceled").status_code == 200

    assert caller.status(sid) == "in-progress"
    assert not twilio.events("ended")


def test_a_call_is_ended_at_its_time_limit(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(speed=100)
    sid = caller.started(TimeLimit=60)

    call = caller.wait(sid, "completed")

    assert int(call["duration"]) >= 60
    assert caller.codes(sid) == [32015]
    assert [event["by"] for event in twilio.events("ended")] == ["time_limit"]


def test_a_time_limit_can_be_moved_while_the_call_lives(
    twilio: SandboxProcess, caller: Caller
) -> None:
    sid = caller.started(TimeLimit=86400)
    caller.wait(sid, "in-progress")

    assert caller.post(sid, TimeLimit=1).status_code == 200

    caller.wait(sid, "completed")
    assert code(caller.post(sid, TimeLimit=60)) == (400, 21220)


def test_the_pace_makes_a_queue_and_says_how_long_it_is(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(calls_per_second=0.01)

    times = [int(caller.start().json()["queue_time"]) for _ in range(3)]

    assert times[0] == 0
    assert 0 < times[1] <= 100_000 < times[2] <= 200_000
    assert len(caller.sids(Status="queued")) == 2
    assert len(twilio.events("dialed")) == 1


@pytest.mark.parametrize(
    ("ending", "status", "noted"),
    [
        ("70", "busy", []),
        ("71", "no-answer", []),
        ("72", "failed", [32009]),
        ("73", "failed", [32017]),
        ("78", "no-answer", []),
        ("81", "canceled", []),
    ],
)
def test_every_final_status_can_be_had(
    twilio: SandboxProcess, caller: Caller, ending: str, status: str, noted: list[int]
) -> None:
    sid = caller.started(magic(ending), Timeout=1)

    call = caller.wait(sid, "completed", "busy", "no-answer", "failed", "canceled")

    assert (call["status"], call["duration"], call["end_time"]) == (status, None, None)
    assert caller.codes(sid) == noted
    assert code(caller.stop(sid)) == (400, 21220)


def test_a_far_end_hangs_up(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(magic("10"))

    assert int(caller.wait(sid, "completed")["duration"]) >= 1
    assert twilio.call(sid)["ended_by"] == "hangup"


# Who may ask


def test_only_who_has_the_right_credentials_may_ask(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(auth_token="right", account_sid=ACCOUNT)

    assert code(caller.start()) == (401, 20003)
    caller.session.auth = (ACCOUNT, "right")
    sid = caller.started()
    caller.session.auth = ("SK" + "0" * 32, "secret")
    assert caller.status(sid)
    twilio.knobs(api_key="SK" + "1" * 32)
    assert code(caller.request("GET", caller.calls + ".json")) == (401, 20003)


def test_an_account_sees_its_own_calls_only(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started()
    other = Caller(twilio.url, "AC" + "f" * 32)

    with other.session:
        assert other.sids() == []
        assert code(other.stop(sid)) == (404, 20404)
        other.account = ACCOUNT
        assert code(other.request("GET", other.calls + ".json")) == (404, 20404)


# Lists


def test_a_list_has_the_newest_first_and_pages(caller: Caller) -> None:
    sids = [caller.started() for _ in range(5)]

    first = caller.page(PageSize=2, To=ANYBODY)
    caller.started()  # on top: it moves nothing on the pages that follow
    second = caller.request("GET", first["next_page_uri"]).json()
    third = caller.request("GET", second["next_page_uri"]).json()

    pages = [first, second, third]
    assert [call["sid"] for page in pages for call in page["calls"]] == sids[::-1]
    assert [page["next_page_uri"] is None for page in pages] == [False, False, True]
    assert [(page["page"], page["start"], page["end"]) for page in pages] == [
        (0, 0, 1),
        (1, 2, 3),
        (2, 4, 4),
    ]


def test_a_page_follows_though_the_last_one_ended_with_a_call_that_is_filtered_out_by_now(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(ring_seconds=[600, 600])
    sids = [caller.started() for _ in range(4)]
    wait_until(lambda: len(caller.sids(Status="ringing")) == 4)
    first = caller.page(Status="ringing", PageSize=2)

    caller.stop(sids[2])
    second = caller.request("GET", first["next_page_uri"]).json()

    assert [call["sid"] for call in second["calls"]] == [sids[1], sids[0]]
    assert second["next_page_uri"] is None
    previous = caller.request("GET", second["previous_page_uri"]).json()
    assert [call["sid"] for call in previous["calls"]] == [sids[3], sids[1]]
    wrong = caller.request("GET", caller.calls + ".json?Page=1&PageToken=x")
    assert code(wrong) == (400, 20001)


def test_a_sip_address_is_shown_without_its_scheme(twilio: SandboxProcess, caller: Caller) -> None:
    address = "sip:room%201@example.com;transport=tls?x-row=7"
    bare = caller.started(address, From="reception")

    assert (caller.read(bare)["to"], caller.read(bare)["from"]) == (
        "room 1@example.com",
        "reception",
    )
    assert caller.sids(To="sip:room%201@example.com") == caller.sids(To=address) == [bare]
    twilio.knobs(sip_parameters=True)
    whole = caller.started(address, From="reception")
    assert caller.read(whole)["to"] == "room 1@example.com;transport=tls?x-row=7"
    assert caller.sids(To=address) == [whole, bare]


def test_a_list_can_be_filtered(twilio: SandboxProcess, caller: Caller) -> None:
    live, queued = caller.started(), caller.started(magic("80"), From="+12025550100")
    caller.wait(live, "in-progress")
    over = caller.started("+12025550144")
    caller.stop(over)

    assert caller.sids(Status="in-progress") == [live]
    assert caller.sids(Status="queued") == caller.sids(From="+12025550100") == [queued]
    assert caller.sids(To=ANYBODY) == [live]
    assert caller.sids(StartTime__after="2020-01-01") == [over, live]
    assert caller.sids(StartTime__before="2020-01-01") == []
    assert caller.sids(EndTime__after="2020-01-01T00:00:00Z") == []
    twilio.knobs(unfinished_end_time=True, queued_start_times=True)
    assert caller.sids(EndTime__after="2020-01-01T00:00:00Z") == [over]
    assert caller.sids(StartTime__after="2020-01-01") == [over, queued, live]
    assert code(caller.request("GET", caller.calls + ".json?PageSize=1001")) == (400, 20001)


def test_lists_and_reads_may_lag(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started()
    twilio.knobs(list_lag_seconds=[60, 60], read_lag_seconds=[60, 60])

    assert caller.sids() == []
    assert code(caller.request("GET", f"{caller.calls}/{sid}.json")) == (404, 20404)
    twilio.knobs(list_lag_seconds=[0, 0], read_lag_seconds=[0, 0])
    assert caller.sids() == [sid]


def test_a_later_read_may_show_an_earlier_state(twilio: SandboxProcess, caller: Caller) -> None:
    caller.sids()
    sid = twilio.add_call(ANYBODY, status="in-progress", age_seconds=3600)
    caller.stop(sid)
    twilio.knobs(read_lag_seconds=[0, 5], lag_share=0.5)
    seen: list[str] = []

    def goes_back() -> bool:
        seen.append(caller.status(sid))
        return "completed" in seen and seen[-1] != "completed"

    wait_until(goes_back)


# What goes wrong


def test_a_start_can_be_answered_with_any_code(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(start_code=21219)
    assert code(caller.start()) == (400, 21219)
    twilio.knobs(start_code_status=402)
    assert code(caller.start()) == (402, 21219)
    assert not twilio.events("accepted")

    twilio.knobs(start_code=21204, start_code_places=True, start_code_status=None)
    assert code(caller.start()) == (400, 21204)
    assert len(twilio.events("accepted")) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"To": None}, 21201),
        ({"To": "123"}, 21211),
        ({"To": "+15005550001"}, 21217),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
        ({"From": None}, 21213),
        ({"From": "+15005550001"}, 21212),
        ({"From": "x"}, 21212),
        ({"Twiml": None}, 21205),
        ({"Url": "nowhere"}, 21205),
        ({"Twiml": "x" * 4001}, 32018),
        ({"Timeout": 601}, 21208),
        ({"Timeout": "soon"}, 21208),
        ({"TimeLimit": 86401}, 20001),
        ({"SendDigits": "x"}, 21206),
        ({"MachineDetection": "yes"}, 21234),
        ({"StatusCallbackMethod": "PUT"}, 21209),
    ],
)
def test_what_is_wrong_with_a_start_is_refused_by_its_code(
    twilio: SandboxProcess, caller: Caller, fields: dict[str, object], expected: int
) -> None:
    to = str(fields.pop("To", ANYBODY) or "")

    assert code(caller.start(to, **fields)) == (400, expected)
    assert [event["event"] for event in twilio.journal()][:2] == ["start", "refused"]


def test_an_unknown_field_is_ignored_and_noted(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(Timelimit=60, TimeLimit=None)

    caller.post(sid, Status="completed", Twimi="x")

    assert twilio.call(sid)["time_limit_seconds"] is None
    assert twilio.events("start")[0]["unknown_fields"] == ["Timelimit"]
    assert twilio.events("stop")[0]["unknown_fields"] == ["Twimi"]


@pytest.mark.parametrize("share", ["busy", "no_answer", "failed"])
def test_a_share_of_the_callees_is_not_reached(
    twilio: SandboxProcess, caller: Caller, share: str
) -> None:
    twilio.knobs(**{f"{share}_share": 1.0})
    sid = caller.started(Timeout=1)

    assert caller.wait(sid, share.replace("_", "-"))["duration"] is None


def test_a_callee_may_ring_longer_than_the_timeout(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(ring_seconds=[30, 30], ring_slack_seconds=5, speed=20)
    unanswered, answered = caller.started(Timeout=10), caller.started(Timeout=45)

    caller.wait(unanswered, "no-answer")
    caller.wait(answered, "in-progress")

    [ended] = twilio.events("ended")
    assert (ended["by"], ended["connection_id"]) == ("timeout", unanswered)
    assert ended["length_seconds"] >= 15 / 20


def test_a_call_is_cancelled_that_has_waited_a_day(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(calls_per_second=0.001, queue_most_seconds=0.2)
    caller.started()
    sid = caller.started()

    assert caller.wait(sid, "canceled")["start_time"] is None
    assert twilio.call(sid)["ended_by"] == "api"


def test_a_new_pace_lets_the_queue_go(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(calls_per_second=0.001)
    sids = [caller.started() for _ in range(3)]

    twilio.knobs(calls_per_second=0)

    assert [event["connection_id"] for event in twilio.events("dialed")] == sids


def test_dialing_has_a_start_time_before_it_rings(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(dialing_seconds=600)

    call = caller.read(caller.started())

    assert call["status"] == "queued"
    assert call["start_time"]


def test_a_time_limit_may_count_from_the_dialing(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(time_limit_from="dial", ring_seconds=[30, 30])
    sid = caller.started(TimeLimit=1)

    assert caller.wait(sid, "no-answer")["duration"] is None
    assert twilio.call(sid)["ended_by"] == "time_limit"


def test_the_account_has_a_time_limit_of_its_own(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(account_time_limit_seconds=1)

    caller.wait(caller.started(TimeLimit=86400), "completed")
    caller.wait(caller.started(TimeLimit=None), "completed")


def test_a_stop_may_take_its_time(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(stop_takes_seconds=0.5, stop_shows="after")
    sid = caller.started()
    caller.wait(sid, "in-progress")

    assert caller.stop(sid).json()["status"] == "in-progress"

    caller.wait(sid, "completed")


def test_machines_are_told_after_the_end_only(twilio: SandboxProcess, caller: Caller) -> None:
    asked = caller.started(magic("40"), MachineDetection="DetectMessageEnd")
    enabled = caller.started(magic("40"), MachineDetection="Enable")
    unasked = caller.started(magic("40"))
    keys = caller.started(magic("40"), MachineDetection="Enable", SendDigits="1")
    fax, unknown = (caller.started(magic(n), MachineDetection="Enable") for n in ("42", "43"))
    every = (asked, enabled, unasked, keys, fax, unknown)
    for sid in every:
        assert caller.wait(sid, "in-progress")["answered_by"] is None

    for sid in every:
        caller.stop(sid)

    verdicts = [caller.read(sid)["answered_by"] for sid in every]
    assert verdicts == ["machine_end_beep", "machine_start", None, None, "fax", "unknown"]


def test_the_verdict_may_show_while_the_call_lives(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(verdict_while_live=True, machine_share=1.0)

    sid = caller.started(MachineDetection="Enable")

    assert caller.wait(sid, "in-progress")["answered_by"] == "machine_start"


def test_the_price_comes_late(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(price_after_seconds=3600)
    sid = caller.started(magic("10"))
    assert caller.wait(sid, "completed")["price"] is None

    twilio.knobs(price_after_seconds=0)

    assert caller.read(sid)["price"] == "-0.01400"


# The limit


def test_one_more_call_than_the_limit_is_refused(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(limit=1, retry_after="7")
    sid = caller.started()

    refused = caller.start()
    assert code(refused) == (429, 10004)
    assert refused.headers["Retry-After"] == "7"
    twilio.knobs(limit_status=400)
    assert code(caller.start()) == (400, 10004)
    caller.stop(sid)
    assert caller.start().status_code == 201


def test_the_limit_may_make_calls_fail_that_never_rang(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(limit=1, limit_answer="failed")
    caller.started()

    sid = caller.started("+12025550144")

    call = caller.wait(sid, "failed")
    assert call["start_time"] is None
    assert caller.codes(sid) == [10004]
    assert [event["phone_number"] for event in twilio.events("dialed")] == [ANYBODY]


def test_the_limit_may_be_of_those_who_talk(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(limit=1, limit_counts="dialed", ring_seconds=[600, 600])
    caller.started(magic("80"))
    assert caller.start().status_code == 201
    assert code(caller.start()) == (429, 10004)

    twilio.knobs(limit_counts="answered")

    assert caller.start().status_code == 201


@pytest.mark.parametrize(("ending", "refusal"), [("28", (429, 10004)), ("29", (429, 20429))])
def test_some_are_refused_twice(caller: Caller, ending: str, refusal: tuple[int, int]) -> None:
    refused = [caller.start(magic(ending)) for _ in range(2)]

    assert [code(answer) for answer in refused] == [refusal] * 2
    assert caller.start(magic(ending)).status_code == 201


def test_some_fail_twice_for_the_limit(caller: Caller) -> None:
    sids = [caller.started(magic("27")) for _ in range(3)]

    assert [caller.codes(sid) for sid in sids] == [[10004], [10004], []]
    caller.wait(sids[2], "in-progress")


# Too many requests


def test_a_share_of_all_requests_is_throttled(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started()
    twilio.knobs(throttle_share=1.0)

    answers = [caller.start(), caller.stop(sid), caller.request("GET", caller.calls + ".json")]

    assert [code(answer) for answer in answers] == [(429, 20429)] * 3
    assert not twilio.events("stop")
    assert len(twilio.events("accepted")) == 1


def test_too_many_requests_at_a_time_are_throttled(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(parallel_most=1, latency_seconds=600)
    form = {"To": ANYBODY, "From": CALLER, "Url": "https://calls.example.com/x"}
    with pytest.raises(requests.ReadTimeout):
        caller.request("POST", caller.calls + ".json", data=form, timeout=0.2)
    wait_until(lambda: bool(twilio.events("start")))

    assert code(caller.request("GET", caller.calls + ".json")) == (429, 20429)
    twilio.knobs(parallel_most=2)
    assert len(caller.sids()) == 1


# Answers that are lost, or lie


@pytest.mark.parametrize("fault", ["reset_after", "cut_body", "reset_before"])
def test_an_answer_can_be_lost(twilio: SandboxProcess, caller: Caller, fault: str) -> None:
    twilio.knobs(start_fault=fault, start_fault_count=1)

    with pytest.raises(requests.RequestException):
        caller.start()

    assert len(caller.sids(To=ANYBODY)) == (0 if fault == "reset_before" else 1)
    assert caller.start().status_code == 201


def test_an_answer_may_never_come(twilio: SandboxProcess, caller: Caller) -> None:
    with pytest.raises(requests.ReadTimeout):
        caller.request(
            "POST",
            caller.calls + ".json",
            data={"To": magic("99"), "From": CALLER, "Url": "https://calls.example.com/x"},
            timeout=0.5,
        )

    assert len(caller.sids(To=magic("99"))) == 1


def test_a_call_may_be_placed_after_everybody_has_given_up(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(place_after_seconds=1.0)
    form = {"To": ANYBODY, "From": CALLER, "Url": "https://calls.example.com/x"}

    with pytest.raises(requests.ReadTimeout):
        caller.request("POST", caller.calls + ".json", data=form, timeout=0.2)

    wait_until(lambda: len(caller.sids(To=ANYBODY)) == 1)
    [start], [placed] = twilio.events("start"), twilio.events("accepted")
    assert placed["at"] - start["at"] >= 1.0


@pytest.mark.parametrize(
    ("ending", "refusal", "placed"),
    [
        ("50", (500, 20500), 1),
        ("51", (500, 20500), 0),
        ("53", (503, 20503), 1),
        ("54", (400, 21204), 1),
        ("03", (403, 20403), 0),
        ("04", (400, 21211), 0),
    ],
)
def test_an_error_may_hide_a_call(
    caller: Caller, ending: str, refusal: tuple[int, int], placed: int
) -> None:
    assert code(caller.start(magic(ending))) == refusal
    assert len(caller.sids(To=magic(ending))) == placed


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("classic", "application/json"),
        ("no_code", "application/json"),
        ("problem", "application/problem+json"),
        ("empty", None),
        ("text", "text/plain; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
    ],
)
def test_an_error_has_the_shape_that_is_asked_for(
    twilio: SandboxProcess, caller: Caller, shape: str, kind: str | None
) -> None:
    twilio.knobs(error_body=shape, wire=False)

    answer = caller.start("nobody")

    assert (answer.status_code, answer.headers.get("Content-Type")) == (400, kind)
    body = answer.json() if kind and "json" in kind else {}
    assert body.get("code") == (21211 if shape in ("classic", "problem") else None)


@pytest.mark.parametrize("fault", ["502", "html", "redirect"])
def test_a_read_can_be_at_fault(twilio: SandboxProcess, caller: Caller, fault: str) -> None:
    twilio.knobs(read_fault=fault, read_fault_count=1, wire=False)

    answer = caller.request("GET", caller.calls + ".json")

    assert answer.status_code == {"502": 502, "html": 200, "redirect": 302}[fault]
    assert caller.sids() == []


def test_a_path_or_a_method_that_nobody_knows(twilio: SandboxProcess, caller: Caller) -> None:
    assert code(caller.request("GET", "/2010-04-01/Accounts.xml")) == (404, 20404)
    assert code(caller.request("PUT", caller.calls + ".json")) == (405, 20004)
    assert caller.request("GET", "/sandbox/nowhere").json() == {"message": "Not Found"}


# Stops and changes that fail


def test_the_first_stops_may_fail(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(magic("60"))

    assert [caller.stop(sid).status_code for _ in range(3)] == [500, 500, 200]
    assert [event["status"] for event in twilio.events("stop")] == [500, 500, 200]


@pytest.mark.parametrize(("ending", "refusal"), [("61", (404, 20404)), ("63", (400, 21220))])
def test_a_stop_may_be_refused_while_the_call_lives(
    twilio: SandboxProcess, caller: Caller, ending: str, refusal: tuple[int, int]
) -> None:
    sid = caller.started(magic(ending))
    assert code(caller.stop(sid)) == refusal
    assert caller.status(sid) in ("queued", "ringing", "in-progress")

    twilio.knobs(speed=100)
    wait_until(lambda: caller.stop(sid).status_code == 200)


def test_the_answer_to_a_stop_can_be_lost(caller: Caller) -> None:
    sid = caller.started(magic("62"))

    with pytest.raises(requests.ConnectionError):
        caller.stop(sid)

    assert caller.status(sid) in ("canceled", "completed")


def test_a_change_can_be_at_fault(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started(TimeLimit=900)
    twilio.knobs(change_fault="503", change_fault_count=1)

    assert code(caller.post(sid, TimeLimit=1800)) == (503, 20503)
    assert twilio.call(sid)["time_limit_seconds"] == 900
    assert caller.post(sid, TimeLimit=1800).status_code == 200
    assert twilio.call(sid)["time_limit_seconds"] == 1800
    assert code(caller.post(sid, TimeLimit="soon")) == (400, 20001)


def test_a_record_is_deleted_only_after_the_end(caller: Caller) -> None:
    sid = caller.started()
    path = f"{caller.calls}/{sid}.json"

    assert code(caller.request("DELETE", path)) == (409, 20009)
    caller.stop(sid)
    assert caller.request("DELETE", path).status_code == 204
    assert code(caller.request("GET", path)) == code(caller.request("DELETE", path)) == (404, 20404)
    assert caller.sids() == []


# Calls that are hard to see


def test_a_call_may_be_in_no_list_or_not_to_be_read_at_first(
    twilio: SandboxProcess, caller: Caller
) -> None:
    unlisted, unseen = caller.started(magic("95")), caller.started(magic("96"))

    assert caller.sids() == []
    assert caller.status(unlisted)
    assert code(caller.request("GET", f"{caller.calls}/{unseen}.json")) == (404, 20404)
    assert code(caller.stop(unseen)) == code(caller.post(unseen, TimeLimit=60)) == (404, 20404)
    wait_until(lambda: caller.sids() == [unseen])


def test_a_status_may_be_one_that_no_document_has(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(wire=False)
    sid = caller.started(magic("82"))

    assert caller.status(sid) == "parked"
    caller.stop(sid)
    assert caller.status(sid) in ("canceled", "completed")


def test_filters_may_mind_the_date_only(twilio: SandboxProcess, caller: Caller) -> None:
    sid = caller.started()
    caller.wait(sid, "in-progress")
    started = parsedate_to_datetime(caller.read(sid)["start_time"])
    midnight = started.replace(hour=23, minute=59, second=59).isoformat()
    assert caller.sids(StartTime__after=midnight) == []

    twilio.knobs(filters_times=False)

    assert caller.sids(StartTime__after=midnight) == caller.sids(StartTime=midnight) == [sid]
    wrong = caller.request("GET", caller.calls + ".json?StartTime=yesterday")
    assert code(wrong) == (400, 20001)


# Calls of somebody else


def test_a_foreign_call_can_be_put_in(twilio: SandboxProcess, caller: Caller) -> None:
    caller.sids()
    orphan = twilio.add_call("+12025550177", status="in-progress", age_seconds=90)
    inbound = twilio.add_call(ANYBODY, direction="inbound", status="in-progress")
    child = twilio.add_call(ANYBODY, direction="outbound-dial", parent_call_sid=orphan)
    elsewhere = twilio.add_call(ANYBODY, account_sid="AC" + "f" * 32)

    calls = {call["sid"]: call for call in caller.page()["calls"]}

    assert set(calls) == {orphan, inbound, child}
    assert (calls[orphan]["direction"], calls[orphan]["status"]) == ("outbound-api", "in-progress")
    assert calls[child]["parent_call_sid"] == orphan
    assert caller.sids(ParentCallSid=orphan) == [child]
    assert [event["connection_id"] for event in twilio.events("foreign")] == [
        *(orphan, inbound, child, elsewhere)
    ]
    assert not twilio.events("accepted", "dialed")
    caller.stop(orphan)
    assert caller.status(orphan) == "completed"
    assert twilio.events("ended")[0]["foreign"]


def test_what_happens_to_a_call_can_be_commanded(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(ring_seconds=[600, 600])
    answered, busy = caller.started(), caller.started()
    caller.wait(busy, "ringing")

    twilio.change_call(answered, "answer")
    assert caller.status(answered) == "in-progress"
    twilio.change_call(answered, "hang_up")
    twilio.change_call(busy, "busy")

    assert (caller.status(answered), caller.status(busy)) == ("completed", "busy")
    assert [event["by"] for event in twilio.events("ended")] == ["hangup", "control"]


# Test credentials


def test_test_credentials_ring_nobody_and_open_nothing_else(
    twilio: SandboxProcess, caller: Caller
) -> None:
    twilio.knobs(test_credentials=True)

    sid = caller.started()

    assert code(caller.start(From="+12025550100")) == (400, 21210)
    assert code(caller.request("GET", f"{caller.calls}/{sid}.json")) == (403, 20008)
    assert code(caller.stop(sid)) == (403, 20008)
    assert not twilio.events("accepted", "dialed")


def test_an_account_may_own_some_numbers_only(twilio: SandboxProcess, caller: Caller) -> None:
    twilio.knobs(callers=f"{CALLER},+12025550101")

    assert code(caller.start(From="+12025550100")) == (400, 21210)
    assert caller.start(From="+1 202 555 0101").status_code == 201


# The control


def test_what_happens_is_in_the_journal_in_its_order(
    twilio: SandboxProcess, caller: Caller
) -> None:
    sid = caller.started()
    caller.wait(sid, "in-progress")
    caller.stop(sid)

    of_call: list[dict[str, Any]] = twilio.events(
        *("start", "accepted", "dialed", "status", "stop", "ended")
    )
    assert [event["event"] for event in of_call] == [
        *("start", "accepted", "dialed", "status", "status", "stop", "status", "ended")
    ]
    assert {event["phone_number"] for event in of_call} == {ANYBODY}
    assert twilio.events("request")[0]["status"] == 201


def test_a_reset_forgets_all(twilio: SandboxProcess, caller: Caller) -> None:
    caller.started()
    twilio.knobs(calls_per_second=0.001)
    caller.started()

    twilio.reset()

    assert twilio.journal() == []
    assert twilio.live() == {"live": 0, "limit": 50, "peak": 0, "connections": []}
    assert caller.sids() == []
    assert twilio.knobs()["calls_per_second"] == 0


def test_it_says_what_it_is(twilio: SandboxProcess) -> None:
    about = requests.get(twilio.url + "/sandbox", timeout=20).json()

    assert (about["sandbox"], about["provider"]) == (True, "twilio")
    wrong = requests.post(twilio.url + "/sandbox/knobs", json={"sped": 2}, timeout=20)
    assert wrong.status_code == 400


PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "sandbox-twilio.md").read_text("utf-8")


def test_every_knob_is_documented() -> None:
    assert [name for name in Knobs.model_fields if f"`{name}`" not in PAGE] == []


def test_every_magic_number_is_documented() -> None:
    section = PAGE.split("## Magic numbers")[1].split("Every other number")[0]
    rows = re.findall(r"^\| ([0-9 ]+) \|", section, re.MULTILINE)
    listed = re.findall(r"^    ([0-9]{2}) ", magic_numbers.__doc__ or "", re.MULTILINE)

    assert " ".join(rows).split() == listed


def test_every_event_is_documented(twilio: SandboxProcess, caller: Caller) -> None:
    twiml = '<Response><Gather/><Pause length="3600"/></Response>'
    elsewhere = "https://calls.example.com/x"
    sid = caller.started(Record="true", StatusCallback=elsewhere, Twiml=twiml)
    caller.wait(sid, "in-progress")
    wait_until(lambda: twilio.events("pressed"))
    caller.post(sid, TimeLimit=600)
    caller.stop(sid)
    listed = caller.request("GET", f"{caller.calls}/{sid}/Recordings.json").json()
    caller.request("DELETE", listed["recordings"][0]["uri"].replace(f"/Calls/{sid}", ""))
    caller.request("DELETE", f"{caller.calls}/{sid}.json")
    caller.start("nobody")
    twilio.add_call(ANYBODY)

    section = PAGE.split("## The journal")[1]
    documented = {name for row in _first_cells(section) for name in re.findall(r"`(\w+)`", row)}
    assert {event["event"] for event in twilio.journal()} == documented


def _first_cells(section: str) -> list[str]:
    table = section.split("\n\n")[1]
    return [line.split("|")[1] for line in table.splitlines()[2:]]


# The commands


def test_the_command_starts_the_sandbox_that_is_named(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "scheduler.cli", "sandbox", "--provider", "twilio"]
    words += ["--port", "0", "--limit", "1", "--hangup-after", "1s..2s"]
    environment = {**os.environ, "CALLSCHED_STATE_DIR": str(tmp_path)}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    with process:
        assert process.stdout
        caller = Caller(process.stdout.readline().strip())
        with caller.session:
            assert caller.start().status_code == 201
            assert code(caller.start()) == (429, 10004)
            knobs = requests.get(caller.url + "/sandbox/knobs", timeout=20).json()
        process.terminate()
    assert knobs["hangup_after_seconds"] == [1.0, 2.0]


def test_a_sandbox_that_nobody_knows_is_a_usage_error(tmp_path: Path) -> None:
    with Site(tmp_path, "") as site:
        command = site.call("sandbox", "--provider", "nobody")

    assert command.process.returncode == 2
    assert "symbl or twilio" in " ".join(command.err.split())
