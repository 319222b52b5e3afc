from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from scheduler.errors import (
    AccountFault,
    AtLimit,
    ConfigError,
    MaybeDone,
    NoSuchConnection,
    NotDone,
    NotRecorded,
    NotSent,
    ProviderError,
    Refused,
)
from scheduler.models import Connection, Insight
from scheduler.providers import SpeakerEvent, StartOrder, gain
from scheduler.providers.symbl import Symbl, access, client
from scheduler.providers.symbl.connection import Details
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.settings import Settings
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.wire import CONNECT_PATH, TOKEN_PATH, Api, Talk, http

ANYBODY = "+12025550143"
ORDER = StartOrder(ANYBODY, session_name="autumn c:7:1")
PAGE = b"\n<!doctype html><title>Hello</title>"
STARTED = http(200, {"connectionId": "c-1", "conversationId": "51", "eventUrl": "https://e/1"})
STOPPED = http(200, {"connectionId": "c-1", "conversationId": "51", "summaryInfo": []})
ODD_IDS = [b'{"connectionId": %s}' % odd for odd in (b"null", b"5.0", b"true")]
UNAUTHORIZED = http(401, {"message": "Token validation failed for provided token."})


def go() -> None:
    """Leave at once."""


def settings(url: str, token: str | None = None, **values: object) -> Settings:
    said: dict[str, object] = {
        "symbl_base_url": url,
        "symbl_app_id": None if token else "app",
        "symbl_app_secret": None if token else SecretStr("app-secret"),
        "symbl_access_token": SecretStr(token) if token else None,
    }
    return Settings.model_validate(said | values)


Open = Callable[..., Symbl]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens accounts, and closes their connections of this thread at the end."""
    accounts: list[Symbl] = []

    def open_account(url: str, token: str | None = None, **values: object) -> Symbl:
        accounts.append(Symbl(SymblCredentials.of(settings(url, token, **values))))
        return accounts[-1]

    yield open_account
    for account in accounts:
        account.close()


@pytest.fixture
def account(sandbox: SandboxProcess, opened: Open) -> Symbl:
    return opened(sandbox.url)


# What time it is


def test_the_time_there_is_asked_for_by_one_harmless_request(account: Symbl) -> None:
    account.authorize(60.0)
    earlier = account.shown_time

    later = account.ask_time(5.0)

    assert earlier is not None
    assert later is not None
    found = gain(earlier, later)
    assert found is not None
    assert found.least <= 0.0 <= found.most


# Starts


@pytest.mark.parametrize("status", [200, 201])
def test_a_start_gives_its_connection(sandbox: SandboxProcess, account: Symbl, status: int) -> None:
    sandbox.knobs(start_status=status)

    connection = account.start(ORDER, go)

    (accepted,) = sandbox.events("accepted")
    assert accepted["phone_number"] == ANYBODY
    assert accepted["session_name"] == "autumn c:7:1"
    assert connection.connection_id == accepted["connection_id"]
    assert connection.conversation_id == accepted["conversation_id"]
    assert Details.of(connection).event_url.startswith("http")
    assert Details.of(connection).result_websocket_url.startswith("ws")


def test_what_is_not_told_of_a_connection_is_empty(opened: Open) -> None:
    with Api(http(201, {"connectionId": "c-1", "eventUrl": None})) as api:
        connection = opened(api.url).start(ORDER, go)

    assert connection.connection_id == "c-1"
    assert (connection.conversation_id, connection.details) == ("", "")


@pytest.mark.parametrize(
    ("body", "connection_id", "conversation_id"),
    [
        (b'\xef\xbb\xbf{"connectionId": "c-1", "conversationId": "51"}', "c-1", "51"),
        (b'{"connectionId": 1, "conversationId": "51"}', "1", "51"),
        (b'{"connectionId": "c-1", "conversationId": 5123456789000001}', "c-1", "5123456789000001"),
        (b'{"connectionId": "c-1", "conversationId": 51.0}', "c-1", ""),
        (b'{"connectionId": "c-1", "extra": {"is": "here"}}', "c-1", ""),
    ],
    ids=["byte-order mark", "connection", "conversation", "fraction", "extra"],
)
def test_a_call_whose_ids_are_numbers_is_stopped_and_read_by_them(
    opened: Open, body: bytes, connection_id: str, conversation_id: str
) -> None:
    said = http(200, {"messages": [{"text": "Hello."}]})
    with Api(http(200, body), STOPPED, said) as api:
        account = opened(api.url)
        connection = account.start(ORDER, go)
        account.stop(connection.connection_id)
        if conversation_id:
            account.collect(connection.conversation_id, Insight.TRANSCRIPT)

    stop = api.asked(CONNECT_PATH)[1]
    assert stop.body == {"operation": "stop", "connectionId": connection_id}
    assert connection.conversation_id == conversation_id
    read = f"/v1/conversations/{conversation_id}/messages"
    assert len(api.asked(read)) == bool(conversation_id)


def test_a_conversation_that_can_not_be_read_is_told(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with Api(http(200, {"connectionId": "c-1", "conversationId": 51.5})) as api:
        opened(api.url).start(ORDER, go)

    assert "conversationId is no text or number that can be kept (float)" in caplog.text


def test_a_start_is_asked_for_as_documented(opened: Open) -> None:
    with Api(STARTED) as api:
        opened(api.url).start(ORDER, go)

    (asked,) = api.asked(CONNECT_PATH)
    assert asked.body == {
        "operation": "start",
        "endpoint": {"type": "pstn", "phoneNumber": ANYBODY},
        "data": {"session": {"name": "autumn c:7:1"}},
    }
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["x-api-key"] == "token-1"
    assert asked.headers["content-type"] == "application/json"


def test_key_presses_are_sent_when_there_are_any(opened: Open) -> None:
    with Api(STARTED) as api:
        opened(api.url).start(StartOrder(ANYBODY, "s", dtmf=",,987#"), go)

    assert api.asked(CONNECT_PATH)[0].body["endpoint"]["dtmf"] == ",,987#"


def test_a_number_is_sent_in_digits_only_where_that_is_set(
    sandbox: SandboxProcess, opened: Open
) -> None:
    opened(sandbox.url, symbl_number_format="digits").start(ORDER, go)

    (accepted,) = sandbox.events("accepted")
    assert accepted["phone_number"] == ANYBODY[1:]


def test_a_sip_address_is_called(sandbox: SandboxProcess, account: Symbl) -> None:
    connection = account.start(StartOrder("", "s", sip_uri="sip:room7@sip.example.com"), go)

    (start,) = sandbox.events("start")
    uri = {"type": "sip", "uri": "sip:room7@sip.example.com"}
    assert start["request"]["endpoint"] == uri
    assert connection.conversation_id


def test_a_token_is_asked_for_as_documented(opened: Open) -> None:
    with Api(STARTED) as api:
        opened(api.url).authorize(60.0)

    (asked,) = api.asked(TOKEN_PATH)
    assert asked.body == {"type": "application", "appId": "app", "appSecret": "app-secret"}
    assert "authorization" not in asked.headers


def test_a_start_that_is_held_back_asks_for_nothing(opened: Open) -> None:
    def hold() -> None:
        raise NotSent("held back")

    with Api(STARTED) as api:
        account = opened(api.url)

        with pytest.raises(NotSent):
            account.start(ORDER, hold)

        assert api.asked(CONNECT_PATH) == []


MESSAGE = {"message": "as told"}

#: What a start is answered, and what that is to us.
STARTS: dict[str, tuple[bytes, type[ProviderError]]] = {
    "400": (http(400, MESSAGE), Refused),
    "403": (http(403, MESSAGE), Refused),
    "413": (http(413, MESSAGE), Refused),
    "422 without a body": (http(422), Refused),
    "400 page": (http(400, PAGE), AccountFault),
    "400 page with a mark": (http(400, b"\xef\xbb\xbf" + PAGE), AccountFault),
    "403 page": (http(403, PAGE), AccountFault),
    "402": (http(402, MESSAGE), AccountFault),
    "404": (http(404, MESSAGE), AccountFault),
    "404 page": (http(404, PAGE), AccountFault),
    "405": (http(405, MESSAGE), AccountFault),
    "301": (http(301, Location="https://elsewhere.invalid/"), AccountFault),
    "302": (http(302, Location="/login"), AccountFault),
    "408": (http(408, MESSAGE), MaybeDone),
    "429": (http(429, MESSAGE), AtLimit),
    "429 page": (http(429, PAGE), AtLimit),
    "500": (http(500, MESSAGE), MaybeDone),
    "502 page": (http(502, PAGE), MaybeDone),
    "503": (http(503), MaybeDone),
    "504 page": (http(504, PAGE), MaybeDone),
    "cut": (http(201, b'{"connectionId"', Content_Length="99", Connection="close"), MaybeDone),
}


@pytest.mark.parametrize(("answer", "kind"), STARTS.values(), ids=STARTS.keys())
def test_each_answer_to_a_start_has_its_reaction(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Api(answer) as api:
        account = opened(api.url)
        if kind is MaybeDone and b"Connection: close" in answer:
            api.close_after_answer = True

        with pytest.raises(ProviderError) as raised:
            account.start(ORDER, go)

        assert type(raised.value) is kind
        assert not getattr(raised.value, "maybe_done", False)
        assert len(api.asked(CONNECT_PATH)) == 1


@pytest.mark.parametrize(
    "body",
    [PAGE, b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, *ODD_IDS],
    ids=["page", "empty", "null", "list", "half", "no text", "deep", "null id", "fraction", "bool"],
)
def test_a_success_without_a_connection_may_have_rung_a_phone(opened: Open, body: bytes) -> None:
    with Api(http(200, body)) as api, pytest.raises(AccountFault) as raised:
        opened(api.url).start(ORDER, go)

    assert raised.value.maybe_done
    assert "CALLSCHED_SYMBL_BASE_URL" in str(raised.value)


@pytest.mark.parametrize("status", [302, 404, 405])
def test_a_wrong_address_names_its_variable(opened: Open, status: int) -> None:
    with Api(http(status, MESSAGE)) as api, pytest.raises(AccountFault, match="SYMBL_BASE_URL"):
        opened(api.url).start(ORDER, go)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "number is odd"}', "400 number is odd"),
        (b'{"statusCode": 400, "message": "number is odd"}', "400 number is odd"),
        (b'{"code": "X", "message": "number is odd", "url": "https://u"}', "400 number is odd"),
        (b"", "400 As-Told"),
        (b"{}", "400 As-Told"),
        (b"odd", "400 As-Told"),
        (b'{"message": null}', "400 As-Told"),
        (b'{"message": "%s"}' % (b"x" * 5000), "400 xxx"),
    ],
)
def test_what_the_api_says_reaches_the_error(opened: Open, body: bytes, words: str) -> None:
    with Api(http(400, body)) as api, pytest.raises(Refused) as raised:
        opened(api.url).start(ORDER, go)

    assert str(raised.value).startswith(words)
    assert len(str(raised.value)) <= 300


@pytest.mark.parametrize("shape", ["message", "status_code"])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("8.5", 8.5),
        ("86400", 300.0),
        ("99999999999999", 300.0),
        ("8, 8", 8.0),
        ("Fri, 27 Nov 2020 08:00:08 GMT", 0.0),
        ("Fri, 27 Nov 2099 08:00:08 GMT", 300.0),
        ("-5", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_429_says_how_long_to_wait(
    sandbox: SandboxProcess,
    account: Symbl,
    shape: str,
    header: str | None,
    seconds: float | None,
) -> None:
    sandbox.knobs(limit_body=shape, retry_after=header, start_fault="429")

    with pytest.raises(AtLimit) as raised:
        account.start(ORDER, go)

    assert raised.value.retry_after_seconds == seconds
    assert str(raised.value).startswith("429 ")


@pytest.mark.parametrize("fault", ["500", "reset_after", "cut_body"])
def test_a_start_whose_answer_is_lost_is_sent_once(
    sandbox: SandboxProcess, account: Symbl, fault: str
) -> None:
    sandbox.knobs(start_fault=fault)

    with pytest.raises(MaybeDone):
        account.start(ORDER, go)

    assert len(sandbox.events("start")) == 1
    assert sandbox.live()["live"] == 1


def test_a_start_that_is_not_answered_is_given_up_in_time(
    sandbox: SandboxProcess, account: Symbl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "START_SECONDS", 0.3)
    sandbox.knobs(start_fault="hang")

    with pytest.raises(MaybeDone):
        account.start(ORDER, go)


def test_an_api_that_is_away_was_not_reached(opened: Open) -> None:
    with Api(STARTED) as api:
        account = opened(api.url)
        account.authorize(60.0)

    with pytest.raises(NotDone) as raised:
        account.start(ORDER, go)

    assert not raised.value.reached


# Tokens


def test_a_refused_token_is_renewed_and_the_next_start_goes_on(opened: Open) -> None:
    with Api(UNAUTHORIZED, STARTED) as api:
        account = opened(api.url)

        with pytest.raises(NotDone) as raised:
            account.start(ORDER, go)
        connection = account.start(ORDER, go)

        assert type(raised.value) is NotDone
        assert raised.value.reached
        assert connection.connection_id == "c-1"
        sent = [request.headers["x-api-key"] for request in api.asked(CONNECT_PATH)]
        assert sent == ["token-1", "token-2"]


def test_a_second_refusal_is_the_fault_of_the_account(opened: Open) -> None:
    with Api(UNAUTHORIZED) as api:
        account = opened(api.url)

        with pytest.raises(NotDone):
            account.start(ORDER, go)
        for _ in range(2):
            with pytest.raises(AccountFault) as raised:
                account.start(ORDER, go)

        assert "CALLSCHED_SYMBL_APP_ID and CALLSCHED_SYMBL_APP_SECRET" in str(raised.value)
        assert "Token validation failed" in str(raised.value)
        assert not raised.value.maybe_done


def test_a_refusal_after_an_accepted_renewal_is_a_first_one_again(opened: Open) -> None:
    with Api(UNAUTHORIZED, STARTED, UNAUTHORIZED, STARTED) as api:
        account = opened(api.url)

        with pytest.raises(NotDone):
            account.start(ORDER, go)
        account.start(ORDER, go)
        with pytest.raises(NotDone):
            account.start(ORDER, go)
        account.start(ORDER, go)

        assert len(api.asked(TOKEN_PATH)) == 3


def test_many_refusals_of_one_token_are_one_refusal(opened: Open) -> None:
    """Eight starts are under way when the token is revoked."""
    with Api(*[UNAUTHORIZED] * 8, STARTED) as api, ThreadPoolExecutor(8) as pool:
        account = opened(api.url)
        account.authorize(60.0)
        together = threading.Barrier(8)

        def leave() -> None:
            together.wait(60)

        def start(_: int) -> type[BaseException] | None:
            try:
                account.start(ORDER, leave)
            except ProviderError as error:
                return type(error)
            finally:
                account.close()
            return None

        assert set(pool.map(start, range(8))) == {NotDone}
        assert account.start(ORDER, go).connection_id == "c-1"


def test_a_token_is_fetched_once_by_many_threads(opened: Open) -> None:
    with Api(STARTED) as api, ThreadPoolExecutor(16) as pool:
        account = opened(api.url)
        together = threading.Barrier(16)

        def start(_: int) -> None:
            together.wait(60)
            account.start(ORDER, go)
            account.close()

        list(pool.map(start, range(16)))

        assert len(api.asked(TOKEN_PATH)) == 1
        assert len(api.asked(CONNECT_PATH)) == 16


@pytest.mark.parametrize(
    ("lifetime", "not_before", "by"), [(86400, 86339, 86341), (100, 89, 91), (1, 0.89, 0.91)]
)
def test_a_token_is_renewed_near_its_end_and_not_before(
    opened: Open,
    monkeypatch: pytest.MonkeyPatch,
    lifetime: float,
    not_before: float,
    by: float,
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(access, "since_boot", lambda: clock.now)
    token = http(200, {"accessToken": "t", "expiresIn": lifetime})

    with Api(STARTED, tokens=[token]) as api:
        account = opened(api.url)
        account.authorize(60.0)

        clock.now = 1000.0 + not_before
        account.authorize(60.0)
        assert len(api.asked(TOKEN_PATH)) == 1

        clock.now = 1000.0 + by
        account.authorize(60.0)
        assert len(api.asked(TOKEN_PATH)) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_token_is_asked_for_again(opened: Open, status: int) -> None:
    token = http(200, {"accessToken": "t", "expiresIn": 60})

    with Api(STARTED, tokens=[http(status, MESSAGE), http(status, PAGE), token]) as api:
        opened(api.url).authorize(60.0)

        assert len(api.asked(TOKEN_PATH)) == 3


@pytest.mark.parametrize(("status", "reached"), [(429, True), (500, False)])
def test_a_token_that_is_not_to_be_had_is_asked_for_later(
    opened: Open, status: int, reached: bool
) -> None:
    with Api(STARTED, tokens=[http(status, MESSAGE)]) as api:
        with pytest.raises(NotDone, match="as told") as raised:
            opened(api.url).start(ORDER, go)

        assert raised.value.reached is reached
        assert api.asked(CONNECT_PATH) == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_token_is_not_asked_for_before_the_api_wants_to_be_asked_except_for_a_stop(
    opened: Open, status: int
) -> None:
    later = http(status, MESSAGE, Retry_After="120")
    with Api(
        STOPPED, tokens=[later, later, http(200, {"accessToken": "t", "expiresIn": 60})]
    ) as api:
        account = opened(api.url)

        wishes = []
        for _ in range(3):
            with pytest.raises(NotDone) as raised:
                account.authorize(60.0)
            wishes.append(raised.value.retry_after_seconds)
        assert len(api.asked(TOKEN_PATH)) == 1
        account.stop("c-1")

        assert len(api.asked(TOKEN_PATH)) == 3
    assert wishes[0] == 120
    assert all(wish is not None and 100 < wish <= 120 for wish in wishes)


def test_a_token_that_is_still_good_is_used_while_no_other_is_to_be_had(opened: Open) -> None:
    tokens = [
        http(200, {"accessToken": "t", "expiresIn": "86400"}),
        http(429, MESSAGE, Retry_After="120"),
    ]
    with Api(STARTED, tokens=tokens) as api:
        account = opened(api.url)
        account.authorize(60.0)
        account._access.token().renew_at = 0.0

        with pytest.raises(NotDone):
            account.authorize(60.0)
        account.authorize(60.0)

        assert len(api.asked(TOKEN_PATH)) == 2


def test_a_lost_answer_to_a_token_request_is_no_start_that_may_have_rung(opened: Open) -> None:
    with Api(STARTED, tokens=[b"garbage\r\n\r\n"]) as api:
        api.close_after_answer = True

        with pytest.raises(NotDone) as raised:
            opened(api.url).start(ORDER, go)

        assert not raised.value.reached
        assert len(api.asked(TOKEN_PATH)) == 3


def test_wrong_credentials_name_their_variables(sandbox: SandboxProcess, opened: Open) -> None:
    sandbox.knobs(app_id="app", app_secret="another")

    with pytest.raises(AccountFault) as raised:
        opened(sandbox.url).authorize(60.0)

    assert "CALLSCHED_SYMBL_APP_ID" in str(raised.value)
    assert "CALLSCHED_SYMBL_APP_SECRET" in str(raised.value)


@pytest.mark.parametrize(
    "token",
    [
        http(404, PAGE),
        http(200, PAGE),
        http(302, Location="/login"),
        http(200, {"accessToken": "", "expiresIn": 60}),
        http(200, {"accessToken": "t"}),
        http(200, b'{"accessToken": "t", "expiresIn": NaN}'),
        http(200, {"accessToken": "t\r\nX-Evil: 1", "expiresIn": 60}),
    ],
)
def test_what_gives_no_token_is_not_the_api(opened: Open, token: bytes) -> None:
    with Api(STARTED, tokens=[token]) as api, pytest.raises(AccountFault, match="SYMBL_BASE_URL"):
        opened(api.url).authorize(60.0)


def test_a_given_token_is_used_and_none_is_fetched(opened: Open) -> None:
    with Api(STARTED) as api:
        account = opened(api.url, token="given")
        account.authorize(60.0)
        account.start(ORDER, go)

        assert api.asked(TOKEN_PATH) == []
        assert api.asked(CONNECT_PATH)[0].headers["authorization"] == "Bearer given"


def test_a_given_token_that_is_refused_names_its_variable_at_once(opened: Open) -> None:
    with Api(UNAUTHORIZED) as api:
        account = opened(api.url, token="given")

        with pytest.raises(AccountFault, match="CALLSCHED_SYMBL_ACCESS_TOKEN"):
            account.start(ORDER, go)

        assert api.asked(TOKEN_PATH) == []


def test_a_given_token_may_have_the_line_break_of_the_file_it_was_read_from(opened: Open) -> None:
    with Api(STARTED) as api:
        opened(api.url, token="given\n").start(ORDER, go)

        assert api.asked(CONNECT_PATH)[0].headers["x-api-key"] == "given"


@pytest.mark.parametrize("token", ["two\nlines", "gefüllt", "…"])
def test_a_given_token_that_no_header_can_carry_is_refused_unseen(opened: Open, token: str) -> None:
    with pytest.raises(ConfigError, match="CALLSCHED_SYMBL_ACCESS_TOKEN") as raised:
        opened("http://127.0.0.1:1", token=token)

    assert token not in str(raised.value)


@pytest.mark.parametrize("missing", ["symbl_app_id", "symbl_app_secret"])
def test_missing_credentials_name_the_variables(opened: Open, missing: str) -> None:
    with pytest.raises(ConfigError) as raised:
        opened("http://127.0.0.1:1", **{missing: None})

    for name in ("APP_ID", "APP_SECRET", "ACCESS_TOKEN"):
        assert f"CALLSCHED_SYMBL_{name}" in str(raised.value)


def test_the_fingerprint_tells_credentials_and_addresses_apart(opened: Open) -> None:
    here, there = "http://127.0.0.1:1", "http://127.0.0.1:2"
    accounts = [
        opened(here),
        opened(there),
        opened(here, symbl_app_id="other"),
        opened(here, symbl_app_secret=SecretStr("other")),
        opened(here, token="given"),
    ]

    assert len({account.fingerprint for account in accounts}) == len(accounts)
    assert opened(here).fingerprint == accounts[0].fingerprint


def test_nobody_waits_for_a_token_that_is_being_renewed_but_who_renews_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop leaves on time, and the answer to a start is heard at once."""
    slow = threading.Event()
    with SlowTokens(slow) as api, ThreadPoolExecutor(1) as pool:
        account = opened(api.url)
        monkeypatch.setattr(access, "since_boot", lambda: 0.0)
        account.authorize(60.0)
        monkeypatch.setattr(access, "since_boot", lambda: 86399.0)
        renewal = pool.submit(account.authorize, 60.0)
        wait_until(lambda: len(api.asked(TOKEN_PATH)) == 2)

        account.start(ORDER, go)
        account.stop("c-1")

        assert not renewal.done()
        slow.set()
        renewal.result(timeout=30)
        pool.submit(account.close).result(timeout=30)


class SlowTokens(Api):
    """Hands out its first token at once, and the next when it is told to."""

    def __init__(self, go_on: threading.Event) -> None:
        super().__init__(STARTED)
        self._go_on = go_on

    def _serve(self, talk: Talk) -> None:
        while (request := talk.request()) is not None:
            self.requests.append(request)
            if request.path == TOKEN_PATH and len(self.asked(TOKEN_PATH)) > 1:
                self._go_on.wait(60)
            talk.send(self._answer(request))


# Stops


def test_a_stop_ends_the_call_and_is_harmless_when_it_is_repeated(
    sandbox: SandboxProcess, account: Symbl
) -> None:
    connection = account.start(ORDER, go)

    answers = [account.stop(connection.connection_id) for _ in range(2)]

    assert {answer.conversation_id for answer in answers} == {connection.conversation_id}
    (ended,) = sandbox.events("ended")
    assert ended["by"] == "stop"


def test_a_stop_is_asked_for_as_documented(opened: Open) -> None:
    with Api(STOPPED) as api:
        opened(api.url).stop("c-1")

    assert api.asked(CONNECT_PATH)[0].body == {"operation": "stop", "connectionId": "c-1"}


@pytest.mark.parametrize(
    "answer",
    [
        *(STOPPED, http(201, {}), http(200), http(204)),
        *(http(200, b" \n"), http(200, b"\xef\xbb\xbf")),
    ],
)
def test_a_success_in_the_apis_own_words_confirms_a_stop(opened: Open, answer: bytes) -> None:
    with Api(answer) as api:
        opened(api.url).stop("c-1")


#: What a stop is answered, what that is to us, and how often it is sent.
STOPS: dict[str, tuple[bytes, type[ProviderError], int]] = {
    "404": (http(404, MESSAGE), NoSuchConnection, 1),
    "410": (http(410, MESSAGE), NoSuchConnection, 1),
    "404 page": (http(404, PAGE), MaybeDone, 1),
    "404 empty": (http(404), MaybeDone, 1),
    "410 page": (http(410, PAGE), MaybeDone, 1),
    "200 page": (http(200, PAGE), MaybeDone, 1),
    "200 page with a mark": (http(200, b"\xef\xbb\xbf" + PAGE), MaybeDone, 1),
    "200 half": (http(200, b'{"conn'), MaybeDone, 1),
    "302": (http(302, Location="/login"), MaybeDone, 1),
    "400": (http(400, MESSAGE), MaybeDone, 1),
    "429": (http(429, MESSAGE), MaybeDone, 1),
    "500": (http(500, MESSAGE), MaybeDone, 1),
    "401 twice": (UNAUTHORIZED, AccountFault, 2),
}


@pytest.mark.parametrize(("answer", "kind", "sent"), STOPS.values(), ids=STOPS.keys())
def test_nothing_else_confirms_a_stop(
    opened: Open, answer: bytes, kind: type[ProviderError], sent: int
) -> None:
    with Api(answer) as api:
        with pytest.raises(ProviderError) as raised:
            opened(api.url).stop("c-1")

        assert type(raised.value) is kind
        assert len(api.asked(CONNECT_PATH)) == sent


def test_a_stop_whose_token_is_refused_goes_on_with_a_fresh_one(opened: Open) -> None:
    with Api(UNAUTHORIZED, STOPPED) as api:
        assert opened(api.url).stop("c-1").conversation_id == "51"

        assert len(api.asked(TOKEN_PATH)) == 2


@pytest.mark.parametrize("fault", ["500", "html", "400", "403", "reset_after", "cut_body"])
def test_a_stop_that_goes_wrong_is_not_confirmed(
    sandbox: SandboxProcess, account: Symbl, fault: str
) -> None:
    connection = account.start(ORDER, go)
    sandbox.knobs(stop_fault=fault, stop_fault_count=1)

    with pytest.raises(MaybeDone):
        account.stop(connection.connection_id)
    account.stop(connection.connection_id)

    wait_until(lambda: sandbox.live()["live"] == 0)


def test_an_unknown_connection_is_told_apart(account: Symbl) -> None:
    with pytest.raises(NoSuchConnection):
        account.stop("no-such-connection")


def test_what_a_stop_says_of_summary_pages_is_told(opened: Open) -> None:
    said = {"conversationId": "51", "summaryInfo": [{"url": "https://s/1", "user": {"name": "A"}}]}
    with Api(http(200, said)) as api:
        answer = opened(api.url).stop("c-1")

    assert answer.conversation_id == "51"
    assert [(page.url, page.name) for page in answer.summary_pages] == [("https://s/1", "A")]


# Speaker events

LIVE = Connection("c-1", "51")
SPEAKS = SpeakerEvent("started_speaking", "ana@example.com", "Ana", 1795356005.12)


def test_a_speaker_event_reaches_the_live_call(sandbox: SandboxProcess, account: Symbl) -> None:
    connection = account.start(ORDER, go)

    account.tell(connection, SPEAKS)

    (event,) = sandbox.events("speaker")
    assert event["connection_id"] == connection.connection_id
    assert event["body"] == {
        "topic": "speaker",
        "type": "started_speaking",
        "user": {"userId": "ana@example.com", "name": "Ana"},
        "timestamp": "2026-11-22T14:00:05.120Z",
    }


def test_a_speaker_event_without_an_address_of_its_own_goes_to_the_usual_one(opened: Open) -> None:
    with Api(http(204)) as api:
        opened(api.url).tell(LIVE, SpeakerEvent("left", "bob"))

    (asked,) = api.asked("/v1/event/c-1")
    assert asked.body == {"topic": "speaker", "type": "left", "user": {"userId": "bob"}}


def test_a_speaker_event_goes_to_no_host_that_is_not_the_api_s(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with Api(http(204)) as elsewhere:
        address = f"http://localhost:{elsewhere.port}/event?key=secret"
        known = {"connectionId": "c-1", "eventUrl": address, "resultWebSocketUrl": address}
        with Api(http(200, known)) as api:
            account = opened(api.url)
            connection = account.start(ORDER, go)
            with pytest.raises(Refused, match=r"localhost gets no token") as raised:
                account.tell(connection, SPEAKS)

        assert elsewhere.talks == []
        assert len(account.subscriptions(connection)) == 1
    for name in ("event_url", "result_websocket_url"):
        assert f"{name} of a start's answer gets no token: localhost" in caplog.text
    assert "secret" not in caplog.text + str(raised.value)


@pytest.mark.parametrize("given", ["/v1/event/c-1", "ws://127.0.0.1/v1/event/c-1", "nonsense"])
def test_a_speaker_event_goes_to_no_address_that_is_none(opened: Open, given: str) -> None:
    with Api(http(204)) as api, pytest.raises(Refused):
        opened(api.url).tell(Connection("c-1", "", Details(given).written()), SPEAKS)

    assert api.requests == []


def test_a_speaker_event_of_an_odd_connection_goes_nowhere_else(opened: Open) -> None:
    with Api(http(204)) as api:
        opened(api.url).tell(Connection("../a?b#c"), SpeakerEvent("left", "bob"))

    assert [asked.path for asked in api.requests[1:]] == ["/v1/event/..%2Fa%3Fb%23c"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(404, MESSAGE), NoSuchConnection),
        (http(400, MESSAGE), Refused),
        (http(429, MESSAGE), AtLimit),
        (http(500, MESSAGE), MaybeDone),
        (http(302, Location="/login"), AccountFault),
    ],
)
def test_a_speaker_event_that_is_refused_says_why(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Api(answer) as api, pytest.raises(ProviderError, match=r"(?i)as.told") as raised:
        opened(api.url).tell(LIVE, SPEAKS)

    assert type(raised.value) is kind


# What was said


def test_what_was_said_is_asked_for_with_the_token(opened: Open) -> None:
    with Api(http(200, {"topics": [{"text": "insurance"}]})) as api:
        assert opened(api.url).collect("51", Insight.TOPICS) == [{"text": "insurance"}]

    (asked,) = api.asked("/v1/conversations/51/topics")
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.content == b""


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(404, MESSAGE), NotRecorded),
        (http(200, PAGE), MaybeDone),
        (http(200, {"topics": None}), MaybeDone),
        (http(200, b"[" * 100_000), MaybeDone),
        (http(403, MESSAGE), Refused),
        (http(429, MESSAGE), AtLimit),
        (http(503), MaybeDone),
        (http(402, MESSAGE), AccountFault),
        (UNAUTHORIZED, AccountFault),
    ],
)
def test_what_can_not_be_read_has_its_reaction(
    opened: Open, answer: bytes, kind: type[ProviderError]
) -> None:
    with Api(answer) as api, pytest.raises(ProviderError) as raised:
        opened(api.url).collect("51", Insight.TOPICS)

    assert type(raised.value) is kind


def test_a_conversation_is_erased_and_one_that_is_gone_is_no_error(
    sandbox: SandboxProcess, account: Symbl
) -> None:
    connection = account.start(ORDER, go)
    account.stop(connection.connection_id)
    assert isinstance(account.collect(connection.conversation_id, Insight.TRANSCRIPT), list)

    for _ in range(2):
        account.erase(connection.conversation_id)

    with pytest.raises(NotRecorded):
        account.collect(connection.conversation_id, Insight.TRANSCRIPT)
    assert sandbox.conversation(connection.conversation_id)["isDeleted"]


@pytest.mark.parametrize("status", [403, 500])
def test_a_conversation_that_is_not_erased_says_so(opened: Open, status: int) -> None:
    with Api(http(status, MESSAGE)) as api, pytest.raises(ProviderError, match="as told"):
        opened(api.url).erase("51")


# Secrets


def test_no_secret_and_no_number_is_shown(
    sandbox: SandboxProcess, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = opened(sandbox.url)
    connection = account.start(ORDER, go)
    account.stop(connection.connection_id)
    sandbox.knobs(start_fault="400", stop_fault="500")
    shown = [repr(account), repr(account._access._token), repr(settings(sandbox.url))]
    for attempt in (
        lambda: account.start(ORDER, go),
        lambda: account.stop(connection.connection_id),
        lambda: opened("http://127.0.0.1:1").start(ORDER, go),
        lambda: opened(sandbox.url, token="given-token").start(ORDER, go),
    ):
        with pytest.raises(ProviderError) as raised:
            attempt()
        shown += [str(raised.value), repr(raised.value)]

    assert account._access._token is not None
    token = account._access._token.value
    text = "\n".join([*shown, caplog.text])
    assert "127.0.0.1" in text
    for hidden in (token, "app-secret", "given-token", ANYBODY, ANYBODY[1:]):
        assert hidden not in text
