"""How fully a limit is used that nobody told us: against the plain way, with the same sandbox.

    python benchmarks/efficiency.py [steady|moving] [CONTACTS] [--plot PATH] [--without-peer]
                                    [--apart]

The sandbox's limit is 20, our ceiling 50; `moving` makes it 20, 8 and 30, a third of the time each.
Calls last 1 to 5 s and are stopped at 3 s. The ideal is what the limit of each moment allows for
the lengths that the calls had. The peer is in `peer.py`, with as many threads as the ceiling.

The processor time of a call includes Redis and the start of all processes. `--apart` also says what
one call more costs, from a second run with a tenth of the contacts, and has a third way: ours
without sockets, which does what the peer does, and keeps the ledger.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign import numbers
from hangups import get, post
from spent import seconds_of

from scheduler.ledger.redis.embedded import EmbeddedRedis

LIMIT, CEILING, SECONDS, LENGTHS = 20, 50, 3.0, (1.0, 5.0)
MEAN_SECONDS = 2.5
HERE = Path(__file__).parent

Event = dict[str, Any]
Way = Callable[[list[str], str, Path], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sandbox saw of a run."""

    journal: list[Event]
    limits: list[tuple[float, int]]  #: from when on which limit held
    cpu_seconds: float

    def of(self, name: str) -> list[Event]:
        """Return the events of this name."""
        return [event for event in self.journal if event["event"] == name]


def ours(contacts: list[str], url: str, folder: Path, **variables: str) -> None:
    """Call them as a campaign."""
    (folder / "contacts.csv").write_text("\n".join(["phone_number", *contacts]) + "\n")
    file = folder / "campaign.yaml"
    file.write_text("contacts: contacts.csv\ninsights: []\n")
    command = [sys.executable, "-m", "scheduler.cli", "run", str(file), "--yes", "--json"]
    command += ["--max-duration", f"{SECONDS:g}s", "--max-concurrency", str(CEILING)]
    environment = os.environ | {
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_CALLING_HOURS": "always",
        "CALLSCHED_SYMBL_BASE_URL": url,
        "CALLSCHED_SYMBL_APP_ID": "benchmark",
        "CALLSCHED_SYMBL_APP_SECRET": "benchmark",
        **variables,
    }
    with (folder / "run.err").open("w") as said:
        subprocess.run(command, env=environment, check=True, stdout=said, stderr=said)


def deaf(contacts: list[str], url: str, folder: Path) -> None:
    """Call them as a campaign that listens to no call, and so notices no hang-up."""
    ours(contacts, url, folder, CALLSCHED_LISTENER_SOCKETS="0")


def peers(contacts: list[str], url: str, folder: Path) -> None:
    """Call them as tasks, with two worker processes as `run` has."""
    body = {"type": "application", "appId": "benchmark", "appSecret": "benchmark"}
    token = post(f"{url}/oauth2/token:generate", body)["accessToken"]
    environment = {
        "PEER_BASE_URL": url,
        "PEER_TOKEN": token,
        "PEER_SECONDS": str(SECONDS),
        "PEER_THREADS": str(CEILING // 2),
    }
    play_peer("peer", environment, contacts, url, folder)


def play_peer(
    module: str, variables: dict[str, str], contacts: list[str], url: str, folder: Path
) -> None:
    """Call them as tasks of a module beside this one, until the sandbox has seen each end."""
    with EmbeddedRedis(folder / "state") as redis:
        environment = os.environ | variables | {"PEER_REDIS": redis.broker_url}
        worker = [sys.executable, "-m", "celery", "-A", module, "worker", "--loglevel", "ERROR"]
        with (folder / "peer.err").open("w") as said:
            workers = [
                subprocess.Popen(
                    [*worker, "-n", f"peer{one}"],
                    env=environment,
                    cwd=HERE,
                    stdout=said,
                    stderr=said,
                )
                for one in range(2)
            ]
            try:
                _send(module, environment, contacts)
                _until_over(url, len(contacts))
            finally:
                for process in workers:
                    process.terminate()
                for process in workers:
                    process.wait()


def _send(module: str, environment: dict[str, str], contacts: list[str]) -> None:
    calls = f"import sys, {module} as peer\nfor number in sys.stdin.read().split():"
    subprocess.run(
        [sys.executable, "-c", f"{calls} peer.call.delay(number)"],
        env=environment,
        cwd=HERE,
        input="\n".join(contacts),
        text=True,
        check=True,
    )


def _until_over(url: str, count: int) -> None:
    ended, since = 0, 0
    while ended < count:
        time.sleep(0.5)
        with_text = read_journal(url, since)
        since += len(with_text)
        ended += sum(event["event"] == "ended" for event in with_text)


def read_journal(url: str, since: int = 0) -> list[Event]:
    """Return what the sandbox has seen since then."""
    import urllib.request

    with urllib.request.urlopen(f"{url}/sandbox/journal?since={since}") as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


@contextmanager
def sandbox() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve an API with the hidden limit; its URL, and the process."""
    words = [sys.executable, "-m", "scheduler.sandbox", "--limit", str(LIMIT)]
    words += ["--hangup-after", *map(str, LENGTHS), "--line-every", "60"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()


def measure(way: Way, contacts: list[str], moving: bool) -> Outcome:
    """Run one way to its end."""
    third = len(contacts) * MEAN_SECONDS / LIMIT / 3
    limits = [(time.time(), LIMIT)]
    with tempfile.TemporaryDirectory() as folder, sandbox() as (url, _):

        def move() -> None:
            for limit in (8, 30):
                time.sleep(third)
                post(f"{url}/sandbox/knobs", {"limit": limit})
                limits.append((time.time(), limit))

        if moving:
            threading.Thread(target=move, daemon=True).start()
        # The sandbox is still running, so it is not in it; a private Redis is.
        used = seconds_of(lambda: way(contacts, url, Path(folder)))
        journal = read_journal(url)
        assert not get(f"{url}/sandbox/live")["live"]
    return Outcome(journal, limits, used)


def ideal_seconds(outcome: Outcome) -> float:
    """Return how long the limit of each moment needs for the lengths that the calls had."""
    begun = {e["connection_id"]: e["at"] for e in outcome.of("accepted")}
    lengths = [e["at"] - begun[e["connection_id"]] for e in outcome.of("ended")]
    if len(outcome.limits) == 1:
        free_at = [0.0] * LIMIT
        for length in lengths:
            heapq.heappush(free_at, heapq.heappop(free_at) + length)
        return max(free_at)
    began_at, work = min(begun.values()), sum(lengths)
    steps = [*outcome.limits[1:], (float("inf"), 0)]
    at, limit, total = began_at, outcome.limits[0][1], 0.0
    for until, following in steps:
        needed = work / limit
        if at + needed <= until:
            return float(total + needed)
        work -= (until - at) * limit
        total += until - at
        at, limit = until, following
    raise AssertionError("unreachable")


def report(name: str, outcome: Outcome) -> None:
    """Print the figures that matter to a user."""
    accepted = outcome.of("accepted")
    took = max(e["at"] for e in outcome.of("ended")) - min(e["at"] for e in accepted)
    refused = len(outcome.of("refused"))
    efficiency = ideal_seconds(outcome) / took
    milliseconds = outcome.cpu_seconds / len(accepted) * 1000
    print(
        f"{name:6} {took:7.1f} s   efficiency {efficiency:.3f}   refusals per start"
        f" {refused / len(accepted):.4f}   processor {milliseconds:.1f} ms a call",
        flush=True,
    )


def report_apart(name: str, outcome: Outcome, shorter: Outcome) -> None:
    """Print what one call more costs, and what a run costs without any."""
    calls, fewer = (len(each.of("accepted")) for each in (outcome, shorter))
    each_seconds = (outcome.cpu_seconds - shorter.cpu_seconds) / (calls - fewer)
    rest = outcome.cpu_seconds - each_seconds * calls
    print(f"{name:6} processor {each_seconds * 1000:.1f} ms for one call more, {rest:.1f} s a run")


#: What the plot calls them, and in which colours: also for eyes that tell few apart.
_DRAWN = {"ours": ("callsched", "#0b62a4"), "peer": ("one task for each number", "#c05a00")}


def plot(outcomes: dict[str, Outcome], path: Path) -> None:
    """Draw the open calls over time, each second's mean."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    longest = 0
    for name, outcome in reversed(outcomes.items()):  # ours on top
        label, colour = _DRAWN[name]
        means = list(_means(outcome))
        longest = max(longest, len(means))
        axes.step(range(len(means)), means, where="post", label=label, color=colour)
    began_at, (first, *others) = outcome.of("accepted")[0]["at"], outcome.limits
    limits = [(0.0, first[1]), *((since - began_at, limit) for since, limit in others)]
    limits.append((float(longest), limits[-1][1]))
    axes.step(*zip(*limits, strict=True), where="post", ls=":", color="grey", label="the limit")
    axes.set(xlabel="seconds", ylabel="open calls", xlim=(0, None), ylim=(0, None))
    axes.locator_params(axis="y", integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120, bbox_inches="tight")


def _means(outcome: Outcome) -> Iterator[float]:
    """Yield how many calls were open in each second, on average."""
    events = [event for event in outcome.journal if event["event"] in ("accepted", "ended")]
    at, live, second, total = events[0]["at"], 0, events[0]["at"] + 1, 0.0
    for event in events:
        while event["at"] >= second:
            yield total + live * (second - at)
            at, second, total = second, second + 1, 0.0
        total += live * (event["at"] - at)
        at, live = event["at"], event["live"]
    yield total


def main() -> None:
    """Run both ways and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("limit", nargs="?", choices=("steady", "moving"), default="steady")
    parser.add_argument("contacts", nargs="?", type=int, default=1000)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--apart", action="store_true")
    given = parser.parse_args()
    ways: dict[str, Way] = {"ours": ours}
    ways |= {"deaf": deaf} if given.apart else {}
    ways |= {} if given.without_peer else {"peer": peers}
    outcomes, is_moving = {}, given.limit == "moving"
    for name, way in ways.items():
        outcomes[name] = measure(way, numbers(given.contacts), is_moving)
        report(name, outcomes[name])
        if given.apart:
            shorter = measure(way, numbers(given.contacts // 10), is_moving)
            report_apart(name, outcomes[name], shorter)
    if given.plot:
        plot(outcomes, given.plot)


if __name__ == "__main__":
    main()
