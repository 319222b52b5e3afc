"""Recordings and records of calls at Twilio, on the wire: listed, streamed and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    MaybeDone,
    NoSuchConnection,
    NotDone,
    ProviderError,
    Refused,
)
from scheduler.providers import Erased, Recording
from scheduler.providers.twilio import client
from scheduler.providers.twilio.client import Twilio
from scheduler.providers.twilio.credentials import TwilioCredentials
from tests.wire import Peer, Request, Talk, http
from tests.witnesses.openapi import Exchange, request_problems

ACCOUNT = "AC" + "0" * 32
SID = "CA" + "a" * 32
ONE, TWO, NONE = ("RE" + digit * 32 for digit in "123")
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
CALL = f"{ROOT}/Calls/{SID}.json"
LIST = f"{ROOT}/Calls/{SID}/Recordings.json"
SOUND = f"{ROOT}/Recordings/{ONE}.wav"
GONE = http(404, {"code": 20404, "message": "not found", "status": 404})
DONE = http(204, b"")
WAVES = bytes(range(256)) * 1000


def recording(sid: str, status: str = "completed", **more: object) -> dict[str, Any]:
    return {"sid": sid, "status": status, "duration": "61", "channels": 2} | more


def listed(*found: object, next_page_uri: str | None = None) -> bytes:
    return http(200, {"recordings": list(found), "next_page_uri": next_page_uri})


class Shelf(Peer):
    """Answers by method and path; the last answer of each again and again."""

    def __init__(self, **answers: list[bytes]) -> None:
        self._answers = answers
        self.requests: list[Request] = []
        super().__init__(self._serve)

    def _serve(self, talk: Talk) -> None:
        while (request := talk.request()) is not None:
            self.requests.append(request)
            answers = self._answers[f"{request.method} {request.path}"]
            talk.send(answers.pop(0) if len(answers) > 1 else answers[0])

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def problems(self) -> list[str]:
        """What Twilio's own description says against what was asked."""
        exchanges = map(Exchange.of_peer, self.requests)
        return [problem for each in exchanges for problem in request_problems(each)]


@pytest.fixture
def accounts() -> Iterator[list[Twilio]]:
    opened: list[Twilio] = []
    yield opened
    for each in opened:
        each.close()


@pytest.fixture
def opened(accounts: list[Twilio]) -> Any:
    def open_account(shelf: Peer) -> Twilio:
        given = {"base_url": shelf.url, "account_sid": ACCOUNT, "auth_token": "token"}
        accounts.append(Twilio(TwilioCredentials.model_validate(given)))
        return accounts[-1]

    return open_account


# The list

ALL = f"GET {LIST}?PageSize=1000"


def test_the_recordings_of_a_call_are_listed_to_the_last_page(opened: Any) -> None:
    more = f"{LIST}?PageSize=1000&Page=1"
    answers = {
        ALL: [listed(recording(ONE), recording(NONE, "absent"), next_page_uri=more)],
        f"GET {more}": [listed(recording(TWO, "processing", duration=None, channels=1))],
    }
    with Shelf(**answers) as shelf:
        found = opened(shelf).recordings(SID)

        assert found == [
            Recording(ONE, duration_seconds=61.0, channels=2, is_complete=True),
            Recording(TWO),
        ]
        assert shelf.asked == list(answers)
        assert [each for each in shelf.problems() if "no filter Page" not in each] == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (GONE, NoSuchConnection),
        (http(200, {"calls": []}), MaybeDone),
        (http(200, b"<html>"), MaybeDone),
        (listed(next_page_uri="https://e.example/next"), MaybeDone),
        (http(401, {"code": 20003, "message": "no"}), AccountFault),
        (http(500, b""), MaybeDone),
    ],
)
def test_a_list_that_can_t_be_read_is_an_error(
    opened: Any, answer: bytes, kind: type[ProviderError]
) -> None:
    with Shelf(**{ALL: [answer]}) as shelf, pytest.raises(kind):
        opened(shelf).recordings(SID)


def test_a_recording_that_is_none_is_left_out(opened: Any) -> None:
    odd = [1, {}, {"sid": "../Calls"}, recording(TWO, duration="x", channels="many")]
    with Shelf(**{ALL: [listed(*odd)]}) as shelf:
        assert opened(shelf).recordings(SID) == [Recording(TWO, is_complete=True)]


# The sound


class Sounds(Peer):
    """Plays a sound file from any byte on, as the header Range asks."""

    def __init__(self, *, first: bytes = b"", most: int | None = None) -> None:
        self._first = first
        self._most = most
        self.requests: list[Request] = []
        super().__init__(self._serve)

    def _serve(self, talk: Talk) -> None:
        while (request := talk.request()) is not None:
            self.requests.append(request)
            # Taken before it is sent: the client may be back on another connection at once.
            first, self._first = self._first, b""
            if first:
                talk.send(first)
                continue
            begin = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
            offset = int(begin[1]) if begin else 0
            status = f"206 Partial\r\nContent-Range: bytes {offset}-{len(WAVES) - 1}/{len(WAVES)}"
            line = status if begin else "200 OK"
            length = len(WAVES) - offset
            talk.send(f"HTTP/1.1 {line}\r\nContent-Length: {length}\r\n\r\n".encode())
            talk.send(WAVES[offset:][: self._most])
            if self._most is not None:
                return


@pytest.mark.parametrize("offset", [0, 1, 100_000, len(WAVES) - 1])
def test_a_sound_comes_whole_or_from_any_byte_on(opened: Any, offset: int) -> None:
    with Sounds() as sounds:
        account = opened(sounds)
        for _ in range(2):
            with account.download(ONE, offset) as pieces:
                assert b"".join(pieces) == WAVES[offset:]
        first, again = sounds.requests

    assert first.path == again.path == SOUND
    assert first.headers["authorization"].startswith("Basic ")
    assert first.headers["accept-encoding"] == "identity"
    assert ("range" in first.headers) == bool(offset)


def test_a_sound_that_breaks_off_is_no_whole_one(opened: Any) -> None:
    with Sounds(most=70_000) as sounds:
        got = bytearray()
        with (
            pytest.raises(MaybeDone, match="the answer is lost"),
            opened(sounds).download(ONE, 0) as pieces,
        ):
            for piece in pieces:
                got += piece

    assert len(got) < len(WAVES)
    assert WAVES.startswith(bytes(got))


def test_a_sound_that_hangs_is_left_after_so_long(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PIECE_SECONDS", 0.3)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"

    def hang(talk: Talk) -> None:
        talk.request()
        talk.trickle(head + b"x" * 900, 0.0)
        talk.trickle(b"x" * 100, 0.1)

    with Peer(hang) as peer:
        begun = since_boot()
        with (
            pytest.raises(MaybeDone, match=r"within 0 s"),
            opened(peer).download(ONE, 0) as pieces,
        ):
            list(pieces)

    assert since_boot() - begun < 5


def test_what_follows_a_sound_that_was_left_is_asked_for_anew(opened: Any) -> None:
    with Sounds() as sounds:
        account = opened(sounds)
        with account.download(ONE, 0) as pieces:
            next(pieces)
        with account.download(ONE, 5) as pieces:
            assert b"".join(pieces) == WAVES[5:]


PART = b"HTTP/1.1 206 Part\r\nContent-Length: 1\r\n"


@pytest.mark.parametrize(
    ("answer", "offset", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 5, Refused),
        (PART + b"Content-Range: bytes 4-4/9\r\n\r\nx", 5, Refused),
        (PART + b"Content-Range: bytes 5-5/9\r\n\r\nx", 0, Refused),
        (PART + b"\r\nx", 0, Refused),
        (http(200, b"x", Content_Encoding="gzip"), 0, Refused),
        (http(416, b""), 5, Refused),
        (http(401, {"code": 20003, "message": "no"}), 0, AccountFault),
        (http(500, b""), 0, MaybeDone),
        (http(302, b"", Location="https://storage.example.com/1.wav"), 0, Refused),
        (http(302, b"", Location="https://[::1/"), 0, Refused),
        (b"", 0, MaybeDone),
    ],
)
def test_what_is_not_the_sound_from_there_on_is_an_error(
    opened: Any, answer: bytes, offset: int, kind: type[ProviderError]
) -> None:
    def answer_so(talk: Talk) -> None:
        talk.request()
        talk.send(answer)

    with (
        Peer(answer_so) as peer,
        pytest.raises(kind),
        opened(peer).download(ONE, offset) as pieces,
    ):
        list(pieces)


def test_a_redirect_is_followed_to_the_same_server_and_not_for_ever(opened: Any) -> None:
    with Sounds(first=http(307, b"", Location="/elsewhere.wav")) as sounds:
        with opened(sounds).download(ONE, 7) as pieces:
            assert b"".join(pieces) == WAVES[7:]
        assert [request.path for request in sounds.requests] == [SOUND, "/elsewhere.wav"]
        assert sounds.requests[1].headers["range"] == "bytes=7-"

    round_about = {f"GET {SOUND}": [http(302, b"", Location=SOUND)]}
    with (
        Shelf(**round_about) as shelf,
        pytest.raises(Refused, match="one address leads to another"),
        opened(shelf).download(ONE, 0),
    ):
        pass


def test_nobody_there_is_not_reached(opened: Any) -> None:
    with Sounds() as sounds:
        account = opened(sounds)
    with pytest.raises(NotDone), account.download(ONE, 0):
        pass


# The end of it all


def deleted(*sids: str) -> list[str]:
    return [f"DELETE {ROOT}/Recordings/{sid}.json" for sid in sids]


def test_a_call_is_erased_with_all_of_its_recordings(opened: Any) -> None:
    places = [ALL, *deleted(ONE, NONE), f"DELETE {CALL}"]
    answers = {place: [DONE] for place in places} | {
        ALL: [listed(recording(ONE), recording(NONE, "absent"))]
    }
    with Shelf(**answers) as shelf:
        erased = opened(shelf).erase_call(SID)

        assert erased == Erased(2, kept="metadata of recordings for 40 days")
        assert shelf.asked == places
        assert shelf.problems() == []


@pytest.mark.parametrize("list_", [GONE, listed()])
def test_what_is_not_known_any_more_is_erased(opened: Any, list_: bytes) -> None:
    with Shelf(**{ALL: [list_], f"DELETE {CALL}": [GONE]}) as shelf:
        assert opened(shelf).erase_call(SID) == Erased()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(404, b"<html>"), AccountFault),
        (http(409, {"code": 20009, "message": "in progress"}), Refused),
        (http(500, b""), MaybeDone),
        (http(429, {"code": 20429, "message": "slow"}), ProviderError),
    ],
)
@pytest.mark.parametrize("at", [deleted(ONE)[0], f"DELETE {CALL}"])
def test_what_is_not_confirmed_is_not_erased(
    opened: Any, at: str, answer: bytes, kind: type[ProviderError]
) -> None:
    places = [ALL, *deleted(ONE), f"DELETE {CALL}"]
    answers = {place: [DONE] for place in places} | {ALL: [listed(recording(ONE))], at: [answer]}
    with Shelf(**answers) as shelf:
        with pytest.raises(kind):
            opened(shelf).erase_call(SID)
        assert shelf.asked == places[: places.index(at) + 1]
