"""Servers that answer too much: nothing that they send makes a process of ours grow by much."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial

import pytest

from scheduler.providers.answers import most_values
from scheduler.providers.bodies import READING_BYTES, TRANSCRIPT_BYTES
from tests.functional.asked import __name__ as ASKED
from tests.growth import MOST_BYTES, grown
from tests.wire import Peer, Talk, http

pytestmark = pytest.mark.timeout(120)

#: Enough to be seen, where it is read whole.
SIZE = 200_000_000
_PIECE = b'{"a": "' + b"A" * 1_000_000

Script = Callable[[Talk], None]


def head(status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} As-Told", "Content-Type: application/json", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def endless(status: int = 200, **headers: str) -> Script:
    """An answer of so many bytes as they are."""

    def script(talk: Talk) -> None:
        if talk.request() is not None:
            talk.send(head(status, Content_Length=str(SIZE), **headers))
            pour(talk, (b"A" * 1_000_000 for _ in range(SIZE // 1_000_000)))

    return script


def in_chunks(talk: Talk) -> None:
    if talk.request() is not None:
        talk.send(head(Transfer_Encoding="chunked"))
        pour(talk, (b"f4240\r\n" + b"A" * 1_000_000 + b"\r\n" for _ in range(SIZE // 1_000_000)))


def in_small_chunks(talk: Talk) -> None:
    """Each is two bytes: as a list they would take thirty times as much."""
    if talk.request() is not None:
        talk.send(head(Transfer_Encoding="chunked"))
        pour(talk, (b"2\r\nAA\r\n" * 10_000 for _ in range(1000)))


def without_an_end(talk: Talk) -> None:
    if talk.request() is not None:
        talk.send(head())
        pour(talk, (b"A" * 1_000_000 for _ in range(SIZE // 1_000_000)))


def pour(talk: Talk, pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        try:
            talk.socket.sendall(piece)
        except OSError:
            return  # whoever asked has gone


def packed(encoding: str, status: int = 200) -> Script:
    """The same as a bomb: what is small on the wire."""
    return answering(lambda: bomb(encoding), status, Content_Encoding=encoding)


def answering(body: Callable[[], bytes], status: int = 200, **headers: str) -> Script:
    def script(talk: Talk) -> None:
        while talk.request() is not None:
            talk.send(http(status, body(), **headers))

    return script


@cache
def bomb(encoding: str) -> bytes:
    first, *more = encoding.split(", ")
    packer = zlib.compressobj(1, zlib.DEFLATED, 15 if first == "deflate" else 31)
    pieces = [packer.compress(b"\0" * 1_000_000) for _ in range(SIZE // 1_000_000)]
    written = b"".join([*pieces, packer.flush()])
    for _ in more:
        written = gzip.compress(written, 6)
    return written


BOMBS: dict[str, Script] = {
    "plain": endless(),
    "in chunks": in_chunks,
    "in small chunks": in_small_chunks,
    "without an end": without_an_end,
    "an error page": endless(500),
    "a refusal": endless(403),
    "gzip": packed("gzip"),
    "deflate": packed("deflate"),
    "gzip in gzip": packed("gzip, gzip"),
    "gzip in gzip in gzip": packed("gzip, gzip, gzip"),
    "a refusal in gzip": packed("gzip", 401),
    "a redirect": endless(302, Location="/"),
}


@contextmanager
def served(*scripts: Script) -> Iterator[list[str]]:
    """Yield the addresses of as many servers."""
    with ExitStack() as serving:
        yield [serving.enter_context(Peer(script)).url for script in scripts]


def test_a_start_that_is_answered_without_end_is_unknown() -> None:
    with served(*BOMBS.values()) as urls:
        starts = grown(f"{ASKED}:api", *(f"start {url}" for url in urls))

    for kind, said in zip(BOMBS, starts.said.splitlines(), strict=True):
        why = "encoded as" if "gzip in gzip" in kind else "more than 256 KiB"
        assert said.startswith(f"MaybeDone: the answer is lost: {why}"), kind
    assert starts.bytes < MOST_BYTES / 5


def test_no_answer_of_the_api_is_read_without_end() -> None:
    asked = ["token", "stop", "event", "transcript", "entities", "list", "erase"]
    with Peer(packed("gzip")) as peer:
        asking = grown(f"{ASKED}:api", *(f"{what} {peer.url}" for what in asked))

    for what, said in zip(asked, asking.said.splitlines(), strict=True):
        assert said.startswith("NotDone" if what == "token" else "MaybeDone"), what
        assert "the answer is lost: more than " in said, what
    assert asking.bytes < MOST_BYTES


def test_of_what_a_receiver_of_webhooks_answers_the_status_alone_is_read() -> None:
    scripts = [endless(503), endless(), without_an_end, packed("gzip"), packed("gzip, gzip")]
    with served(*scripts) as urls:
        sending = grown(f"{ASKED}:webhook", *urls)

    assert sending.said == "503 200 200 200 200"
    assert sending.bytes < MOST_BYTES / 5


def test_whoever_is_asked_whether_it_is_a_sandbox_is_not_read_without_end() -> None:
    with served(endless(), endless(404), endless(302, Location="/")) as urls:
        asking = grown(f"{ASKED}:sandbox", *urls)

    assert asking.said == "False False False"
    assert asking.bytes < MOST_BYTES / 5


# Answers within the bound of bytes, which take many times as much as objects

WORST: dict[str, Callable[[int], bytes]] = {
    "empty objects": lambda _: b"{}",
    "numbers": lambda _: b"1",
    "names": lambda at: b'{"k%d":0}' % at,
    "people": lambda _: b'{"from":{"name":"\xc3\xa9"},"text":"x"}',
    "a long text of wide characters": lambda _: b'"%b\xf0\x9f\x98\x80"' % (b"A" * 4_190_000),
}


def worst(item: Callable[[int], bytes], most_bytes: int) -> bytes:
    """As many items as are read at all, in whichever wrapper is looked for."""
    left_bytes, left_values, items = most_bytes - 200, most_values(most_bytes) - 20, list[bytes]()
    while True:
        one = item(len(items))
        left_bytes -= len(one) + 1
        left_values -= one.count(b"{") + one.count(b",") + 1
        if min(left_bytes, left_values) < 0:
            return b"[%b]" % b",".join(items)
        items.append(one)


def wrapped(items: bytes, name: bytes = b"messages") -> bytes:
    return b'{"members":[],"%b":%b}' % (name, items)


#: Of each path, under which name its list is looked for, and how long the answer may be.
WRAPPERS = {
    "messages": (b"messages", TRANSCRIPT_BYTES),
    "topics": (b"topics", READING_BYTES),
    "action-items": (b"actionItems", READING_BYTES),
    "follow-ups": (b"followUps", READING_BYTES),
    "questions": (b"questions", READING_BYTES),
    "summary": (b"summary", READING_BYTES),
    "analytics": (b"metrics", READING_BYTES),
    "members": (b"members", READING_BYTES),
    "entities": (b"entities", READING_BYTES),
    "trackers-detected": (b"trackers", READING_BYTES),
}


def test_transcripts_that_are_mean_within_their_bounds_are_no_harm() -> None:
    """Nor is all that one of eight hours says."""
    bodies = {kind: wrapped(worst(item, TRANSCRIPT_BYTES)) for kind, item in WORST.items()}
    bodies["eight hours"] = eight_hours()
    with served(*(answering(partial(bytes, body)) for body in bodies.values())) as urls:
        reading = grown(f"{ASKED}:api", *(f"transcript {url}" for url in urls))

    for kind, said in zip(bodies, reading.said.splitlines(), strict=True):
        assert said.isdecimal(), kind  # it was read
    assert said == "8000"
    assert reading.bytes < MOST_BYTES


def eight_hours() -> bytes:
    message = (
        b'{"id":"4712947129471294","text":"Well, the invoice is due, as I said, on the first of'
        b' next month, and it may be paid by card.","from":{"id":"6ab4","name":"Ana","userId":'
        b'"ana@example.com"},"startTime":"2026-11-27T15:00:00.000Z","endTime":'
        b'"2026-11-27T15:00:04.000Z","conversationId":"5012309471239","phrases":[]}'
    )
    return wrapped(b"[%b]" % b",".join([message] * 8_000))


def test_all_that_is_read_of_a_conversation_together_is_no_harm() -> None:
    """Each of the ten answers is as long as is read at all."""

    def script(talk: Talk) -> None:
        while (request := talk.request()) is not None:
            name, most = WRAPPERS[request.path.rsplit("/", 1)[-1]]
            items = worst(WORST["empty objects"], most)
            talk.send(http(200, wrapped(items, name)))

    with Peer(script) as peer:
        reading = grown(f"{ASKED}:conversation", peer.url)

    assert reading.said == "True"
    assert reading.bytes < MOST_BYTES
