"""How a call at Twilio is read, alone and from a list, and where a list goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from scheduler.errors import MaybeDone
from scheduler.providers import CallReport, Outcome, Stage
from scheduler.providers.answer import Answer
from scheduler.providers.bodies import LIST_BYTES
from scheduler.providers.twilio.call_report import bare, read_report, read_reports
from scheduler.providers.twilio.pages import Places, day_of, written

SID = "CA" + "0" * 32
ACCOUNT = "AC" + "0" * 32
DATE = "Fri, 27 Nov 2026 10:05:06 GMT"
AT = 1795773906.0

#: As the description of the API has its example.
CALL: dict[str, Any] = {
    "account_sid": ACCOUNT,
    "answered_by": "machine_start",
    "api_version": "2010-04-01",
    "date_created": "Fri, 27 Nov 2026 10:00:00 +0000",
    "date_updated": "Fri, 27 Nov 2026 10:00:30 +0000",
    "direction": "outbound-api",
    "duration": "15",
    "end_time": "Fri, 27 Nov 2026 10:00:30 +0000",
    "from": "+15005550006",
    "parent_call_sid": None,
    "price": "-0.0300",
    "price_unit": "USD",
    "queue_time": "1000",
    "sid": SID,
    "start_time": "Fri, 27 Nov 2026 10:00:05 +0000",
    "status": "completed",
    "to": "+12025550143",
}


def answer(body: object, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(200, "OK", HTTPHeaderDict({"Date": DATE} | headers), content=content)


def read(**changed: object) -> CallReport:
    return read_report(answer(CALL | changed), SID)


def test_a_call_is_read_whole() -> None:
    assert read() == CallReport(
        connection_id=SID,
        stage=Stage.OVER,
        outcome=Outcome.COMPLETED,
        address="+12025550143",
        caller_id="+15005550006",
        is_ours=True,
        created_at=AT - 306,
        started_at=AT - 301,
        ended_at=AT - 276,
        duration_seconds=15.0,
        answered_by="machine",
        price="0.0300 USD",
        read_at=AT,
    )


@pytest.mark.parametrize(
    ("status", "stage", "outcome"),
    [
        ("queued", Stage.QUEUED, None),
        ("initiated", Stage.RINGING, None),
        ("ringing", Stage.RINGING, None),
        ("in-progress", Stage.ANSWERED, None),
        ("completed", Stage.OVER, Outcome.COMPLETED),
        ("busy", Stage.OVER, Outcome.BUSY),
        ("no-answer", Stage.OVER, Outcome.NO_ANSWER),
        ("failed", Stage.OVER, Outcome.FAILED),
        ("canceled", Stage.OVER, Outcome.CANCELED),
        ("cancelled", Stage.ALIVE, None),
        ("Completed", Stage.ALIVE, None),
        ("parked", Stage.ALIVE, None),
    ],
)
def test_a_status_that_nobody_knows_is_alive(
    status: str, stage: Stage, outcome: Outcome | None
) -> None:
    report = read(status=status)

    assert (report.stage, report.outcome) == (stage, outcome)


@pytest.mark.parametrize("value", [None, "", 5, [], {}, "soon"])
def test_what_is_null_or_odd_is_not_known(value: object) -> None:
    names = ("date_created", "start_time", "end_time", "duration", "answered_by", "price")

    for name in names:
        read(**{name: value})  # raises nothing
    report = read(**dict.fromkeys(names, None))

    assert report.created_at is report.started_at is report.ended_at is None
    assert report.duration_seconds is None
    assert report.answered_by == report.price == ""


@pytest.mark.parametrize(
    ("direction", "parent", "is_ours"),
    [
        ("outbound-api", None, True),
        ("outbound-api", "", True),
        ("outbound-api", "CA1", False),
        ("outbound-dial", "CA1", False),
        ("inbound", None, False),
        (None, None, False),
    ],
)
def test_ours_are_those_that_were_asked_for_by_the_api(
    direction: str | None, parent: str | None, is_ours: bool
) -> None:
    assert read(direction=direction, parent_call_sid=parent).is_ours is is_ours


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("human", "human"),
        ("fax", "fax"),
        ("unknown", "unknown"),
        ("machine", "machine"),
        ("machine_start", "machine"),
        ("machine_end_beep", "machine"),
        ("machine_end_silence", "machine"),
        ("machine_end_other", "machine"),
        ("parrot", "unknown"),
    ],
)
def test_who_answered_is_one_of_four(said: str, heard: str) -> None:
    assert read(answered_by=said).answered_by == heard


@pytest.mark.parametrize(
    ("amount", "currency", "price"),
    [
        ("-0.013", "USD", "0.013 USD"),
        ("-0.00000001", "USD", "0.00000001 USD"),
        ("0", "EUR", "0 EUR"),
        ("0.02", "USD", "0.02 USD"),
        ("-1", None, "1"),
        ("NaN", "USD", ""),
        (None, "USD", ""),
    ],
)
def test_a_price_is_what_it_has_cost(amount: str | None, currency: str | None, price: str) -> None:
    assert read(price=amount, price_unit=currency).price == price


@pytest.mark.parametrize(
    ("shown", "address"),
    [
        ("+12025550143", "+12025550143"),
        ("room7@sip.example.com", "sip:room7@sip.example.com"),
        ("sip:room7@sip.example.com", "sip:room7@sip.example.com"),
        ("sips:room7@sip.example.com", "sips:room7@sip.example.com"),
        ("client:ana@home", "client:ana@home"),
        ("", ""),
    ],
)
def test_a_sip_address_gets_its_scheme_back(shown: str, address: str) -> None:
    assert read(to=shown).address == address


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("sip:room7@SIP.example.com:5061;transport=tls", "sip:room7@sip.example.com", True),
        ("sips:room7@sip.example.com", "sip:room7@sip.example.com", True),
        ("sip:room7@[2001:db8::1]:5060", "sip:room7@[2001:db8::1]", True),
        ("sip:room7@sip.example.com", "sip:Room7@sip.example.com", False),
        ("sip:room7@sip.example.com", "sip:room7@sip.example.org", False),
        ("+12025550143", "+12025550144", False),
    ],
)
def test_sip_addresses_are_the_same_by_name_and_host(one: str, other: str, are_same: bool) -> None:
    assert (bare(one) == bare(other)) is are_same


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", [], {}, CALL | {"sid": "CA1"}, CALL | {"sid": None}, CALL | {"status": None}],
    ids=lambda body: repr(body)[:30],
)
def test_what_is_not_the_call_that_was_asked_for_says_nothing(body: object) -> None:
    with pytest.raises(MaybeDone):
        read_report(answer(body), SID)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(CALL)), JSON))
def test_whatever_a_call_says_is_read_or_is_not_known(changed: dict[str, Any]) -> None:
    (report,), _ = read_reports(
        answer({"calls": [CALL | changed | {"sid": SID, "status": "busy"}]}), LIST_BYTES
    )

    assert report.outcome is Outcome.BUSY


# Lists


def test_a_page_is_read_without_what_is_no_call() -> None:
    listed = [CALL, None, 5, {}, CALL | {"sid": ""}, CALL | {"status": None}]

    reports, body = read_reports(answer({"calls": listed, "page": 0}), LIST_BYTES)

    assert [report.connection_id for report in reports] == [SID]
    assert body["page"] == 0


def test_a_full_page_is_within_its_bound() -> None:
    many = [CALL | {"subresource_uris": {f"u{n}": "x" * 100 for n in range(12)}}] * 1000
    page = json.dumps({"calls": many}).encode()

    assert len(page) < LIST_BYTES
    assert len(read_reports(answer(page), LIST_BYTES)[0]) == 1000


@pytest.mark.parametrize("body", [b"", [], {}, {"calls": None}, {"calls": {}}], ids=repr)
def test_what_is_no_list_is_not_taken_for_an_empty_one(body: object) -> None:
    with pytest.raises(MaybeDone):
        read_reports(answer(body), LIST_BYTES)


BASE = "https://api.twilio.com"
LIST = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"


@pytest.mark.parametrize("base", [BASE, "http://127.0.0.1:80", "https://proxy.example/twilio"])
def test_a_list_goes_on_at_the_same_place(base: str) -> None:
    places = Places(base, ACCOUNT)

    for next_uri in (f"{LIST}?Page=1&PageToken=PA1", f"{base}{LIST}?Page=1&PageToken=PA1"):
        assert places.next_page({"next_page_uri": next_uri}) == f"{base}{LIST}?Page=1&PageToken=PA1"


@pytest.mark.parametrize("given", [None, "", [], 0, False])
def test_a_list_ends_where_no_page_is_next(given: object) -> None:
    assert Places(BASE, ACCOUNT).next_page({"next_page_uri": given}) is None
    assert Places(BASE, ACCOUNT).next_page({}) is None


@pytest.mark.parametrize(
    "given",
    [
        f"https://evil.example{LIST}?Page=1",
        f"https://api.twilio.com.evil.example{LIST}?Page=1",
        f"https://api.twilio.com@evil.example{LIST}?Page=1",
        f"//evil.example{LIST}?Page=1",
        f"http://api.twilio.com{LIST}?Page=1",
        f"{LIST.replace(ACCOUNT, 'AC1')}?Page=1",
        f"{LIST}",
        f"{LIST}/../../Messages.json?Page=1",
        f"{LIST}?Page=1\r\nHost: evil.example",
        f"{LIST}?Page=\u00e9",
        5,
        ["x"],
    ],
    ids=repr,
)
def test_nobody_leads_the_credentials_elsewhere(given: object) -> None:
    with pytest.raises(MaybeDone, match="an address that is not the account's"):
        Places(BASE, ACCOUNT).next_page({"next_page_uri": given})


def test_filters_are_written_as_the_api_has_their_names() -> None:
    assert Places(BASE, ACCOUNT).listed({"EndTime>": written(AT), "Status": "queued"}) == (
        f"{BASE}{LIST}?EndTime%3E=2026-11-27T10%3A05%3A06Z&Status=queued&PageSize=1000"
    )
    assert day_of(AT) == "2026-11-27T00:00:00Z"


def test_an_id_can_t_lead_elsewhere() -> None:
    assert Places(BASE, ACCOUNT).call("../../x?y").endswith("/Calls/..%2F..%2Fx%3Fy.json")
