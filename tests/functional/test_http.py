from __future__ import annotations

import gc
import gzip
import inspect
import json
import logging
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from scheduler.errors import MaybeDone, NotDone, NotSent
from scheduler.providers import http as exchange
from scheduler.providers.answer import Answer
from scheduler.providers.bodies import read_whole
from scheduler.providers.http import Line, watchdog
from tests.waiting import wait_until
from tests.wire import Peer, Talk, http

OK = http(200, {"said": "yes"})


@pytest.fixture(scope="module", autouse=True)
def _nothing_of_others() -> None:
    """Collect what the tests of other files have left, which is no fault of a test here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    line = Line()
    yield line
    line.close()
    gc.collect()  # a socket that was left open shows here, in its own test


def answering(answer: bytes) -> Callable[[Talk], None]:
    """A script that reads a request, answers it, and closes."""

    def script(talk: Talk) -> None:
        if talk.request() is not None:
            talk.send(answer)

    return script


def keep_alive(talk: Talk) -> None:
    while talk.request() is not None:
        talk.send(OK)


def post(line: Line, url: str, seconds: float = 5.0, **more: Any) -> Answer:
    return line.send(
        "POST", f"{url}/v1/endpoint:connect", {"operation": "start"}, seconds=seconds, **more
    )


def assert_never_reached(line: Line, url: str) -> None:
    with pytest.raises(NotDone) as raised:
        post(line, url)

    assert type(raised.value) is NotDone
    assert not raised.value.reached


# In time


def test_an_answer_comes_back_as_it_was_sent(line: Line) -> None:
    with Peer(answering(OK)) as peer:
        answer = post(line, peer.url)

    assert answer.status_code == 200
    assert json.loads(answer.content) == {"said": "yes"}
    assert peer.received.startswith(b"POST /v1/endpoint:connect HTTP/1.1\r\n")


def trickling_head(talk: Talk) -> None:
    if talk.request() is not None:
        talk.trickle(OK, 0.05)


def trickling_body(talk: Talk) -> None:
    if talk.request() is not None:
        talk.send(http(200, b"", Content_Length="1000"))
        talk.trickle(b"x" * 1000, 0.05)


def trickling_body_without_an_end(talk: Talk) -> None:
    if talk.request() is not None:
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
        talk.trickle(b" " * 1000, 0.05)


def silent(talk: Talk) -> None:
    if talk.request() is not None:
        talk.hang()


@pytest.mark.parametrize(
    "script", [trickling_head, trickling_body, trickling_body_without_an_end, silent]
)
def test_the_wall_time_of_a_whole_exchange_is_kept(
    line: Line, script: Callable[[Talk], None]
) -> None:
    with Peer(script) as peer:
        began_at = time.monotonic()

        with pytest.raises(MaybeDone):
            post(line, peer.url, seconds=0.4)

        assert 0.35 < time.monotonic() - began_at < 8.0


def test_the_wall_time_is_kept_over_tls_too(
    line: Line, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Peer(trickling_body, server_side(certificate)) as peer:
        began_at = time.monotonic()

        with pytest.raises(MaybeDone, match="no complete answer"):
            post(line, peer.url, seconds=0.6)

        assert 0.55 < time.monotonic() - began_at < 8.0


def test_an_answer_that_is_whole_counts_though_its_reader_is_late(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may name a connection, and that call has to be ended."""

    def read_late(answer: Answer, most_bytes: int) -> None:
        read_whole(answer, most_bytes)
        threading.Event().wait(0.4)

    monkeypatch.setattr(exchange, "read_whole", read_late)
    whole = b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"said": "yes"}'
    with Peer(answering(whole)) as peer:
        assert json.loads(post(line, peer.url, seconds=0.2).content) == {"said": "yes"}


def test_after_an_exchange_that_was_cut_the_line_works_again(line: Line) -> None:
    with Peer(silent) as peer, pytest.raises(MaybeDone):
        post(line, peer.url, seconds=0.2)

    with Peer(keep_alive) as peer:
        assert post(line, peer.url).status_code == 200


def test_no_alarm_outlives_its_exchange_nor_has_a_thread_of_its_own(line: Line) -> None:
    with Peer(keep_alive) as peer:
        post(line, peer.url, seconds=30.0)
        threads, alarms = threading.active_count(), watchdog.count
        for _ in range(5):
            post(line, peer.url, seconds=30.0)

        assert watchdog.count == alarms
        assert threading.active_count() <= threads


def test_a_short_exchange_is_cut_while_a_long_one_goes_on(line: Line) -> None:
    """One watchdog serves all: the alarm that is set last may be the first to ring."""
    long = watchdog.after(30.0, lambda: None)
    try:
        with Peer(silent) as peer, pytest.raises(MaybeDone, match="no complete answer"):
            post(line, peer.url, seconds=0.2)
        assert watchdog.count >= 1
    finally:
        long.cancel()


# Never reached


def test_a_refused_connection_was_not_reached(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert_never_reached(line, f"http://127.0.0.1:{port}")


def test_a_name_that_does_not_resolve_was_not_reached(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert_never_reached(line, "http://nowhere.invalid")


def test_a_host_that_can_be_no_name_was_not_reached(line: Line) -> None:
    assert_never_reached(line, f"http://{'a' * 64}.invalid")


def test_a_connect_that_takes_too_long_was_not_reached(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 0.2)
    with full_backlog() as url:
        began_at = time.monotonic()

        assert_never_reached(line, url)

        assert time.monotonic() - began_at < 8.0


@contextmanager
def full_backlog() -> Iterator[str]:
    """A listener that nobody can connect to, because nobody accepts."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_peer_that_speaks_no_tls_was_not_reached(line: Line) -> None:
    def in_plain_text(talk: Talk) -> None:
        talk.receive()
        talk.send(http(400, b"this is a plain port"))

    with Peer(in_plain_text) as peer:
        assert_never_reached(line, f"https://127.0.0.1:{peer.port}")

        assert b"POST" not in peer.received


@pytest.mark.parametrize("apart_seconds", [60.0, 0.05])
def test_a_handshake_that_takes_too_long_was_not_reached(
    line: Line, monkeypatch: pytest.MonkeyPatch, apart_seconds: float
) -> None:
    def slowly(talk: Talk) -> None:
        talk.receive()
        talk.trickle(b"\x16\x03\x03\x40\x00" + b"\x02" * 16384, apart_seconds)

    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 0.4)
    with Peer(slowly) as peer:
        began_at = time.monotonic()

        assert_never_reached(line, f"https://127.0.0.1:{peer.port}")

        assert time.monotonic() - began_at < 8.0


def test_a_certificate_that_is_not_trusted_was_not_reached(line: Line, certificate: Path) -> None:
    with Peer(answering(OK), server_side(certificate)) as peer:
        assert_never_reached(line, peer.url)

        assert peer.received == b""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=loopback"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(path), "-out", f"{path}.crt"]
    try:
        subprocess.run(["openssl", *words.split(), *names, *files], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


# The answer is lost


def closing_at_once(talk: Talk) -> None:
    pass


def closing_after_reading(talk: Talk) -> None:
    talk.request()


def resetting(talk: Talk) -> None:
    talk.request()
    talk.reset()


LOST: dict[str, Callable[[Talk], None]] = {
    "closed at once": closing_at_once,
    "closed after reading": closing_after_reading,
    "reset": resetting,
    "no HTTP": answering(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "garbage": answering(b"\x00\xff\x13\x37" * 100),
    "an endless line": answering(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000),
    "too many headers": answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"),
    "cut body": answering(http(201, b'{"connectionId": "a', Content_Length="100")),
    "cut chunk": answering(
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"connectionId"'
    ),
    "chunks that are none": answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "not what it says": answering(http(200, b"plain", Content_Encoding="gzip")),
    "two lengths": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}"),
    "an encoding nobody asked for": answering(http(200, b"{}", Content_Encoding="br")),
    "encoded twice": answering(http(200, b"{}", Content_Encoding="identity, gzip")),
    "more than was asked for": answering(http(200, b"1" * 300_000)),
}


@pytest.mark.parametrize("script", LOST.values(), ids=LOST.keys())
def test_an_answer_that_can_not_be_read_is_lost_and_nothing_is_sent_again(
    line: Line, script: Callable[[Talk], None]
) -> None:
    with Peer(script) as peer:
        with pytest.raises(MaybeDone):
            post(line, peer.url, seconds=2.0)

        assert len(peer.talks) == 1
        assert peer.received.count(b"POST") <= 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(line: Line, status: int) -> None:
    with Peer(keep_alive) as elsewhere:
        with Peer(answering(http(status, b"", Location=f"{elsewhere.url}/login"))) as peer:
            answer = post(line, peer.url)

        assert answer.status_code == status
        assert elsewhere.talks == []


@pytest.mark.parametrize("address", ["http://[", "/\xff", "", "http://user:pass@127.0.0.1:1/"])
def test_a_redirect_is_an_answer_wherever_it_leads(line: Line, address: str) -> None:
    with Peer(answering(http(302, {"said": "go"}, Location=address))) as peer:
        answer = post(line, peer.url)

    assert (answer.status_code, json.loads(answer.content)) == (302, {"said": "go"})


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_error_is_an_answer_and_nothing_is_sent_again(line: Line, status: int) -> None:
    with Peer(answering(http(status, b"", Retry_After="0"))) as peer:
        assert post(line, peer.url).status_code == status

        assert peer.received.count(b"POST") == 1


# Connections


def test_a_connection_is_used_again_at_once_but_not_after_it_was_idle(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(keep_alive) as peer:
        post(line, peer.url)
        post(line, peer.url)
        assert len(peer.talks) == 1

        monkeypatch.setattr(exchange, "IDLE_SECONDS", 0.0)
        post(line, peer.url)

        assert len(peer.talks) == 2


def test_a_connection_that_the_server_has_closed_meanwhile_costs_nothing(line: Line) -> None:
    with Peer(answering(OK)) as peer:
        post(line, peer.url)
        wait_until(lambda: peer.talks[0].socket.fileno() == -1)
        post(line, peer.url)

        assert len(peer.talks) == 2


@pytest.mark.parametrize(
    ("answer", "most_bytes", "connections"),
    [
        (OK, 100, 1),
        (http(200, b"1" * 100_000), 10, 2),  # cut off
        (http(204, b""), 100, 1),
        (http(200, b""), 100, 1),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 100, 1),
        (http(204, b""), 0, 1),
        (http(200, b""), 0, 1),
        (OK, 0, 2),  # left unread
    ],
)
def test_a_connection_is_used_again_only_when_its_answer_was_read_to_the_end(
    line: Line, answer: bytes, most_bytes: int, connections: int
) -> None:
    def script(talk: Talk) -> None:
        while talk.request() is not None:
            talk.send(answer)

    with Peer(script) as peer:
        for _ in range(2):
            with suppress(MaybeDone):
                post(line, peer.url, most_bytes=most_bytes)

        assert len(peer.talks) == connections
        assert peer.received.count(b"POST") == 2


def test_what_is_packed_with_gzip_is_read(line: Line) -> None:
    packed = gzip.compress(b'{"said": "yes"}')
    for encoding in ("gzip", "GZIP", "x-gzip"):
        with Peer(answering(http(200, packed, Content_Encoding=encoding))) as peer:
            assert json.loads(post(line, peer.url).content) == {"said": "yes"}
            assert b"Accept-Encoding: gzip, deflate\r\n" in peer.received


def test_a_cookie_is_neither_kept_nor_sent_back(line: Line) -> None:
    def script(talk: Talk) -> None:
        for count in range(2):
            if talk.request() is not None:
                talk.send(http(200, b"{}", Set_Cookie=f"n{count}={'v' * 60_000}; Path=/"))

    with Peer(script) as peer:
        for _ in range(2):
            post(line, peer.url)

        assert b"Cookie" not in peer.received


def test_headers_and_interim_answers_without_end_are_cut_off(line: Line) -> None:
    def interim(talk: Talk) -> None:
        while talk.request() is not None:
            talk.trickle(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0.001)

    with Peer(interim) as peer, pytest.raises(MaybeDone, match="no complete answer"):
        post(line, peer.url, seconds=0.3)


def test_each_thread_has_connections_of_its_own(line: Line) -> None:
    with Peer(keep_alive) as peer:
        post(line, peer.url)

        def elsewhere() -> None:
            post(line, peer.url)
            line.close()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

        assert len(peer.talks) == 2


# Right before the first byte


def hold_back() -> None:
    raise NotSent("held back")


def test_what_is_held_back_sends_no_byte(line: Line) -> None:
    with Peer(keep_alive) as peer:
        with pytest.raises(NotSent):
            post(line, peer.url, leave=hold_back)

        wait_until(lambda: len(peer.talks) == 1)
        assert peer.received == b""


def test_a_slow_way_to_the_first_byte_is_seen_by_leave(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, slowly = socket.getaddrinfo, threading.Event()

    def resolve_slowly(*args: Any, **kwargs: Any) -> Any:
        slowly.wait(0.3)
        return resolve(*args, **kwargs)

    def hold(began_at: float) -> None:
        if time.monotonic() - began_at > 0.2:
            raise NotSent("held back")

    monkeypatch.setattr(socket, "getaddrinfo", resolve_slowly)
    with Peer(keep_alive) as peer:
        with pytest.raises(NotSent):
            post(line, peer.url, leave=partial(hold, time.monotonic()))

        wait_until(lambda: len(peer.talks) == 1)
        assert peer.received == b""


def test_leave_is_asked_once_and_before_the_first_byte(line: Line) -> None:
    asked: list[bytes] = []
    with Peer(keep_alive) as peer:
        post(line, peer.url)
        before = peer.received
        post(line, peer.url, leave=lambda: asked.append(peer.received))

        assert asked == [before]


def test_over_tls_leave_is_asked_after_the_handshake_and_no_request_is_sent(
    line: Line, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Peer(keep_alive, server_side(certificate)) as peer:
        with pytest.raises(NotSent):
            post(line, peer.url, leave=hold_back)
        assert peer.received == b""

        assert post(line, peer.url).status_code == 200


def test_what_is_cut_off_before_the_first_byte_sends_none(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, slowly = socket.getaddrinfo, threading.Event()

    def resolve_slowly(*args: Any, **kwargs: Any) -> Any:
        slowly.wait(0.4)
        return resolve(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_slowly)
    with Peer(keep_alive) as peer:
        with pytest.raises(NotDone) as raised:
            post(line, peer.url, seconds=0.1)

        assert not raised.value.reached
        assert peer.received == b""


# Through a proxy


def tunnel(talk: Talk) -> None:
    """Do as a proxy does that is asked to CONNECT."""
    asked = talk.request()
    assert asked is not None
    host, port = asked.path.split(":")
    with socket.create_connection((host, int(port))) as server:
        talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=carry, args=[server, talk])
        back.start()
        while data := talk.receive():
            server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        back.join()


def carry(server: socket.socket, talk: Talk) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            talk.send(data)


def test_a_tunnel_is_opened_before_leave_is_asked(
    line: Line, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Peer(keep_alive, server_side(certificate)) as peer, Peer(tunnel) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(NotSent):
            post(line, peer.url, leave=hold_back)
        assert len(proxy.talks) == 1
        assert peer.received == b""

        assert post(line, peer.url).status_code == 200
        line.close()


def test_a_tunnel_that_is_refused_was_not_reached(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(answering(http(502, b""))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)

        assert_never_reached(line, "https://127.0.0.1:1")


def test_what_is_held_back_sends_a_proxy_no_byte(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(keep_alive) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(NotSent):
            post(line, "http://127.0.0.1:1", leave=hold_back)
        wait_until(lambda: len(proxy.talks) == 1)
        assert proxy.received == b""

        assert post(line, "http://127.0.0.1:1").status_code == 200


# What the machine adds


def test_a_netrc_does_not_replace_our_authorization(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login them password theirs\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)

    with Peer(keep_alive) as peer:
        post(line, peer.url, headers={"Authorization": "Bearer ours"})
        assert b"Authorization: Bearer ours\r\n" in peer.received

        post(line, peer.url)
        assert b"Basic" not in peer.received


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        http(500, b""),
        http(302, b"", Location="/elsewhere"),
        b"HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 0\r\n\r\n",
        b"no HTTP",
        b"",
    ],
)
def test_nothing_of_an_address_but_its_host_is_logged(
    line: Line, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(answering(answer)) as peer:
        for url in (peer.url, "http://127.0.0.1:1"):
            with suppress(MaybeDone, NotDone):
                line.send("POST", f"{url}/path-secret?key=query-secret", {}, seconds=2.0)

    assert "secret" not in caplog.text


def test_an_authorization_that_can_not_be_sent_is_not_shown(line: Line) -> None:
    with Peer(keep_alive) as peer, pytest.raises(NotDone) as raised:
        post(line, peer.url, headers={"Authorization": "Bearer hidden\n"})

    assert "hidden" not in str(raised.value)


# Every exception of requests and urllib3


def exceptions_of(module: ModuleType, base: type[Exception]) -> list[type[Exception]]:
    every = [value for _, value in inspect.getmembers(module, inspect.isclass)]
    return [value for value in every if issubclass(value, base)]


def made(kind: type[Exception]) -> Exception:
    """Make an exception, whatever its own constructor wants to know."""
    error = kind.__new__(kind)
    error.args = ("something",)
    vars(error).update(partial=1, expected=2, length=b"1")  # what some print
    return error


class Raising(HTTPAdapter):
    """Knows no way to any place."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    "kind",
    exceptions_of(requests.exceptions, requests.RequestException),
    ids=lambda kind: kind.__name__,
)
def test_if_requests_finds_no_way_nothing_was_sent(line: Line, kind: type[Exception]) -> None:
    line._fresh_session().mount("http://", Raising(made(kind)))

    with Peer(keep_alive) as peer:
        assert_never_reached(line, peer.url)
        assert peer.received == b""


@pytest.mark.parametrize(
    "kind", exceptions_of(urllib3.exceptions, HTTPError), ids=lambda kind: kind.__name__
)
def test_every_exception_of_urllib3_has_a_meaning_of_ours(
    line: Line, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    urlopen = exchange._PlainPool.urlopen

    def fail_at_once(*_: Any, **__: Any) -> None:
        raise made(kind)

    def fail_once_sent(*args: Any, **kwargs: Any) -> None:
        urlopen(*args, **kwargs).close()
        raise made(kind)

    with Peer(keep_alive) as peer:
        monkeypatch.setattr(exchange._PlainPool, "urlopen", fail_at_once)
        assert_never_reached(line, peer.url)
        assert peer.received == b""

        monkeypatch.setattr(exchange._PlainPool, "urlopen", fail_once_sent)
        with pytest.raises(MaybeDone):
            post(line, peer.url)
        assert peer.received.count(b"POST") == 1
        line.close()
