"""The client of Twilio against its sandbox; what Twilio has published judges all that it sends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    AtLimit,
    CallerIdFault,
    MaybeDone,
    NoSuchConnection,
    ProviderError,
    Refused,
    Throttled,
)
from scheduler.models import Connection
from scheduler.providers import CallReport, Outcome, Stage, StartOrder, gain
from scheduler.providers.twilio import Twilio, TwilioCredentials
from scheduler.providers.twilio.call_report import bare
from scheduler.script import Hangup, Pause, Play, Record, Say, Transfer
from tests.sandbox_process import SandboxProcess, magic
from tests.waiting import wait_until
from tests.witnesses import openapi, twiml

ACCOUNT = "AC" + "0123456789abcdef" * 2
NOBODYS = "CA" + "0" * 32
TO, FROM = "+12025550143", "+15005550006"
SIP = "sip:room7@sip.example.com"
ORDER = StartOrder(
    TO,
    session_name="autumn:7:1",
    caller_id=FROM,
    script=(Say("Hello."), Pause(600)),
    max_duration_seconds=900,
)


@pytest.fixture
def account(twilio: SandboxProcess) -> Iterator[Twilio]:
    """An account at the sandbox; at the end all that it sent is judged."""
    twilio.knobs(wire=True)
    opened = open_account(twilio.url)
    yield opened
    opened.close()
    if twilio.events("wire"):
        assert openapi.judge_journal(twilio.journal()) == []
    assert twiml.judge_journal(twilio.journal()) == []


def open_account(url: str, **given: object) -> Twilio:
    known = {"base_url": url, "account_sid": ACCOUNT, "auth_token": "token"}
    return Twilio(TwilioCredentials.model_validate(known | given))


def go() -> None:
    """Leave at once."""


def started(account: Twilio, number: str = TO, **changed: object) -> str:
    order = replace(ORDER, phone_number=number, **changed)  # type: ignore[arg-type]
    return account.start(order, go).connection_id


def in_stage(account: Twilio, connection_id: str, stage: Stage) -> CallReport:
    """The first report that shows the call there."""
    wait_until(lambda: account.look(connection_id).stage is stage, within_seconds=20)
    return account.look(connection_id)


# Starts


def test_a_start_is_taken_with_all_that_was_sent(twilio: SandboxProcess, account: Twilio) -> None:
    connection = account.start(replace(ORDER, ring_seconds=45, dtmf="1,2#"), go)

    assert connection == Connection(connection.connection_id)
    assert connection.connection_id.startswith("CA")
    (sent,) = [event for event in twilio.events("wire") if event["method"] == "POST"]
    for field in ("TimeLimit=915", "Timeout=45", "SendDigits=1w2%23", "From=%2B15005550006"):
        assert field in sent["body"].split("&")


SENT: dict[str, StartOrder] = {
    "a script of every step": replace(
        ORDER,
        script=(
            Say("Caf\u00e9 & more", voice="Polly.Joanna", language="en-US"),
            Play("https://e.example/a.mp3?a=1&b=2"),
            Pause(1.5),
            Record(30),
            Transfer("+12025550144"),
            Hangup(),
        ),
    ),
    "one that rings for long": replace(ORDER, ring_seconds=600, max_duration_seconds=14_385),
    "a SIP address": replace(
        ORDER,
        phone_number="",
        sip_uri=f"{SIP};transport=tls",
        options={"sip_username": "me", "sip_password": "word"},
    ),
    "key presses": replace(ORDER, dtmf="0123456789*#,,"),
    "detection": replace(ORDER, options={"machine_detection": "DetectMessageEnd"}),
    "a recording": replace(ORDER, record=True),
    "TwiML of one's own": replace(
        ORDER, script=(), options={"twiml": "<Response><Hangup/></Response>"}
    ),
    "TwiML from elsewhere": replace(ORDER, script=(), options={"url": "https://e.example/1"}),
}


@pytest.mark.parametrize("order", SENT.values(), ids=SENT)
def test_every_start_is_as_their_description_has_it(account: Twilio, order: StartOrder) -> None:
    account.start(order, go)  # and the fixture judges it


def test_how_long_a_start_waits_in_the_queue_is_read(
    twilio: SandboxProcess, account: Twilio
) -> None:
    twilio.knobs(calls_per_second=1)

    waits = [account.start(ORDER, go).queue_seconds for _ in range(3)]

    assert waits == sorted(waits)
    assert 0.5 < waits[2] < 3


REFUSED_CALLEES = ("+15005550001", "+15005550002", "+15005550003", "+15005550004")


@pytest.mark.parametrize("number", REFUSED_CALLEES)
def test_the_numbers_of_their_test_credentials_are_refused(account: Twilio, number: str) -> None:
    with pytest.raises(Refused):
        started(account, number)


def test_a_number_that_may_not_be_called_from_is_named(account: Twilio) -> None:
    with pytest.raises(CallerIdFault) as raised:
        started(account, caller_id="+15005550001")

    assert raised.value.caller_id == "+15005550001"


@pytest.mark.parametrize("status", [400, 403, 429])
def test_the_limit_is_one_of_calls_whatever_status_says_it(
    twilio: SandboxProcess, account: Twilio, status: int
) -> None:
    twilio.knobs(limit=1, limit_status=status)
    started(account)

    with pytest.raises(AtLimit):
        started(account)


def test_too_many_requests_are_not_too_many_calls(twilio: SandboxProcess, account: Twilio) -> None:
    twilio.knobs(throttle_share=1)

    for ask in (lambda: started(account), account.open_calls, lambda: account.stop(NOBODYS)):
        with pytest.raises(Throttled):
            ask()


ERROR_BODIES = ("classic", "problem", "no_code", "empty", "text", "html")


@pytest.mark.parametrize("shape", ERROR_BODIES)
@pytest.mark.parametrize(
    ("code", "kind"), [(20500, MaybeDone), (20003, AccountFault), (20429, Throttled)]
)
def test_what_matters_is_read_whatever_shape_an_error_has(
    twilio: SandboxProcess, account: Twilio, shape: str, code: int, kind: type[ProviderError]
) -> None:
    twilio.knobs(start_code=code, error_body=shape, wire=False)

    with pytest.raises(kind):
        started(account)


@pytest.mark.parametrize("ending", ["20", "50", "51", "53", "54"])
def test_a_start_whose_answer_says_nothing_certain_may_ring(account: Twilio, ending: str) -> None:
    with pytest.raises(MaybeDone):
        started(account, magic(ending))


def test_a_wrong_token_or_key_is_a_fault_of_the_account(twilio: SandboxProcess) -> None:
    key = {"api_key": "SK" + "0" * 32, "api_secret": "secret"}
    twilio.knobs(auth_token="right", api_secret="secret")

    account = open_account(twilio.url)
    with pytest.raises(AccountFault):
        account.open_calls()
    account.close()
    with_key = open_account(twilio.url, **key)
    assert with_key.open_calls() == []
    with_key.close()


# Stops


def test_a_live_call_is_stopped_and_its_end_is_read(account: Twilio) -> None:
    sid = started(account)
    in_stage(account, sid, Stage.ANSWERED)

    report = account.stop(sid).report

    assert report is not None
    assert (report.connection_id, report.outcome) == (sid, Outcome.COMPLETED)
    assert report.duration_seconds is not None
    assert account.open_calls() == []


@pytest.mark.parametrize("final", ["canceled", "completed", "no-answer"])
def test_a_ringing_call_is_stopped_whatever_its_end_is_called(
    twilio: SandboxProcess, account: Twilio, final: str
) -> None:
    twilio.knobs(ring_seconds=(60, 60), stopped_ringing=final)
    sid = started(account)
    in_stage(account, sid, Stage.RINGING)

    report = account.stop(sid).report

    assert report is not None
    assert report.outcome == final.replace("-", "_")


def test_a_call_is_taken_back_from_the_queue_without_having_rung(account: Twilio) -> None:
    sid = started(account, magic("80"))
    assert account.look(sid).stage is Stage.QUEUED

    report = account.stop(sid).report

    assert report is not None
    assert (report.outcome, report.started_at) == (Outcome.CANCELED, None)


@pytest.mark.parametrize("answered", [200, 400])
def test_a_call_that_is_over_is_confirmed_by_what_was_read(
    twilio: SandboxProcess, account: Twilio, answered: int
) -> None:
    twilio.knobs(stop_ended=answered)
    sid = started(account, magic("70"))
    in_stage(account, sid, Stage.OVER)

    report = account.stop(sid).report

    assert report is not None
    assert report.outcome is Outcome.BUSY


@pytest.mark.parametrize("ending", ["61", "63"])
def test_a_stop_that_was_not_done_is_not_confirmed(
    twilio: SandboxProcess, account: Twilio, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.providers.twilio.client.STOP_SECONDS", 1.0)
    twilio.knobs(wire=False)
    sid = started(account, magic(ending))

    with pytest.raises(MaybeDone):
        account.stop(sid)

    assert account.look(sid).stage is not Stage.OVER


def test_reads_that_lag_keep_a_stop_waiting_and_no_longer_than_its_time(
    twilio: SandboxProcess, account: Twilio
) -> None:
    sid = started(account)
    in_stage(account, sid, Stage.ANSWERED)
    twilio.knobs(read_lag_seconds=(1.0, 1.0))
    began = since_boot()

    report = account.stop(sid).report

    assert report is not None
    assert report.outcome is Outcome.COMPLETED
    assert since_boot() - began < 10


def test_whom_a_call_was_transferred_to_is_not_left_on_the_line(
    twilio: SandboxProcess, account: Twilio
) -> None:
    twilio.knobs(children_outlive_parents=True)
    sid = started(account, script=(Transfer("+12025550144"),))
    wait_until(lambda: len(account.open_calls()) == 2, within_seconds=20)
    child = next(each for each in account.open_calls() if not each.is_ours)
    assert child.connection_id != sid

    account.stop(sid)

    assert account.open_calls() == []
    assert account.look(child.connection_id).stage is Stage.OVER


# Their own time limit


def test_they_end_a_call_at_its_limit_and_the_limit_can_be_moved(
    twilio: SandboxProcess, account: Twilio
) -> None:
    twilio.knobs(speed=100)
    short, long = (started(account, max_duration_seconds=30) for _ in range(2))
    in_stage(account, long, Stage.ANSWERED)

    account.prolong(long, 900)

    report = in_stage(account, short, Stage.OVER)
    assert report.duration_seconds == pytest.approx(60, abs=2)
    assert account.look(long).stage is Stage.ANSWERED
    with pytest.raises(Refused):
        account.prolong(short, 900)


# Readings


def test_a_call_goes_through_its_stages(twilio: SandboxProcess, account: Twilio) -> None:
    twilio.knobs(price_after_seconds=0)
    sid = started(account, magic("10"))

    report = in_stage(account, sid, Stage.OVER)

    assert report.outcome is Outcome.COMPLETED
    assert report.is_ours
    assert (report.address, report.caller_id) == (magic("10"), FROM)
    assert report.price.endswith(" USD")
    assert report.read_at is not None
    for instant in (report.created_at, report.started_at, report.ended_at):
        assert instant is not None
        assert abs(instant - report.read_at) < 30


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        ("70", Outcome.BUSY),
        ("72", Outcome.FAILED),
        ("78", Outcome.NO_ANSWER),
        ("81", Outcome.CANCELED),
    ],
)
def test_every_way_to_end_is_read(account: Twilio, ending: str, outcome: Outcome) -> None:
    sid = started(account, magic(ending))

    assert in_stage(account, sid, Stage.OVER).outcome is outcome


def test_a_status_that_nobody_knows_is_alive(twilio: SandboxProcess, account: Twilio) -> None:
    twilio.knobs(wire=False)
    sid = started(account, magic("82"))

    assert in_stage(account, sid, Stage.ALIVE).outcome is None


@pytest.mark.parametrize(
    ("ending", "heard"), [("40", "machine"), ("41", "human"), ("42", "fax"), ("43", "unknown")]
)
def test_who_answered_is_told_once_the_call_is_over(
    account: Twilio, ending: str, heard: str
) -> None:
    sid = started(account, magic(ending), options={"machine_detection": "Enable"})
    in_stage(account, sid, Stage.ANSWERED)

    report = account.stop(sid).report

    assert report is not None
    assert report.answered_by == heard


def test_nobody_has_listened_where_it_was_not_asked_for(account: Twilio) -> None:
    sid = started(account, magic("40"))
    in_stage(account, sid, Stage.ANSWERED)

    report = account.stop(sid).report

    assert report is not None
    assert report.answered_by == ""


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("72", ProviderError),
        ("73", Refused),
        ("74", Refused),
        ("75", Refused),
        ("76", Refused),
        ("77", Refused),
    ],
)
def test_why_a_call_failed(account: Twilio, ending: str, kind: type[ProviderError]) -> None:
    sid = started(account, magic(ending))
    in_stage(account, sid, Stage.OVER)

    assert type(account.why_failed(sid)) is kind


def test_a_call_that_failed_at_the_limit_did_not_ring(
    twilio: SandboxProcess, account: Twilio
) -> None:
    sid = started(account, magic("27"))
    assert in_stage(account, sid, Stage.OVER).outcome is Outcome.FAILED

    assert type(account.why_failed(sid)) is AtLimit
    twilio.knobs(notification_after_seconds=60)
    later = started(account, magic("73"))
    in_stage(account, later, Stage.OVER)
    assert account.why_failed(later) is None


def test_a_call_that_the_account_does_not_have_is_no_connection(account: Twilio) -> None:
    for ask in (account.look, account.why_failed, lambda sid: account.prolong(sid, 60)):
        with pytest.raises(NoSuchConnection):
            ask(NOBODYS)


def test_every_open_call_is_listed_on_however_many_pages(
    twilio: SandboxProcess, account: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.providers.twilio.pages.PAGE", 2)
    started_all = {started(account) for _ in range(5)}

    assert {each.connection_id for each in account.open_calls()} == started_all


def test_what_has_ended_is_listed(account: Twilio) -> None:
    sid, live = started(account, magic("10")), started(account)
    in_stage(account, sid, Stage.OVER)

    listed = [each.connection_id for each in account.ended_calls(time.time() - 30)]

    assert listed == [sid]
    assert live not in listed


@pytest.mark.parametrize("filters_times", [True, False])
@pytest.mark.parametrize("ahead", [0.0, -50.0, 50.0])
def test_a_start_whose_answer_was_lost_is_found(
    twilio: SandboxProcess, account: Twilio, ahead: float, *, filters_times: bool
) -> None:
    twilio.knobs(clock_ahead_seconds=ahead, filters_times=filters_times)
    since = time.time() - 2
    started(account, "+12025550144")
    with pytest.raises(MaybeDone):
        started(account, magic("20"))
    with pytest.raises(MaybeDone):
        started(account, magic("50"))

    (lost,) = account.calls_to(magic("20"), since)
    (placed,) = account.calls_to(magic("50"), since)

    assert lost.is_ours
    assert (lost.address, lost.caller_id) == (magic("20"), FROM)
    assert placed.connection_id != lost.connection_id
    assert account.calls_to("+12025550145", since) == []


def test_the_time_there_is_asked_for_by_one_harmless_request(
    twilio: SandboxProcess, account: Twilio
) -> None:
    earlier = account.ask_time(5.0)
    twilio.knobs(clock_ahead_seconds=600.0)
    later = account.ask_time(5.0)

    assert earlier is not None
    assert later is not None
    found = gain(earlier, later)
    assert found is not None
    assert found.least <= 600.0 <= found.most
    assert account.shown_time == later
    assert [event["method"] for event in twilio.events("wire")] == ["GET", "GET"]


def test_a_call_in_the_queue_is_found_and_one_that_is_over(account: Twilio) -> None:
    since = time.time() - 2
    queued, busy = started(account, magic("80")), started(account, magic("70"))
    in_stage(account, busy, Stage.OVER)

    assert [each.connection_id for each in account.calls_to(magic("80"), since)] == [queued]
    assert [each.connection_id for each in account.calls_to(magic("70"), since)] == [busy]


@pytest.mark.parametrize(
    "address", [SIP, f"{SIP}:5061;transport=tls", "sips:room7@sip.example.com"]
)
def test_a_call_to_a_sip_address_is_found_as_the_order_wrote_it(
    account: Twilio, address: str
) -> None:
    sid = account.start(replace(ORDER, phone_number="", sip_uri=address), go).connection_id

    (found,) = account.calls_to(address, time.time() - 2)

    assert (found.connection_id, found.address) == (sid, address)
    (listed,) = account.open_calls()
    assert bare(listed.address) == bare(address)


ASK: dict[str, Callable[[Twilio], object]] = {
    "open": lambda account: account.open_calls(),
    "ended": lambda account: account.ended_calls(time.time()),
    "to": lambda account: account.calls_to(TO, time.time()),
}


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
@pytest.mark.parametrize("fault", ["500", "reset_before"])
def test_a_list_that_can_t_be_read_is_not_an_empty_one(
    twilio: SandboxProcess, account: Twilio, ask: Callable[[Twilio], object], fault: str
) -> None:
    twilio.knobs(read_fault=fault)

    with pytest.raises(MaybeDone):
        ask(account)
