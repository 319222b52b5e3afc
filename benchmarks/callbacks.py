"""How fast one receiver answers what a provider tells by itself.

    python benchmarks/callbacks.py [A SECOND] [SECONDS]

Live calls are put into a private Redis without a worker, and signed reports of how far they have
come (initiated, ringing, in-progress, completed) are sent at a steady pace over connections that
stay open. Each latency counts from the instant at which its request was due. The same is measured
of `/healthz`, which asks Redis for one key: what is left is the price of verifying and recording.
Clients, Redis and receiver share the machine.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import watch

from scheduler.ledger import callbacks as told_of
from scheduler.ledger import calls
from scheduler.ledger.calls import Ringing, Wait
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Attempt, Connection
from scheduler.operations.listening import behind
from scheduler.providers import CallbackPlace, Topic

SID, TOKEN = "AC" + "0" * 32, "benchmark"
STATUSES = ("initiated", "ringing", "in-progress", "completed")
CONNECTIONS = 32
DURATION, RING = 600.0, 60.0


@dataclass
class Seen:
    """What was answered, and how late each answer was."""

    late: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def told(self, name: str) -> str:
        """Return it as a line."""
        late = sorted(self.late)
        at = [late[int(share * (len(late) - 1))] * 1000 for share in (0.5, 0.99, 1.0)]
        answered = ", ".join(
            f"{count:,} answered {status}" for status, count in self.statuses.items()
        )
        return (
            f"{name:<10} p50 {at[0]:6.1f} ms  p99 {at[1]:6.1f} ms  max {at[2]:6.1f} ms  {answered}"
        )


def live_calls(ledger: Ledger, count: int) -> list[tuple[Attempt, str]]:
    """Bring so many calls to where their provider has them; return their connections."""
    watch.load(ledger, 1, count)
    found = []
    for _ in range(count):
        claim = calls.claim(
            ledger, watch.ACCOUNT, calls.Bid(uuid4().hex, ceiling=2 * count, only="c-0")
        )
        assert claim is not None and not isinstance(claim, float)
        whose, sid = (ledger, watch.ACCOUNT, claim.attempt), f"CA{uuid4().hex}"
        rings = Ringing(RING, DURATION)
        assert calls.begin(*whose, "t", max_duration_seconds=DURATION, ringing=rings)
        calls.connect(
            *whose,
            Connection(sid, ""),
            answered_ago_seconds=0.0,
            max_duration_seconds=DURATION,
            wait=Wait("queued", RING),
        )
        found.append((claim.attempt, sid))
    return found


def reports(public_url: str, live: Sequence[tuple[Attempt, str]]) -> Iterator[bytes]:
    """Yield the requests in the order in which they are sent: every call's first, then second…"""
    for sequence, status in enumerate(STATUSES):
        for attempt, sid in live:
            url = CallbackPlace(public_url, watch.ACCOUNT, attempt).url(Topic.STATUS)
            form = {
                "AccountSid": SID,
                "ApiVersion": "2010-04-01",
                "CallSid": sid,
                "CallStatus": status,
                "CallbackSource": "call-progress-events",
                "Direction": "outbound-api",
                "From": "+12025550199",
                "SequenceNumber": str(sequence),
                "Timestamp": formatdate(time.time()),
                "To": "+12025550143",
            }
            yield post(url.removeprefix(public_url), form, signature(url, form))


def signature(url: str, form: dict[str, str]) -> str:
    """Sign as the provider does."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def post(path: str, form: dict[str, str], signed: str) -> bytes:
    """Write a request."""
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: elsewhere.example.com\r\nX-Twilio-Signature: {signed}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def drive(port: int, requests: Sequence[bytes], rate: float) -> Seen:
    """Send requests at a steady pace, each as soon as it is due and a connection is free."""
    seen, queue = Seen(), asyncio.Queue[tuple[float, bytes]]()
    began_at = time.perf_counter() + 0.2
    for number, request in enumerate(requests):
        queue.put_nowait((began_at + number / rate, request))

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not queue.empty():
            due_at, request = queue.get_nowait()
            await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            if "content-length: " in head:
                await reader.readexactly(int(head.split("content-length: ")[1].split("\r")[0]))
            seen.late.append(time.perf_counter() - due_at)
            seen.statuses[head.split()[1]] += 1
        writer.close()

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return seen


@contextmanager
def receiver(state: Path, port: int) -> Iterator[str]:
    """Run a receiver for as long as the block lasts; yield its public URL."""
    url = f"http://127.0.0.1:{port}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("CALLSCHED_")}
    env |= {
        "CALLSCHED_STATE_DIR": str(state),
        "CALLSCHED_ACCOUNT": watch.ACCOUNT,
        "CALLSCHED_TWILIO_BASE_URL": "http://127.0.0.1:9",
        "CALLSCHED_TWILIO_ACCOUNT_SID": SID,
        "CALLSCHED_TWILIO_AUTH_TOKEN": TOKEN,
        "CALLSCHED_WEB_PORT": str(port),
    }
    command = [sys.executable, "-m", "scheduler.web", "--callbacks-only"]
    with (state / "web.log").open("wb") as log:
        running = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        while not behind(url).ledger:
            assert running.poll() is None, (state / "web.log").read_text()
            time.sleep(0.05)
        yield url
    finally:
        running.terminate()
        running.wait(30)
        for line in (state / "web.log").read_text().splitlines()[:20]:
            if "ERROR" in line or "Error" in line:
                print(line)


def main() -> None:
    """Measure callbacks, and an answer that needs neither a signature nor a record."""
    rate, seconds = (*map(float, sys.argv[1:]), *(200.0, 20.0)[len(sys.argv) - 1 :])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as redis:
        ledger = Ledger(redis.url)
        ledger.open()
        live = live_calls(ledger, int(rate * seconds / len(STATUSES)))
        with receiver(Path(folder), port) as url:
            every = list(reports(url, live))
            empty = [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"] * len(every)
            seen = {
                name: asyncio.run(drive(port, requests, rate))
                for name, requests in (("/healthz", empty), ("callbacks", every))
            }
        read = len(told_of.take_reported(ledger, watch.ACCOUNT, 2 * len(live)))
        ledger.close()
    print(f"{len(every):,} requests each, {rate:.0f} a second, {len(live):,} live calls")
    for name, one in seen.items():
        print(one.told(name))
    empty_late, late = (sorted(one.late) for one in seen.values())
    halves = (int(share * (len(every) - 1)) for share in (0.5, 0.99))
    p50, p99 = (late[at] / empty_late[at] for at in halves)
    print(f"{read:,} calls are to be read, for their end was told")
    print(f"callbacks take {p50:.1f} times (p50) and {p99:.1f} times (p99) as long")


if __name__ == "__main__":
    main()
