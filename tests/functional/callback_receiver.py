"""An address on this machine to which a sandbox sends its callbacks, for tests."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

from tests.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Callback:
    """A request as it came in."""

    method: str
    url: str  #: the whole one, as it was asked
    headers: dict[str, str]
    body: str

    @property
    def fields(self) -> dict[str, str]:
        """What it tells, wherever that stands."""
        told = self.body if self.method == "POST" else urlsplit(self.url).query
        return dict(parse_qsl(told, keep_blank_values=True))

    @property
    def token(self) -> str:
        return self.headers["i-twilio-idempotency-token"]

    def is_signed(self, secret: str = "token") -> bool:
        """What Twilio's own library says of its signature."""
        form = dict(parse_qsl(self.body, keep_blank_values=True))
        signature = self.headers["x-twilio-signature"]
        return bool(RequestValidator(secret).validate(self.url, form, signature))


class Receiver:
    """Keeps what it is asked, and answers each path with what was planned for it."""

    def __init__(self) -> None:
        self.asked: list[Callback] = []
        self._answers: dict[str, list[tuple[int, str]]] = defaultdict(lambda: [(204, "")])
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, *answers: int | str) -> str:
        """Plan the answers of a path, whose last one stays: statuses, or texts; return its URL."""
        planned = [(a, "") if isinstance(a, int) else (200, a) for a in answers]
        self._answers[path] = planned
        return self.url + path

    def hold(self) -> None:
        """Keep back each answer until `release`."""
        self._may_answer.clear()

    def release(self) -> None:
        self._may_answer.set()

    def of(self, path: str) -> list[Callback]:
        """What a path was asked, in the order of its coming."""
        return [one for one in self.asked if urlsplit(one.url).path == path]

    def wait(self, path: str, count: int) -> list[Callback]:
        """Wait until a path was asked so often."""
        wait_until(lambda: len(self.of(path)) >= count)
        return self.of(path)

    def take(self, callback: Callback) -> tuple[int, str]:
        path = urlsplit(callback.url).path
        self.asked.append(callback)
        self._may_answer.wait(20)
        planned = self._answers[path]
        return planned.pop(0) if len(planned) > 1 else planned[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            url = f"http://{headers['host']}{self.path}"
            asked = Callback(self.command, url, headers, body.decode())
            status, text = receiver.take(asked)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
