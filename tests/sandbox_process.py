"""The sandbox as a process of its own, and somebody who speaks to it, for tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import requests
from websockets.sync.client import ClientConnection, connect

from tests.functional.forks import Forked, shared
from tests.waiting import wait_until

ANYBODY = "+12025550143"
CONNECT = "/v1/endpoint:connect"
TOKEN = "/oauth2/token:generate"


class SandboxProcess:
    """Starts `python -m scheduler.sandbox` and speaks to what it serves under /sandbox.

    It is forked, for an interpreter of its own would be busiest with its imports. What it has said
    on standard error is said on ours when it has ended.
    An option is the command line's, with underscores: `SandboxProcess(limit=5, latency=0.05)`. A
    value that is a list or a tuple becomes several words. After `kill()` or `stop()`, `start()`
    brings it back at the same address, knowing nothing; a journal file it goes on with.
    """

    def __init__(self, **options: object) -> None:
        self._options = options
        self._process: Forked | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        self.url = ""

    def start(self, **options: object) -> Self:
        """Start it with these options besides the constructor's, and wait until it listens."""
        assert self._process is None, "it runs already"
        self._options |= options
        words = [word for name, value in self._options.items() for word in _words(name, value)]
        self._folder = TemporaryDirectory(prefix="callsched-")
        into = Path(self._folder.name, "said")
        self._process = process = shared().start(
            Path.cwd(), os.environ, words, into, program="scheduler.sandbox.__main__"
        )
        out = into.with_suffix(".out")
        wait_until(lambda: out.read_text().endswith("\n") or process.poll() is not None)
        self.url = out.read_text().strip()
        if not self.url:
            self._reap()
            raise RuntimeError("the sandbox did not start: see standard error")
        self._options["port"] = self.url.rpartition(":")[2]
        return self

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """The events, oldest first."""
        lines = self._get(f"/sandbox/journal?since={since}").text.splitlines()
        return [json.loads(line) for line in lines]

    def events(self, *names: str) -> list[dict[str, Any]]:
        """The events with these names, oldest first."""
        return [event for event in self.journal() if event["event"] in names]

    def live(self) -> dict[str, Any]:
        """What is live: `live`, `limit`, `peak`, `connections`."""
        return dict(self._get("/sandbox/live").json())

    def knobs(self, **changes: object) -> dict[str, Any]:
        """Turn these knobs, if any; return all of them."""
        if changes:
            return dict(self._post("/sandbox/knobs", changes).json())
        return dict(self._get("/sandbox/knobs").json())

    def sockets(self) -> dict[str, Any]:
        """Which WebSockets are open: `open`, `connections`."""
        return dict(self._get("/sandbox/sockets").json())

    def drop_sockets(self, **wishes: object) -> int:
        """Drop the WebSockets that are open, or some of them; return how many."""
        return int(self._post("/sandbox/sockets/drop", wishes).json()["dropped"])

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """All that there is to know about a conversation, whatever the API has by now."""
        return dict(self._get(f"/sandbox/conversations/{conversation_id}").json())

    def call(self, sid: str) -> dict[str, Any]:
        """All that there is to know about a call of Twilio's, whatever the API shows by now."""
        return dict(self._get(f"/sandbox/calls/{sid}").json())

    def change_call(self, sid: str, act: str) -> None:
        """Have something happen to a call of Twilio's: `answer`, `hang_up` or a final status."""
        self._post(f"/sandbox/calls/{sid}", {"do": act})

    def add_call(self, to: str, **wishes: object) -> str:
        """Have a call of somebody else's on the account; return its sid."""
        return str(self._post("/sandbox/calls", {"to": to, **wishes}).json()["sid"])

    def expire_tokens(self) -> None:
        """Have every token refused that was issued so far."""
        self._post("/sandbox/tokens/expire", {})

    def reset(self) -> None:
        """Make it forget all, and turn the knobs back to the options."""
        self._post("/sandbox/reset", {})

    def stop(self) -> int:
        """End it with SIGTERM; return its exit code. Does nothing when it does not run."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._reap()

    def kill(self) -> int:
        """End it with SIGKILL; return its exit code."""
        assert self._process is not None, "it does not run"
        self._process.kill()
        return self._reap()

    def wait(self) -> int:
        """Wait until it has ended by itself or by a signal; return its exit code."""
        return self._reap()

    def __enter__(self) -> Self:
        return self if self._process else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _reap(self) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        self._session.close()
        code = process.wait(timeout=30)
        os.write(2, Path(self._folder.name, "said.err").read_bytes())  # as if it had been ours
        self._folder.cleanup()
        return code

    def _get(self, path: str) -> requests.Response:
        return _checked(self._session.get(self.url + path, timeout=30))

    def _post(self, path: str, body: object) -> requests.Response:
        return _checked(self._session.post(self.url + path, json=body, timeout=30))


class Client:
    """Speaks to the API as a scheduler would, without any of ours."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {self.token()['accessToken']}"

    def token(self, app_id: str = "app", app_secret: str = "secret") -> dict[str, Any]:
        body = {"type": "application", "appId": app_id, "appSecret": app_secret}
        response = self.post(TOKEN, body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def post(self, path: str, body: object, **options: Any) -> requests.Response:
        return self.request("POST", path, json=body, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {"timeout": 20, "allow_redirects": False} | options
        return self.session.request(method, self.url + path, **options)

    def start(self, number: str = ANYBODY, **options: Any) -> requests.Response:
        return self.post(CONNECT, start_body(number), **options)

    def stop(self, connection_id: object, **options: Any) -> requests.Response:
        body = {"operation": "stop", "connectionId": connection_id}
        return self.post(CONNECT, body, **options)

    def started(self, number: str = ANYBODY, **more: object) -> dict[str, Any]:
        """Start a call with these fields besides; return what was answered."""
        return dict(self.post(CONNECT, start_body(number, **more)).json())

    def started_id(self, number: str = ANYBODY) -> str:
        return str(self.started(number)["connectionId"])

    def subscribe(
        self, connection_id: str, path: str = "/session/subscribe", **options: Any
    ) -> ClientConnection:
        """Open a WebSocket, with the token in a header unless the options say otherwise."""
        url = f"ws{self.url.removeprefix('http')}{path}/{connection_id}"
        token = str(self.session.headers["Authorization"]).removeprefix("Bearer ")
        options = {"additional_headers": {"x-api-key": token}, "proxy": None} | options
        return connect(url, **options)


def start_body(number: object = ANYBODY, **more: object) -> dict[str, object]:
    endpoint = {"type": "pstn", "phoneNumber": number, "dtmf": None}
    session = {"session": {"name": "batch/row-7"}}
    return {"operation": "start", "endpoint": endpoint, "data": session, **more}


def magic(ending: str) -> str:
    return f"+186755501{ending}"


def _words(name: str, value: object) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return ["--" + name.replace("_", "-"), *map(str, values)]


def _checked(response: requests.Response) -> requests.Response:
    assert response.ok, response.text
    return response
