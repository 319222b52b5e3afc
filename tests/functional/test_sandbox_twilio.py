"""Twilio's sandbox, as its documents say that the API behaves."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from tests.sandbox_process import SandboxProcess, magic
from tests.twilio_caller import ACCOUNT, ANYBODY, CALLER, Caller, code
from tests.waiting import wait_until


@pytest.fixture
def caller(twilio: SandboxProcess) -> Iterator[Caller]:
    caller = Caller(twilio.url)
    with caller.session:
        yield caller


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
    assert (call["status"], call["duration"]) == ("completed", "0")
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

    assert call["duration"] in ("60", "61", "62")
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
    assert 99_000 < times[1] <= 100_000 < times[2] <= 200_000
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

    assert caller.wait(sid, "completed")["duration"] == "1"
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
    assert not twilio.events("accepted")

    twilio.knobs(start_code=21204, start_code_places=True)
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
