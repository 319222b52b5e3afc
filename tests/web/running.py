"""A whole site on a thread of the test, behind a real socket."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import requests
from uvicorn import Config, Server

from scheduler.ledger.identity import identity
from scheduler.ledger.ledger import Ledger
from scheduler.operations.listening import bound
from scheduler.settings import Settings
from scheduler.web.app import build
from scheduler.web.bounds import BoundedProtocol
from scheduler.web.receiver import Receiver
from scheduler.web.site import Site
from tests.waiting import wait_until

TOKEN = "t" * 32


class RunningSite:
    """Serves until it is left; `ask` sends requests with the administrator's token."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger = ledger
        self.settings = settings
        self._socket = bound("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._executor = ThreadPoolExecutor(4)
        receiver = Receiver(
            self.url, lambda _: None, lambda: identity(ledger), self._executor, lambda: None
        )
        self.app = build(Site(settings, ledger), receiver)
        self._server = Server(
            Config(self.app, http=BoundedProtocol, ws="none", lifespan="off", log_config=None)
        )
        self._thread = threading.Thread(target=self._server.run, args=[[self._socket]])

    def ask(
        self, method: str, path: str, *, token: str | None = TOKEN, **options: Any
    ) -> requests.Response:
        """Send one request; None as token: nobody says who asks."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        options = {"timeout": 30, "allow_redirects": False, **options}
        return requests.request(method, self.url + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.ask("GET", path, **options)

    def leave(self) -> None:
        """Have it leave, once what is in hand is answered."""
        self._server.should_exit = True

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self._server.started)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._executor.shutdown()
