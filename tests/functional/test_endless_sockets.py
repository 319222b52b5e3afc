"""Sockets that say too much: they are closed, that is no hang-up, and the deadline rules."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from scheduler.ledger import listeners
from scheduler.ledger.listeners import LINE_BYTES, NAME_BYTES
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.asked import __name__ as ASKED
from tests.functional.rig import ANYBODY, Rig
from tests.growth import MOST_BYTES, grown
from tests.waiting import wait_until
from tests.wire import CONNECT_PATH, Api, Request, Talk, http

pytestmark = pytest.mark.timeout(120)

TEXT, CONTINUED, PING, LAST, COMPRESSED = 0x01, 0x00, 0x09, 0x80, 0x40


class Flooding(Api):
    """Pours a flood into the sockets of each of its calls, and then says nothing."""

    def __init__(self, *floods: Callable[[], Iterator[bytes]]) -> None:
        super().__init__()
        self._floods = floods
        self.opened = [0] * len(floods)

    def _serve(self, talk: Talk) -> None:
        while (request := talk.request()) is not None:
            if "upgrade" in request.headers:
                self._flood(talk, request)
                return
            self.requests.append(request)
            talk.send(self._answer(request))

    def _answer(self, request: Request) -> bytes:
        if request.path != CONNECT_PATH:
            return super()._answer(request)
        count = len(self.asked(CONNECT_PATH))
        return http(200, {"connectionId": f"c-{count}", "conversationId": f"{count}"})

    def _flood(self, talk: Talk, request: Request) -> None:
        which = int(request.path.rpartition("-")[2]) - 1
        self.opened[which] += 1
        talk.send(accepted(request.headers["sec-websocket-key"]))
        for piece in self._floods[which]():
            try:
                talk.socket.sendall(piece)
            except OSError:
                return
        talk.hang()


def accepted(key: str) -> bytes:
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines.append(f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()


def frame(payload: bytes, kind: int = TEXT | LAST) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([kind, size]) + payload
    if size < 1 << 16:
        return bytes([kind, 126]) + size.to_bytes(2, "big") + payload
    return bytes([kind, 127]) + size.to_bytes(8, "big") + payload


def message(text: str) -> bytes:
    said = [{"payload": {"content": text}, "from": {"name": text}}]
    return frame(json.dumps({"type": "message_response", "messages": said}).encode())


def again(piece: bytes, size: int = 200_000_000) -> Callable[[], Iterator[bytes]]:
    """Return what sends a piece again and again, in big pieces."""
    together = piece * max(1, 1_000_000 // len(piece))
    return lambda: (together for _ in range(size // len(together)))


def bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(b"A" * 1_000_000) for _ in range(50)) + packer.flush()


LONG = [
    again(message("B" * 900_000)),
    again(message("B" * 40_000)),
    again(message("B")),
    lambda: iter([bytes([TEXT | LAST, 127]) + (2**62).to_bytes(8, "big")]),  # has no end
]
MANY = [
    again(frame(b"")),
    lambda: iter([frame(b"", TEXT), *again(frame(b"", CONTINUED), 20_000_000)()]),
    again(frame(b"", PING | LAST)),
]
GARBLED = [
    lambda: iter([frame(bomb(), TEXT | LAST | COMPRESSED)]),
    lambda: iter([frame(b"\xff")]),
    lambda: iter([b"\xff" * 10]),
]


@pytest.mark.parametrize("floods", [LONG, MANY], ids=["long", "many"])
def test_a_socket_that_sends_too_much_is_closed_and_the_deadline_rules(
    private: EmbeddedRedis, redis: Redis, floods: list[Callable[[], Iterator[bytes]]]
) -> None:
    with Flooding(*floods) as api:
        calls = grown(f"{ASKED}:listening", private.url, api.url, str(len(floods)))

        assert api.opened == [1] * len(floods)

    assert set(calls.said.split()) == {"stopped"}
    assert calls.bytes < MOST_BYTES / 3
    assert redis.info("memory")["used_memory"] < 50_000_000


def test_what_can_not_be_read_is_not_unpacked_and_is_no_hang_up(
    private: EmbeddedRedis, redis: Redis
) -> None:
    with Flooding(*GARBLED) as api:
        # So long that on a busy machine, too, each socket is opened again.
        calls = grown(f"{ASKED}:listening", private.url, api.url, str(len(GARBLED)), "6")

        assert min(api.opened) > 1

    assert set(calls.said.split()) == {"stopped"}
    assert calls.bytes < MOST_BYTES / 3


def test_why_a_socket_is_closed_is_logged_and_of_long_lines_the_beginning_is_kept(
    private: EmbeddedRedis, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with Flooding(lambda: iter([message("é" * 10_000), message("B" * 300_000)])) as api:
        rig = Rig(private.url, api.url, sockets=10)
        rig.load(ANYBODY, max_duration_seconds=2.0)
        rig.start()
        wait_until(rig.all_ended)
        rig.close()
        assert rig.endings() == [("stopped", None)]

    assert "its socket sent a frame of more than 256 KiB and is closed" in caplog.text
    ((_, line),) = listeners.lines(rig.ledger, "c", 1, block_seconds=0.0)
    assert line.text.startswith("éé")
    assert line.text.endswith("é…")
    assert 0 < LINE_BYTES - len(line.text.encode()) < 4
    assert len(line.speaker.encode()) <= NAME_BYTES
