"""What polls, and callbacks besides, reach at an API that rings: Twilio's sandbox.

    python benchmarks/twilio.py efficiency [CONTACTS] [--without-peer]
    python benchmarks/twilio.py callbacks [CONTACTS]
    python benchmarks/twilio.py throttled [CONTACTS]
    python benchmarks/twilio.py requests [CONTACTS]
    python benchmarks/twilio.py idle [SECONDS]

`efficiency`: a limit of 20 that nobody told, our ceiling 50; it rings for 0.5 to 2 s, calls last 1
to 5 s, and nobody tells of an end. The ideal is a queue before the slots that loses no time between
the lengths that the calls had; the polls' bound is the same queue, each of whose slots is free at
the next multiple of 2 s. The peer is in `twilio_peer.py`, with as many threads as the ceiling.
`callbacks`: the same by polls alone, with callbacks, and with a third of these lost.
`throttled`: the same, with none and with 20 % of all requests answered 429.
`requests`: how many the API is asked for each call, with 200 live whose far ends hang up after 20
to 60 s. `idle`: one worker with one account and nothing to call.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psutil
from campaign import numbers
from efficiency import (
    CEILING,
    LIMIT,
    Outcome,
    ideal_seconds,
    play_peer,
    read_journal,
)
from hangups import get, post
from launching import process
from spent import seconds_of

POLL_SECONDS, MANY = 2.0, 200
TWIML = '<Response><Pause length="600"/></Response>'
ACCOUNT, CALLER = "AC" + "0" * 32, "+12025550199"

#: Not on the command line: without a price no call is read once more when it is over.
SHORT = {"hangup_after_seconds": [1.0, 5.0], "ring_seconds": [0.5, 2.0], "limit": LIMIT}
LONG = {"hangup_after_seconds": [20.0, 60.0], "ring_seconds": [0.5, 2.0], "limit": MANY}

Way = Callable[[list[str], str, Path], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a run, and how long after its end each slot was free, where that is known."""

    outcome: Outcome
    free_after: list[float]


def environment(url: str, folder: Path) -> dict[str, str]:
    """Return the environment of a worker that calls through a sandbox."""
    return os.environ | {
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_CALLING_HOURS": "always",
        "CALLSCHED_TWILIO_BASE_URL": url,
        "CALLSCHED_TWILIO_ACCOUNT_SID": ACCOUNT,
        "CALLSCHED_TWILIO_AUTH_TOKEN": "benchmark",
        "CALLSCHED_CALLER_ID": CALLER,
        "CALLSCHED_MAX_STARTS_PER_SECOND": "0",
        "CALLSCHED_MAX_CONCURRENCY": str(CEILING),
    }


def ours(
    contacts: list[str],
    url: str,
    folder: Path,
    ceiling: int = CEILING,
    more: Mapping[str, str] | None = None,
) -> None:
    """Call them as a campaign; `more` are variables besides."""
    (folder / "contacts.csv").write_text("\n".join(["phone_number", *contacts]) + "\n")
    file = folder / "campaign.yaml"
    twiml = json.dumps(TWIML)
    file.write_text(f"contacts: contacts.csv\ninsights: []\ncall: {{twiml: {twiml}}}\n")
    command = [sys.executable, "-m", "scheduler.cli", "run", str(file), "--yes", "--json"]
    command += ["--max-duration", "10m", "--max-concurrency", str(ceiling)]
    command += ["--results", str(folder / "results.jsonl")]
    variables = environment(url, folder) | {"CALLSCHED_MAX_CONCURRENCY": str(ceiling)}
    variables |= more or {}
    with (folder / "run.err").open("w") as said:
        subprocess.run(command, env=variables, check=True, stdout=said, stderr=said)


def peers(contacts: list[str], url: str, folder: Path) -> None:
    """Call them as tasks, with two worker processes as `run` has."""
    variables = {
        "PEER_BASE_URL": url,
        "PEER_ACCOUNT": ACCOUNT,
        "PEER_CALLER": CALLER,
        "PEER_TWIML": TWIML,
        "PEER_TIME_LIMIT": "615",
        "PEER_THREADS": str(CEILING // 2),
    }
    play_peer("twilio_peer", variables, contacts, url, folder)


@contextmanager
def sandbox(knobs: dict[str, Any]) -> Iterator[str]:
    """Serve an API that dials at any pace."""
    words = [sys.executable, "-m", "scheduler.sandbox", "--provider", "twilio"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            url = running.stdout.readline().strip()
            post(f"{url}/sandbox/knobs", {"calls_per_second": 0, "price_after_seconds": 0, **knobs})
            yield url
        finally:
            running.terminate()


def measure(way: Way, contacts: list[str], knobs: dict[str, Any]) -> Seen:
    """Run one way to its end."""
    with tempfile.TemporaryDirectory() as name, sandbox(knobs) as url:
        folder, began_at = Path(name), time.time()
        # The sandbox is still running, so it is not in it; a private Redis is.
        used = seconds_of(lambda: way(contacts, url, folder))
        outcome = Outcome(read_journal(url), [(began_at, LIMIT)], used)
        assert not get(f"{url}/sandbox/live")["live"]
        return Seen(outcome, _free_after(outcome, folder / "results.jsonl"))


def _free_after(outcome: Outcome, results: Path) -> list[float]:
    """Return how long after the end of each call its slot was free."""
    if not results.exists():
        return []
    ended = {event["connection_id"]: event["at"] for event in outcome.of("ended")}
    found = [json.loads(line) for line in results.read_text().splitlines()]
    return sorted(one["ended_at"] - ended[one["connection_id"]] for one in found)


# Efficiency -------------------------------------------------------------------------------------


def bound_seconds(outcome: Outcome) -> float:
    """Return how long the limit needs where each slot is free at the next reading of the lists."""
    begun = {e["connection_id"]: e["at"] for e in outcome.of("accepted")}
    lengths = [e["at"] - begun[e["connection_id"]] for e in outcome.of("ended")]
    free_at, last = [0.0] * LIMIT, 0.0
    for length in lengths:
        over_at = heapq.heappop(free_at) + length
        last = max(last, over_at)
        heapq.heappush(free_at, math.ceil(over_at / POLL_SECONDS) * POLL_SECONDS)
    return last


def efficiency(outcome: Outcome) -> float:
    """Return the share of the ideal that was reached."""
    return ideal_seconds(outcome) / calling_seconds(outcome)


def calling_seconds(outcome: Outcome) -> float:
    """Return the time from the first start to the last end."""
    accepted, ended = outcome.of("accepted"), outcome.of("ended")
    return float(max(e["at"] for e in ended) - min(e["at"] for e in accepted))


def report(name: str, seen: Seen) -> None:
    """Print the figures that matter to a user."""
    outcome = seen.outcome
    calls, asked = len(outcome.of("accepted")), outcome.of("request")
    full = len(outcome.of("refused"))
    print(
        f"{name:10} {calling_seconds(outcome):6.1f} s   efficiency {efficiency(outcome):.3f}"
        f" (the polls' bound {ideal_seconds(outcome) / bound_seconds(outcome):.3f})"
        f"   refused for the limit {full / calls:.3f} a start"
        f"   requests {len(asked) / calls:.1f} a call"
        f"   processor {outcome.cpu_seconds / calls * 1000:.1f} ms a call",
        flush=True,
    )
    report_free(seen.free_after)


def report_free(found: list[float]) -> None:
    """Print how soon slots were free."""
    if found:
        p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
        print(
            f"           a slot is free after p50 {p50:.2f} s, p99 {p99:.2f} s, {found[-1]:.2f} s"
        )


def compare_peers(contacts: int, with_peer: bool) -> None:
    """Run ours, and the peer beside it."""
    ways: dict[str, Way] = {"ours": ours, "peer": peers} if with_peer else {"ours": ours}
    for name, way in ways.items():
        report(name, measure(way, numbers(contacts), SHORT))


def compare_callbacks(contacts: int) -> None:
    """Run by polls alone, then with callbacks to an address of this machine, and with fewer."""
    report("polls", measure(ours, numbers(contacts), SHORT))
    for name, lost in (("callbacks", 0.0), ("a third lost", 1 / 3)):
        knobs = SHORT | {"callbacks_lost": lost}
        seen = measure(partial(ours, more=_public()), numbers(contacts), knobs)
        report(name, seen)
        sent = seen.outcome.of("callback")
        print(f"           {len(sent)} callbacks sent")


def _public() -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "CALLSCHED_WEB_PORT": str(port),
        "CALLSCHED_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def compare_throttled(contacts: int) -> None:
    """Run with and without requests that are answered 429."""
    reached = []
    for share in (0.0, 0.2):
        seen = measure(ours, numbers(contacts), SHORT | {"throttle_share": share})
        report(f"{share:.0%} of 429", seen)
        reached.append(efficiency(seen.outcome))
    print(f"throttled against not: {reached[1] / reached[0]:.3f}")


# Requests ---------------------------------------------------------------------------------------


def kind_of(request: dict[str, Any]) -> str:
    """Return what a request was for."""
    if "Notifications" in request["path"]:
        return "notifications"
    if not request["path"].endswith("/Calls.json"):
        return "looks" if request["method"] == "GET" else "stops"
    if request["method"] == "POST":
        return "starts"
    names = parse_qs(request["query"])
    if "EndTime>" in names:
        return "lists of ended calls"
    return "lists of open calls" if "Status" in names else "other lists"


def count_requests(contacts: int) -> None:
    """Print how many requests there were for each call, by what they were for."""
    seen = measure(partial(ours, ceiling=MANY), numbers(contacts), LONG)
    outcome = seen.outcome
    calls = len(outcome.of("accepted"))
    most = max(event["live"] for event in outcome.of("accepted"))
    kinds = Counter(map(kind_of, outcome.of("request")))
    seconds = calling_seconds(outcome)
    print(f"{calls} calls in {seconds:.0f} s, {most} live at most")
    for kind, count in kinds.most_common():
        print(f"  {kind:22} {count / calls:6.2f} a call   {count / seconds:6.2f} a second")
    counted = kinds.total() - kinds["notifications"]
    print(f"requests a call, without notifications: {counted / calls:.2f}")
    report_free(seen.free_after)


# Idle -------------------------------------------------------------------------------------------


def idle(seconds: float) -> None:
    """Print what one worker costs that has nothing to do."""
    with tempfile.TemporaryDirectory() as name, sandbox({}) as url:
        folder = Path(name)
        variables = environment(url, folder)
        with process("worker", env=variables, log=folder / "worker.log") as worker:
            time.sleep(10)
            before, asked = _used(worker.pid), len(_requests(url))
            time.sleep(seconds)
            used = _used(worker.pid) - before
            later = len(_requests(url)) - asked
            resident = psutil.Process(worker.pid).memory_info().rss >> 20
    print(f"one idle account     {used / seconds:.2%} of a core, {resident} MiB resident")
    print(f"requests             {asked} at the start, then {later / seconds * 60:.1f} a minute")


def _used(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _requests(url: str) -> list[dict[str, Any]]:
    return [event for event in read_journal(url) if event["event"] == "request"]


#: What is measured, and of how many unless it is said.
MODES: dict[str, tuple[Callable[[int], None], int]] = {
    "efficiency": (partial(compare_peers, with_peer=True), 400),
    "callbacks": (compare_callbacks, 400),
    "throttled": (compare_throttled, 400),
    "requests": (count_requests, 800),
    "idle": (idle, 60),
}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=tuple(MODES))
    parser.add_argument("count", nargs="?", type=int, help="contacts, or seconds of idleness")
    parser.add_argument("--without-peer", action="store_true")
    given = parser.parse_args()
    if given.mode == "efficiency":
        compare_peers(given.count or 400, not given.without_peer)
    else:
        measured, count = MODES[given.mode]
        measured(given.count or count)


if __name__ == "__main__":
    main()
