"""What open event streams cost: starts a second with 200 of them and without any.

    python benchmarks/web_streams.py [RUNS] [CALLS] [STREAMS] [STARTS_A_SECOND]

Sandbox, Redis, workers, `callsched web`, the listeners and this program share the machine. Each of
RUNS pairs dials CALLS calls once while STREAMS listeners read every event, and once while nobody
listens; which comes first alternates. STARTS_A_SECOND is the campaign's pace, 0 for none. The rate
is that of the middle 80 % of the accepted starts; processor time is that of `callsched web`.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rate import run

TOKEN = "t" * 32
CALL_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run came to."""

    starts: float  #: a second
    web_seconds: float  #: of the processor, by the web process
    heard: int  #: events, by all listeners


def main() -> None:
    """Run in pairs and report."""
    if sys.argv[1:2] == ["--listen"]:
        listen(int(sys.argv[2]), int(sys.argv[3]))
        return
    given = [int(word) for word in sys.argv[1:]]
    runs, calls, streams, pace = [*given, *(5, 1000, 200, 100)[len(given) :]]
    found: dict[int, list[Seen]] = {streams: [], 0: []}
    for number in range(runs):
        for many in (streams, 0) if number % 2 else (0, streams):
            seen = measure(many, calls, pace)
            found[many].append(seen)
            print(f"{many:4} streams: {seen}", flush=True)
    with_, without = (median(each.starts for each in found[many]) for many in (streams, 0))
    print(f"starts a second      {with_:.1f} with {streams} streams, {without:.1f} without")
    print(f"what they cost       {1 - with_ / without:.1%} (medians of {runs} alternating pairs)")
    for many in (streams, 0):
        spent = median(each.web_seconds for each in found[many])
        print(f"web's processor time {spent:.2f} s a run with {many} streams")
    print(f"events heard         {median(each.heard for each in found[streams]):.0f} a run")


def measure(streams: int, calls: int, pace: int) -> Seen:
    """Dial once, with so many streams open."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with web(folder) as (port, process):
            with listening(port, streams) as heard:
                before = _used(process)
                journal = run(calls, CALL_SECONDS, False, folder, pace)
                spent = _used(process) - before
            return Seen(round(_rate(journal), 1), round(spent, 2), heard())


def _rate(journal: list[dict[str, Any]]) -> float:
    accepted = sorted(event["at"] for event in journal if event["event"] == "accepted")
    middle = accepted[len(accepted) // 10 : len(accepted) * 9 // 10]
    return float((len(middle) - 1) / (middle[-1] - middle[0]))


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def web(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Serve the ledger that the run will use."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment = os.environ | {
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_SYMBL_BASE_URL": "http://127.0.0.1:9",
        "CALLSCHED_SYMBL_APP_ID": "benchmark",
        "CALLSCHED_SYMBL_APP_SECRET": "benchmark",
        "CALLSCHED_WEB_TOKEN": TOKEN,
        "CALLSCHED_WEB_PORT": str(port),
    }
    command = [sys.executable, "-m", "scheduler.cli", "web"]
    with (
        (folder / "web.err").open("w") as said,
        subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process,
    ):
        try:
            _await(port)
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


@contextmanager
def listening(port: int, streams: int) -> Iterator[Any]:
    """Have a process of its own listen; yields what says how many events it heard."""
    if not streams:
        yield lambda: 0
        return
    command = [sys.executable, __file__, "--listen", str(port), str(streams)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline().strip() == "open"
        found: list[int] = []
        yield lambda: found[0]
        process.stdin.close()
        found.append(int(process.stdout.readline()))


def listen(port: int, streams: int) -> None:
    """Read streams until standard input ends, and count what they tell."""
    ready = selectors.DefaultSelector()
    ready.register(sys.stdin, selectors.EVENT_READ)
    ask = f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    ask += f"Authorization: Bearer {TOKEN}\r\n\r\n"
    for _ in range(streams):
        stream = socket.create_connection(("127.0.0.1", port))
        stream.sendall(ask.encode())
        assert b" 200 " in stream.recv(65536)
        ready.register(stream, selectors.EVENT_READ)
    print("open", flush=True)
    heard = 0
    while True:
        for key, _ in ready.select():
            if key.fileobj is sys.stdin:
                print(heard, flush=True)
                return
            assert isinstance(key.fileobj, socket.socket)
            heard += key.fileobj.recv(1 << 20).count(b"\ndata:")


if __name__ == "__main__":
    main()
