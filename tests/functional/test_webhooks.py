"""A campaign with webhooks: what a receiver gets, and that a silent one holds up nobody."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.functional.campaign import Command, Judge, Site, numbers
from tests.sandbox_process import SandboxProcess

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four b").decode()


@dataclass
class Receiver:
    """A server of somebody else's. What it is sent is kept as it came."""

    refusals: int = 0  #: so many messages are answered 503 first
    silent: bool = False  #: it takes connections and says nothing
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Receiver:
        receiver, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.silent:
                    receiver.over.wait()
                    return
                with lock:
                    receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    refused = len(receiver.got) <= receiver.refusals
                self.send_response(503 if refused else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hooks/callsched"

    def messages(self) -> list[dict[str, Any]]:
        """Return what was told, once each; every message is signed."""
        told: dict[str, dict[str, Any]] = {}
        for headers, body in self.got:
            told[headers["webhook-id"]] = Webhook(SECRET).verify(body, headers)
        return list(told.values())


@dataclass
class Told:
    site: Site
    run: Command
    receiver: Receiver
    judge: Judge


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A campaign of three calls and a refused row; the first two messages are not taken."""
    home = tmp_path_factory.mktemp("webhooks")
    with (
        SandboxProcess(limit=10) as sandbox,
        Receiver(refusals=2) as receiver,
        Receiver(silent=True) as silent,
        Site(home, sandbox.url, CALLSCHED_WEBHOOK_SECRET=SECRET) as site,
    ):
        document = campaign(home, [receiver.url, {"url": silent.url, "events": ["call.ended"]}])
        yield Told(
            site, site.call("run", document, "--id", "told", "--json"), receiver, Judge(sandbox)
        )


def campaign(home: Path, webhooks: object) -> str:
    people = "\n".join(f"  - {number}" for number in ["+1911", *numbers(3)])
    contacts = people.replace("- ", "- phone_number: ")
    (home / "told.yaml").write_text(
        f"max_duration: 1s\ninsights: [transcript]\nwebhooks: {json.dumps(webhooks)}\n"
        f"contacts:\n{contacts}\n"
    )
    return str(home / "told.yaml")


def test_a_run_tells_and_leaves_what_nobody_takes_to_other_workers(told: Told) -> None:
    assert told.run.wait() == 0, told.run.err
    assert told.judge.accepted == dict.fromkeys(numbers(3), 1)
    assert "messages to webhooks were not taken yet" in told.run.err


def test_every_call_that_had_its_turn_and_the_campaign_are_told_once(told: Told) -> None:
    told.run.wait()
    messages = told.receiver.messages()
    calls = [message["data"] for message in messages if message["type"] == "call.ended"]
    (finished,) = [message for message in messages if message["type"] == "campaign.finished"]

    assert sorted(call["phone_number"] for call in calls) == sorted(numbers(3))
    assert {(call["disposition"], call["campaign_id"]) for call in calls} == {("stopped", "told")}
    assert all(call["transcript"] for call in calls)
    assert finished["data"]["dispositions"] == {"skipped:emergency_number": 1, "stopped": 3}
    assert finished["timestamp"].endswith("Z")


def test_what_is_refused_is_sent_again_under_its_id(told: Told) -> None:
    told.run.wait()
    ids = [headers["webhook-id"] for headers, _ in told.receiver.got]

    assert len(ids) == 4 + 2
    assert len(set(ids)) == 4


def test_a_message_that_was_changed_is_not_signed(told: Told) -> None:
    told.run.wait()
    headers, body = told.receiver.got[0]

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


def test_nothing_is_told_without_a_secret(told: Told) -> None:
    document = campaign(told.site.home, ["http://127.0.0.1:9/"])

    refused = told.site.call("run", document, "--id", "mute", env={"CALLSCHED_WEBHOOK_SECRET": ""})

    assert refused.wait() == 1
    assert "CALLSCHED_WEBHOOK_SECRET" in refused.err
