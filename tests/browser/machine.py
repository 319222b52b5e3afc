"""A machine that calls at a sandbox: `callsched web`, a worker, and a Redis, each as a process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Site
from tests.functional.test_monitoring import free_port
from tests.functional.twilio_site import twilio_site
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

TOKEN = "t" * 32
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs, and where it is reached."""

    site: Site
    sandbox: SandboxProcess
    url: str

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request to the API, as its administrator."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.request(
            method, f"{self.url}/api/v1{path}", headers=headers, timeout=30, **options
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def wait_for(self, campaign_id: str, state: str, at_least: int = 1) -> None:
        """Wait until so many calls of a campaign stand there."""
        wait_until(lambda: self.site.standing(campaign_id)["calls"][state] >= at_least)

    def wait_for_end(self, campaign_id: str) -> None:
        """Wait until a campaign is over."""
        wait_until(lambda: self.site.standing(campaign_id)["state"] == "finished")


@contextmanager
def started(home: Path, knobs: Mapping[str, object] = NOTHING, **env: object) -> Iterator[Machine]:
    """Start all of it; whatever was started is gone when the block is left."""
    port = free_port()
    with (
        SandboxProcess(provider="twilio", limit=60, calls_per_second=0) as sandbox,
        EmbeddedRedis(home / "redis") as redis,
        twilio_site(
            home,
            sandbox,
            CALLSCHED_REDIS_URL=redis.url,
            CALLSCHED_MAX_CONCURRENCY=60,
            CALLSCHED_WEB_PORT=port,
            CALLSCHED_WEB_TOKEN=TOKEN,
            CALLSCHED_PUBLIC_URL=f"http://127.0.0.1:{port}",
            **env,
        ) as site,
    ):
        sandbox.knobs(**knobs)
        machine = Machine(site, sandbox, f"http://127.0.0.1:{port}")
        site.start("web")
        worker = site.start("worker")
        wait_until(lambda: _is_up(machine.url))
        wait_until(lambda: "ready." in worker.err)
        yield machine


def _is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=30).ok
    except requests.ConnectionError:
        return False
