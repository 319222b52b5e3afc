"""What the client of Twilio sends, and what it makes of each answer, on the wire."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    AtLimit,
    CallerIdFault,
    Forged,
    MaybeDone,
    NoSuchConnection,
    NotDone,
    NotSent,
    ProviderError,
    Refused,
    ScriptError,
    Throttled,
    Unreadable,
)
from scheduler.models import Attempt, Connection
from scheduler.providers import (
    Callback,
    CallbackPlace,
    CallReport,
    Heard,
    Outcome,
    Stage,
    StartOrder,
    Topic,
)
from scheduler.providers.twilio import client
from scheduler.providers.twilio.client import Twilio
from scheduler.providers.twilio.credentials import TwilioCredentials
from scheduler.script import Gather, Say, Transfer
from tests.wire import Peer, Request, Talk, http
from tests.witnesses.openapi import Exchange
from tests.witnesses.openapi import request_problems as problems
from tests.witnesses.twiml import problems as twiml_problems

ACCOUNT = "AC" + "0" * 32
KEY = "SK" + "1" * 32
TO, FROM = "+12025550143", "+15005550006"
SID = "CA" + "a" * 32
CHILD = "CA" + "c" * 32
CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
CALL = CALLS.replace("Calls", f"Calls/{SID}")
PLACE = CallbackPlace("https://calls.example.com", "main", Attempt("c", 1, 1))
ORDER = StartOrder(
    TO, session_name="c:1:1", caller_id=FROM, script=(Say("Hi"),), max_duration_seconds=900
)
DATE = "Fri, 27 Nov 2026 10:05:06 GMT"
AT = 1795773906.0
NO_SUCH = http(404, {"code": 20404, "message": "not found", "status": 404})


def call(status: str, sid: str = SID, **changed: object) -> dict[str, Any]:
    known = {
        "sid": sid,
        "status": status,
        "to": TO,
        "from": FROM,
        "direction": "outbound-api",
        "parent_call_sid": None,
        "date_created": "Fri, 27 Nov 2026 10:05:00 +0000",
    }
    return known | changed


def read(status: str, sid: str = SID, **changed: object) -> bytes:
    return http(200, call(status, sid, **changed), Date=DATE)


def listed(*calls: dict[str, Any], next_page_uri: str | None = None) -> bytes:
    return http(200, {"calls": list(calls), "next_page_uri": next_page_uri}, Date=DATE)


def error(status: int, code: int) -> bytes:
    return http(status, {"code": code, "message": "as told", "status": status})


def go() -> None:
    """Leave at once."""


class Desk(Peer):
    """Answers each request as its rules say: the last answer of each again and again.

    A rule is the method and a path, or "list" for a list, with the answers.
    """

    def __init__(self, **rules: list[bytes]) -> None:
        self._rules = rules
        self._asking = threading.Lock()
        self.requests: list[Request] = []
        super().__init__(self._serve)

    def _serve(self, talk: Talk) -> None:
        while (request := talk.request()) is not None:
            with self._asking:
                self.requests.append(request)
                answers = self._rules[self._rule(request)]
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
            talk.send(answer)

    def _rule(self, request: Request) -> str:
        path = request.path.partition("?")[0]
        if path == CALLS:
            if request.method == "POST":
                return "start"
            children = "ParentCallSid" in request.path and "children" in self._rules
            return "children" if children else "list"
        if path.endswith("/Notifications.json"):
            return "notifications"
        of_child = "child_" if CHILD in path else ""
        return of_child + ("change" if request.method == "POST" else "look")

    @property
    def asked(self) -> list[str]:
        """What was asked, in order, by the names of the rules."""
        return [self._rule(request) for request in self.requests]


Open = Callable[..., Twilio]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens accounts, and closes their connections of this thread at the end."""
    accounts: list[Twilio] = []

    def open_account(url: str, **given: object) -> Twilio:
        known = {"base_url": url, "account_sid": ACCOUNT, "auth_token": "token"}
        accounts.append(Twilio(TwilioCredentials.model_validate(known | given)))
        return accounts[-1]

    yield open_account
    for account in accounts:
        account.close()


# Starts


def test_a_start_is_one_form_with_the_account_s_login(opened: Open) -> None:
    with Desk(start=[http(201, call("queued", queue_time="2500"))]) as desk:
        connection = opened(desk.url).start(ORDER, go)

    assert connection == Connection(SID, queue_seconds=2.5)
    (request,) = desk.requests
    assert (request.method, request.path) == ("POST", CALLS)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    login = base64.b64encode(f"{ACCOUNT}:token".encode()).decode()
    assert request.headers["authorization"] == f"Basic {login}"
    assert request.form == [
        ("To", TO),
        ("From", FROM),
        ("Twiml", "<Response><Say>Hi</Say></Response>"),
        ("TimeLimit", "915"),
        ("Timeout", "30"),
    ]


def test_a_key_goes_out_instead_of_the_token(opened: Open) -> None:
    with Desk(start=[http(201, call("queued"))]) as desk:
        opened(desk.url, api_key=KEY, api_secret="secret").start(ORDER, go)

    login = base64.b64encode(f"{KEY}:secret".encode()).decode()
    assert desk.requests[0].headers["authorization"] == f"Basic {login}"
    assert desk.requests[0].path == CALLS


def test_what_is_held_back_is_not_sent(opened: Open) -> None:
    def hold() -> None:
        raise NotSent("too late")

    with Desk(start=[http(201, call("queued"))]) as desk:
        account = opened(desk.url)
        with pytest.raises(NotSent):
            account.start(ORDER, hold)
        assert desk.requests == []


def test_what_can_t_be_a_start_is_refused_without_a_request(opened: Open) -> None:
    with Desk() as desk:
        with pytest.raises(Refused, match="nothing says what the call is to do"):
            opened(desk.url).start(StartOrder(TO, session_name="c:1:1", caller_id=FROM), go)
        assert desk.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, 21211), Refused),
        (error(400, 10004), AtLimit),
        (error(429, 20429), Throttled),
        (error(401, 20003), AccountFault),
        (error(400, 21210), CallerIdFault),
        (error(500, 20500), MaybeDone),
        (error(503, 10004), MaybeDone),
        (http(200, b"<html>"), AccountFault),
        (http(301, b"", Location="https://e/"), AccountFault),
        (http(201, call("queued"))[:-5], MaybeDone),
        (b"", MaybeDone),
    ],
)
def test_a_start_is_sent_once_whatever_is_answered(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    def answer_once(talk: Talk) -> None:
        if talk.request() is not None:
            talk.send(answer)

    with Peer(answer_once) as peer:
        with pytest.raises(ProviderError) as raised:
            opened(peer.url).start(ORDER, go)
        assert type(raised.value) is kind
        assert peer.received.count(b"POST ") == 1


def test_a_caller_id_that_is_refused_is_named(opened: Open) -> None:
    with Desk(start=[error(400, 21212)]) as desk, pytest.raises(CallerIdFault) as raised:
        opened(desk.url).start(ORDER, go)

    assert raised.value.caller_id == FROM


def test_nobody_there_is_not_reached(opened: Open) -> None:
    with Peer(Talk.close) as peer:
        url = peer.url
    with pytest.raises(NotDone) as raised:
        opened(url).start(ORDER, go)

    assert not raised.value.reached


def test_an_account_has_no_token_to_fetch(opened: Open) -> None:
    with Desk() as desk:
        opened(desk.url).authorize(900)
        assert desk.requests == []


def test_the_fingerprint_changes_with_address_and_credentials(opened: Open) -> None:
    with_key = {"api_key": KEY, "api_secret": "secret"}
    accounts = [
        opened("http://127.0.0.1:1"),
        opened("http://127.0.0.1:2"),
        opened("http://127.0.0.1:1", auth_token="other"),
        opened("http://127.0.0.1:1", account_sid="AC" + "1" * 32),
        opened("http://127.0.0.1:1", **with_key),
    ]

    assert len({account.fingerprint for account in accounts}) == len(accounts)
    assert accounts[0].fingerprint == opened("http://127.0.0.1:1").fingerprint
    again = opened("http://127.0.0.1:1", **with_key, auth_token="of callbacks alone")
    assert accounts[4].fingerprint == again.fingerprint


# Stops


def test_a_stop_is_confirmed_by_a_final_status_that_was_read(opened: Open) -> None:
    rules = {"change": [read("in-progress")], "look": [read("completed")], "list": [listed()]}
    with Desk(**rules) as desk:
        stopped = opened(desk.url).stop(SID)

    assert stopped.report is not None
    assert (stopped.report.stage, stopped.report.outcome) == (Stage.OVER, Outcome.COMPLETED)
    assert desk.asked == ["change", "look", "list"]
    assert desk.requests[0].path == CALL
    assert desk.requests[0].form == [("Status", "completed")]


def test_what_the_stop_itself_answers_confirms_nothing(opened: Open) -> None:
    rules = {
        "change": [read("completed")],
        "look": [read("in-progress"), NO_SUCH, read("completed")],
        "list": [listed()],
    }
    with Desk(**rules) as desk:
        opened(desk.url).stop(SID)

    assert desk.asked == ["change", "look", "look", "look", "list"]


@pytest.mark.parametrize("status", ["canceled", "busy", "no-answer", "failed"])
def test_a_call_that_nobody_answered_was_transferred_to_nobody(opened: Open, status: str) -> None:
    with Desk(change=[read("ringing")], look=[read(status)]) as desk:
        stopped = opened(desk.url).stop(SID)

    assert stopped.report is not None
    assert stopped.report.outcome is not None
    assert desk.asked == ["change", "look"]


def test_one_that_is_over_already_is_confirmed_whatever_the_stop_was_answered(
    opened: Open,
) -> None:
    with Desk(change=[error(400, 21220)], look=[read("busy")]) as desk:
        stopped = opened(desk.url).stop(SID)

    assert stopped.report is not None
    assert stopped.report.outcome is Outcome.BUSY


def test_a_call_that_lives_on_is_stopped_again_and_in_bounded_time(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STOP_SECONDS", 0.8)
    began = since_boot()

    with Desk(change=[error(400, 21220)], look=[read("in-progress")]) as desk:
        with pytest.raises(MaybeDone, match=r"not confirmed: 400 error 21220:"):
            opened(desk.url).stop(SID)
        assert desk.asked == ["change", "look", "look"]
    assert since_boot() - began < 5


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NO_SUCH, MaybeDone),
        (http(404, b"<html>"), MaybeDone),
        (error(410, 20404), MaybeDone),
        (error(429, 20429), Throttled),
        (error(500, 20500), MaybeDone),
        (error(401, 20003), AccountFault),
        (error(403, 20403), AccountFault),
    ],
)
def test_other_answers_to_a_stop_have_it_sent_again(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Desk(change=[answer]) as desk:
        with pytest.raises(ProviderError) as raised:
            opened(desk.url).stop(SID)
        assert desk.asked == ["change"]

    assert type(raised.value) is kind


def test_an_api_that_hangs_keeps_a_stop_for_so_long_and_no_longer(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STOP_SECONDS", 0.3)

    with Peer(Talk.hang) as peer, pytest.raises(MaybeDone, match="no complete answer"):
        opened(peer.url).stop(SID)


def test_whom_a_call_was_transferred_to_is_stopped_with_it(opened: Open) -> None:
    child = call("in-progress", CHILD, direction="outbound-dial", parent_call_sid=SID)
    rules = {
        "change": [read("in-progress")],
        "look": [read("completed")],
        "children": [listed(child, call("completed", "CA" + "d" * 32, parent_call_sid=SID))],
        "child_change": [read("completed", CHILD)],
        "child_look": [read("completed", CHILD)],
    }
    with Desk(**rules) as desk:
        stopped = opened(desk.url).stop(SID)

    assert stopped.report is not None
    assert stopped.report.connection_id == SID
    assert desk.asked == ["change", "look", "children", "child_change", "child_look"]
    assert desk.requests[2].query == {"ParentCallSid": SID, "PageSize": "1000"}


def test_a_stop_is_not_confirmed_while_a_transfer_of_it_lives(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STOP_SECONDS", 0.4)
    rules = {
        "change": [read("in-progress")],
        "look": [read("completed")],
        "children": [listed(call("in-progress", CHILD, parent_call_sid=SID))],
        "child_change": [read("in-progress", CHILD)],
        "child_look": [read("in-progress", CHILD)],
    }
    with Desk(**rules) as desk, pytest.raises(MaybeDone, match="not seen to be over"):
        opened(desk.url).stop(SID)


# The time limit


def test_a_limit_is_moved_to_a_little_after_the_new_deadline(opened: Open) -> None:
    with Desk(change=[read("in-progress")]) as desk:
        opened(desk.url).prolong(SID, 1200.0)

    assert (desk.requests[0].method, desk.requests[0].path) == ("POST", CALL)
    assert desk.requests[0].form == [("TimeLimit", "1215")]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (read("completed"), Refused),
        (error(400, 21220), Refused),
        (NO_SUCH, NoSuchConnection),
        (error(429, 20429), Throttled),
        (error(500, 20500), MaybeDone),
        (http(200, b"<html>"), MaybeDone),
    ],
)
def test_a_limit_that_was_not_moved_is_an_error(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Desk(change=[answer]) as desk, pytest.raises(ProviderError) as raised:
        opened(desk.url).prolong(SID, 1200.0)

    assert type(raised.value) is kind


def test_a_limit_that_twilio_does_not_have_is_not_asked_for(opened: Open) -> None:
    with Desk() as desk:
        with pytest.raises(Refused, match="expected at most 14385 s"):
            opened(desk.url).prolong(SID, 14_386.0)
        assert desk.requests == []


# What it says instead


def test_a_live_call_is_made_to_say_something_else(opened: Open) -> None:
    order = replace(ORDER, callbacks=PLACE)
    script = (Say("Call us back."), Transfer(TO))
    with Desk(change=[read("in-progress")]) as desk:
        opened(desk.url).say_instead(SID, order, script)

    (request,) = desk.requests
    assert (request.method, request.path) == ("POST", CALL)
    ((name, twiml),) = request.form
    assert name == "Twiml"
    assert twiml == (
        "<Response><Say>Call us back.</Say>"
        f'<Dial timeLimit="900" callerId="{FROM}"><Number>{TO}</Number></Dial></Response>'
    )
    assert twiml_problems(twiml) == []
    assert problems(Exchange.of_peer(request)) == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, 21220), Refused),
        (read("completed"), Refused),
        (NO_SUCH, NoSuchConnection),
        (error(429, 20429), Throttled),
        (error(500, 20500), MaybeDone),
        (http(200, b"<html>"), MaybeDone),
    ],
)
def test_a_call_that_did_not_take_it_is_an_error(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Desk(change=[answer]) as desk, pytest.raises(ProviderError) as raised:
        opened(desk.url).say_instead(SID, ORDER, (Say("Bye."),))

    assert type(raised.value) is kind


def test_what_can_t_be_said_is_refused_without_a_request(opened: Open) -> None:
    with Desk() as desk:
        with pytest.raises(Refused, match="characters of TwiML"):
            opened(desk.url).say_instead(SID, ORDER, (Say("x" * 4000),))
        assert desk.requests == []


# What it tells


def callback(fields: dict[str, str], topic: Topic = Topic.STEPS, token: str = "token") -> Callback:
    url = PLACE.step_url("confirm", 1) if topic is Topic.STEPS else PLACE.url(topic)
    signed = RequestValidator(token).compute_signature(url, fields)
    headers = {
        "x-twilio-signature": signed,
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
    }
    body = urlencode(fields).encode()
    return Callback(url, headers, body, "main", PLACE.attempt, topic, "confirm")


PRESSED = {"AccountSid": ACCOUNT, "CallSid": SID, "Digits": "1"}


def test_what_is_signed_with_the_account_s_token_is_heard(opened: Open) -> None:
    for keys in ({}, {"api_key": KEY, "api_secret": "secret"}):
        account = opened("http://127.0.0.1:1", **keys)
        assert account.can_verify
        assert account.hear(callback(PRESSED)) == Heard(SID, pressed="1")

    with pytest.raises(Unreadable):
        account.hear(callback(PRESSED, Topic.MACHINE))


@pytest.mark.parametrize(
    "forged",
    [
        callback(PRESSED, token="another"),
        replace(callback(PRESSED), url=PLACE.step_url("confirm", 2)),
        replace(callback(PRESSED), body=b""),
        callback(PRESSED | {"AccountSid": "AC" + "1" * 32}),
        replace(callback(PRESSED), headers={}),
    ],
)
def test_what_is_not_is_forged(opened: Open, forged: Callback) -> None:
    with pytest.raises(Forged):
        opened("http://127.0.0.1:1").hear(forged)


def test_with_a_key_alone_nothing_can_be_verified(opened: Open) -> None:
    keyed = {"auth_token": None, "api_key": KEY, "api_secret": "secret"}
    account = opened("http://127.0.0.1:1", **keyed)

    assert not account.can_verify
    for token in ("token", "secret", ""):
        with pytest.raises(Forged, match="CALLSCHED_TWILIO_AUTH_TOKEN"):
            account.hear(callback(PRESSED, token=token))


def test_an_answer_has_the_call_go_on(opened: Open) -> None:
    account = opened("http://127.0.0.1:1")
    reply = account.reply((Say("\u00e9"),), PLACE, max_duration_seconds=60)

    assert reply.content_type == "text/xml; charset=utf-8"
    assert reply.body.decode().endswith("<Response><Say>\u00e9</Say></Response>")
    with pytest.raises(ScriptError):
        account.reply((Say("x" * 70_000),), PLACE, max_duration_seconds=60)


def test_a_start_with_an_address_of_ours_is_one_by_their_description(opened: Open) -> None:
    order = replace(
        ORDER,
        callbacks=PLACE,
        transcribe=True,
        machine_script=(Say("Call us back."),),
        script=(Gather("confirm", digits=1),),
    )
    with Desk(start=[http(201, call("queued"))]) as desk:
        opened(desk.url).start(order, go)

    assert problems(Exchange.of_peer(desk.requests[0])) == []
    assert twiml_problems(dict(desk.requests[0].form)["Twiml"]) == []


# Readings


def test_one_call_is_read(opened: Open) -> None:
    with Desk(look=[read("ringing")]) as desk:
        report = opened(desk.url).look(SID)

    assert report == CallReport(
        SID, Stage.RINGING, address=TO, caller_id=FROM, created_at=AT - 6, read_at=AT
    )
    assert (desk.requests[0].method, desk.requests[0].path) == ("GET", CALL)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NO_SUCH, NoSuchConnection),
        (error(429, 20429), Throttled),
        (error(503, 20503), MaybeDone),
        (error(401, 20003), AccountFault),
        (error(400, 99999), Refused),
        (http(200, b"<html>"), MaybeDone),
        (read("busy", CHILD), MaybeDone),
    ],
)
def test_a_call_that_can_t_be_read_is_an_error(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Desk(look=[answer]) as desk, pytest.raises(ProviderError) as raised:
        opened(desk.url).look(SID)

    assert type(raised.value) is kind


def test_why_a_call_failed_is_read_of_its_notifications(opened: Open) -> None:
    said = {"error_code": "32017", "log": "0", "message_text": "blocked"}
    answers = [http(200, {"notifications": []}), http(200, {"notifications": [said]})]
    with Desk(notifications=answers) as desk:
        account = opened(desk.url)
        assert account.why_failed(SID) is None
        assert type(account.why_failed(SID)) is Refused

    path = CALLS.replace("Calls.json", f"Calls/{SID}/Notifications.json")
    assert desk.requests[0].path == path


def test_the_open_calls_are_those_of_three_lists_in_the_order_of_a_call_s_life(
    opened: Open,
) -> None:
    moved = call("ringing", "CA1")
    answers = [
        listed(call("queued", "CA0"), call("queued", "CA1")),
        listed(moved),
        listed(call("in-progress", "CA2", direction="inbound")),
    ]
    with Desk(list=answers) as desk:
        found = opened(desk.url).open_calls()

    assert [(each.connection_id, each.stage, each.is_ours) for each in found] == [
        ("CA0", Stage.QUEUED, True),
        ("CA1", Stage.RINGING, True),
        ("CA2", Stage.ANSWERED, False),
    ]
    assert [request.query for request in desk.requests] == [
        {"Status": status, "PageSize": "1000"} for status in ("queued", "ringing", "in-progress")
    ]


def test_a_list_is_followed_to_its_last_page(opened: Open) -> None:
    more = f"{CALLS}?Status=queued&PageSize=1000&Page=1&PageToken=PA1"
    answers = [
        listed(call("queued", "CA0"), next_page_uri=more),
        listed(call("queued", "CA1")),
        listed(),
    ]
    with Desk(list=answers) as desk:
        found = opened(desk.url).open_calls()

    assert [each.connection_id for each in found] == ["CA0", "CA1"]
    assert desk.requests[1].path == more
    assert desk.requests[1].headers["authorization"].startswith("Basic ")
    assert len(desk.requests) == 4


def test_a_list_without_an_end_is_read_so_far_and_no_further(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "_MOST_PAGES", 3)
    endless = [listed(call("completed"), next_page_uri=f"{CALLS}?Page=1")]

    with Desk(list=endless) as desk:
        found = opened(desk.url).ended_calls(AT)
        assert len(desk.requests) == 3
    assert len(found) == 3
    assert "not read beyond its first 3" in caplog.text


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NO_SUCH, AccountFault),
        (error(429, 20429), Throttled),
        (error(500, 20500), MaybeDone),
        (http(200, {}), MaybeDone),
        (listed(next_page_uri="https://evil.example/"), MaybeDone),
    ],
)
def test_a_list_that_can_t_be_read_whole_is_not_taken_for_a_short_one(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Desk(list=[answer]) as desk:
        account = opened(desk.url)
        for ask in (account.open_calls, lambda: account.calls_to(TO, AT)):
            with pytest.raises(ProviderError) as raised:
                ask()
            assert type(raised.value) is kind


def test_what_has_ended_is_asked_for_a_little_earlier(opened: Open) -> None:
    with Desk(list=[listed(call("completed", "CA1"), call("in-progress", "CA2"))]) as desk:
        found = opened(desk.url).ended_calls(AT)

    assert [each.connection_id for each in found] == ["CA1"]
    (request,) = desk.requests
    assert request.query == {"EndTime>": "2026-11-27T10:04:06Z", "PageSize": "1000"}


def test_the_calls_to_a_number_are_looked_for_by_day_and_in_each_open_list(opened: Open) -> None:
    early = "Fri, 27 Nov 2026 09:00:00 +0000"
    answers = [
        listed(call("completed", "CA1"), call("busy", "CA2", date_created=early)),
        listed(call("queued", "CA3", date_created=None)),
        listed(call("ringing", "CA4", to="+12025550144")),
        listed(call("in-progress", "CA5")),
    ]
    with Desk(list=answers) as desk:
        found = opened(desk.url).calls_to(TO, AT)

    assert [each.connection_id for each in found] == ["CA1", "CA3", "CA5"]
    assert [request.query for request in desk.requests] == [
        {"To": TO, "PageSize": "1000", **more}
        for more in (
            {"StartTime>": "2026-11-27T00:00:00Z"},
            {"Status": "queued"},
            {"Status": "ringing"},
            {"Status": "in-progress"},
        )
    ]


def test_right_after_midnight_the_day_before_is_asked_for_too(opened: Open) -> None:
    midnight = AT - AT % 86_400
    with Desk(list=[listed()]) as desk:
        opened(desk.url).calls_to(TO, midnight + 5)

    assert desk.requests[0].query["StartTime>"] == "2026-11-26T00:00:00Z"


def test_a_sip_address_is_looked_for_in_both_of_its_forms(opened: Open) -> None:
    address = "sip:room7@sip.example.com:5061;transport=tls"
    shown = call("ringing", to="room7@SIP.example.com")
    with Desk(list=[listed(shown)]) as desk:
        (found,) = opened(desk.url).calls_to(address, AT)

    assert found.address == address
    forms = [request.query["To"] for request in desk.requests]
    assert forms == [address] * 4 + ["room7@sip.example.com"] * 4
