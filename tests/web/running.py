"""A whole site on a thread of the test, behind a real socket, and browsers that visit it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import requests
from uvicorn import Config, Server

from scheduler.ledger.identity import identity
from scheduler.ledger.ledger import Ledger
from scheduler.operations import users
from scheduler.operations.listening import bound
from scheduler.rights import Scope
from scheduler.settings import Settings
from scheduler.web.app import build
from scheduler.web.bounds import BoundedProtocol
from scheduler.web.cookies import csrf_of
from scheduler.web.receiver import Receiver
from scheduler.web.site import Site
from tests.waiting import wait_until

TOKEN = "t" * 32
PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that is signed in: it sends its cookie, and what the forms of its pages carry."""

    site: RunningSite
    cookie: str
    csrf: str

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request as a page of the site does; `data` is the form."""
        own = {"Origin": self.site.url, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.csrf}
        headers = {"Cookie": f"callsched={self.cookie}", **own, **options.pop("headers", {})}
        return self.site.ask(method, path, token=None, headers=headers, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.ask("POST", path, **options)


class RunningSite:
    """Serves until it is left; `ask` sends requests with the administrator's token."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger = ledger
        self.settings = settings
        self._socket = bound("127.0.0.1", 0)
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.host}"
        self._executor = ThreadPoolExecutor(4)
        receiver = Receiver(
            settings.public_url or self.url,
            lambda _: None,
            lambda: identity(ledger),
            self._executor,
            lambda: None,
        )
        self.app = build(Site(settings, ledger), receiver)
        self._server = Server(
            Config(
                self.app,
                loop="asyncio",
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
            )
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

    def sign_in(self, name: str, role: str = "admin", **may: Any) -> Browser:
        """Add a user, and sign a browser of theirs in; `may`: accounts, sees_numbers."""
        users.add(self.ledger, name, Scope(role), PASSWORD, who="test", **may)
        signed_in = users.sign_in(self.ledger, name, PASSWORD, "127.0.0.1")
        return Browser(self, signed_in.cookie, csrf_of(signed_in.cookie))

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
