"""What each error code of Twilio's means: a copy of the table that was made for itself.

From the API's error dictionary, https://www.twilio.com/docs/api/errors, one page a code.
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from urllib3 import HTTPHeaderDict

from scheduler.errors import (
    AccountFault,
    AtLimit,
    CallerIdFault,
    MaybeDone,
    NotDone,
    ProviderError,
    Refused,
    Throttled,
)
from scheduler.providers.answer import Answer
from scheduler.providers.twilio.answers import connection_in, error_of, why_failed
from scheduler.providers.twilio.codes import CODES
from tests.every import every

FROM = "+15005550006"

ANSWERED: dict[type[ProviderError], set[int]] = {
    Throttled: {20429},
    AtLimit: {10004, 86008},
    MaybeDone: {20500, 20503, 21204},
    CallerIdFault: {21210, 21212},
    AccountFault: {
        *(20003, 20403),  # wrong pair, suspended
        *(20005, 10001),  # not active: no funds
        *(20006, 70051),  # the key lacks the right
        20008,  # test credentials
        *(20404, 20004),  # wrong address
        10002,  # trial
        *(21201, 21213),  # no To, no From
        *(21205, 21208, 21209, 21218, 21234, 32018),  # settings of the campaign
        *(21225, 21226),  # SIP login
    },
    Refused: {
        *(21202, 21203, 21206, 21211, 21214, 21215, 21216, 21217, 21219, 21220),
        *(21221, 21222, 21223, 21224, 21227, 21228, 21229),
        *(11200, 11205, 12100, 13224, 13225, 13226, 13227, 13805, 15002, 15003),
        *(32009, 32014, 32015, 32016, 32017),
    },
}

NEVER_AGAIN = {
    *(13224, 13225, 13226, 13227, 32017),
    *(21202, 21203, 21206, 21211, 21214, 21215, 21216, 21217, 21219),
    *(21221, 21222, 21223, 21224, 21227, 21228, 21229),
}
LIMIT = {10004, 86008}


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, "As Told", HTTPHeaderDict(headers), content=content)


def refusal(status: int, code: object = None, **fields: object) -> Answer:
    told = {"code": code, "message": "as told", "more_info": "https://e/1", "status": status}
    return answer(status, told | fields)


def test_the_copy_and_the_table_know_the_same_codes() -> None:
    codes = [code for each in ANSWERED.values() for code in each]

    assert len(codes) == len(set(codes))
    assert set(codes) == set(CODES)


def test_a_code_means_the_same_whatever_status_it_comes_with() -> None:
    kinds = {code: kind for kind, codes in ANSWERED.items() for code in codes}
    with every() as case:
        for code, status in product(kinds, [400, 401, 403, 404, 429]):
            with case(f"{code} with {status}"):
                assert type(error_of(refusal(status, code), FROM)) is kinds[code]


def test_with_a_5xx_a_phone_may_ring_whatever_the_code_is() -> None:
    with every() as case:
        for code, status in product(CODES, [408, 500, 502, 503, 504, 599]):
            with case(f"{code} with {status}"):
                assert type(error_of(refusal(status, code), FROM)) is MaybeDone


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, AccountFault),
        (302, AccountFault),
        (307, AccountFault),
        (400, Refused),
        (401, AccountFault),
        (402, Refused),
        (403, AccountFault),
        (404, AccountFault),
        (405, AccountFault),
        (406, Refused),
        (408, MaybeDone),
        (409, Refused),
        (410, Refused),
        (422, Refused),
        (429, Throttled),
        (451, Refused),
        (500, MaybeDone),
        (503, MaybeDone),
    ],
)
def test_without_a_code_that_is_known_the_status_says_it(
    status: int, kind: type[ProviderError]
) -> None:
    codes: tuple[object, ...] = (None, 99999, 0, -1, True, 1.5, "x", [], "1" * 5000)
    with every() as case:
        for code in codes:
            with case(repr(code)):
                assert type(error_of(refusal(status, code), FROM)) is kind
    assert type(error_of(answer(status, {"message": "no code"}), FROM)) is kind
    assert type(error_of(answer(status, b"{"), FROM)) is kind


@pytest.mark.parametrize("status", [400, 402, 422])
def test_a_web_page_is_no_answer_of_the_api(status: int) -> None:
    error = error_of(answer(status, b"\n<html>no</html>"))

    assert type(error) is AccountFault
    assert str(error) == f"{status} a page, not the API's JSON"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            {"code": 21211, "message": "Invalid 'To'", "more_info": "https://e", "status": 400},
            "400 error 21211: Invalid 'To'",
        ),
        (
            {
                "type": "https://www.twilio.com/docs/api/errors/21211",
                "title": "Invalid To",
                "status": 400,
                "code": "21211",
                "detail": "it is too short",
                "instance": "/x",
                "errors": [{"detail": "must be E.164", "pointer": "#/To"}, 5, {}],
            },
            "400 error 21211: Invalid To; it is too short; must be E.164",
        ),
        ({"message": "no code"}, "400 no code"),
        ({}, "400 As Told"),
        ([], "400 As Told"),
    ],
)
def test_an_error_is_read_in_both_of_its_shapes(body: object, told: str) -> None:
    error = error_of(answer(400, body), FROM)

    assert type(error) is Refused
    assert str(error) == told


def test_what_can_be_done_is_said_however_long_the_words_are() -> None:
    error = error_of(refusal(400, 21215, message="x" * 1000))

    assert len(str(error)) == 300
    assert str(error).endswith(
        "[calls to its country are off: Geo permissions in Twilio's console]"
    )


def test_a_caller_id_that_is_refused_is_named() -> None:
    error = error_of(refusal(400, 21210), FROM)

    assert isinstance(error, CallerIdFault)
    assert error.caller_id == FROM
    assert not error.maybe_done


@pytest.mark.parametrize("code", [20429, 10004, None])
@pytest.mark.parametrize(
    ("asked", "waits"), [("7", 7.0), ("86400", 300.0), ("", None), ("soon", None), ("-5", None)]
)
def test_how_long_to_wait_is_heeded_up_to_five_minutes(
    code: int | None, asked: str, waits: float | None
) -> None:
    error = error_of(refusal_after(code, asked), FROM)

    assert isinstance(error, NotDone)
    assert error.reached
    assert error.retry_after_seconds == waits


def refusal_after(code: int | None, asked: str) -> Answer:
    return answer(429, {"code": code, "message": "later"}, **{"Retry-After": asked})


# The connection of a start


@pytest.mark.parametrize(
    ("queue_time", "seconds"),
    [
        (None, 0.0),
        ("0", 0.0),
        ("1500", 1.5),
        (2000, 2.0),
        ("-4", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("x", 0.0),
        ("1" * 30, 86_400.0),
    ],
)
def test_how_long_it_waits_in_their_queue_is_read(queue_time: object, seconds: float) -> None:
    body = {"sid": "CA1", "queue_time": queue_time, "account_sid": "AC1", "status": "queued"}

    connection = connection_in(answer(201, body))

    assert connection.connection_id == "CA1"
    assert connection.queue_seconds == seconds
    assert connection.details == connection.conversation_id == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        {},
        [],
        {"sid": None},
        {"sid": ""},
        {"sid": 5},
        {"sid": "../x"},
        {"sid": "a" * 65},
    ],
    ids=repr,
)
def test_a_start_without_a_call_may_ring_and_is_a_fault_of_the_account(body: object) -> None:
    with pytest.raises(AccountFault, match="check CALLSCHED_TWILIO_BASE_URL") as raised:
        connection_in(answer(200, body))

    assert raised.value.maybe_done


# What is said of a call that failed


def notification(code: object, log: str = "0") -> dict[str, Any]:
    return {"error_code": code, "log": log, "message_text": f"as {code} says"}


def told(*notifications: object) -> ProviderError | None:
    return why_failed({"notifications": list(notifications)})


def test_what_a_call_has_failed_with() -> None:
    with every() as case:
        for code, written in product({*CODES, 99999}, [int, str]):
            kind = Refused if code in NEVER_AGAIN else AtLimit if code in LIMIT else ProviderError
            with case(repr(written(code))):
                error = told(notification(written(code)))

                assert type(error) is kind
                assert str(error).startswith(f"error {code}: as {code} says")


def test_never_again_goes_before_again_later_and_both_before_mere_words() -> None:
    plain, limit, never = notification(32016), notification(10004), notification(32017)

    assert type(told(plain, limit, never)) is Refused
    assert type(told(plain, limit)) is AtLimit
    assert type(told(plain)) is ProviderError


def test_nothing_is_made_of_warnings_and_of_what_has_no_code() -> None:
    odd: tuple[object, ...] = (None, 5, {}, notification(None), notification(""), notification("x"))

    assert told() is None
    assert told(*odd, notification(21262, log="1")) is None
    assert type(told(notification(10004, log="1"))) is AtLimit


@pytest.mark.parametrize("body", [{}, {"notifications": None}, {"notifications": {}}])
def test_what_are_no_notifications_say_nothing_for_certain(body: dict[str, Any]) -> None:
    with pytest.raises(MaybeDone):
        why_failed(body)
