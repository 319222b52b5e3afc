"""How long `callsched pause` takes while a hundred calls a second go out, and none leaves after.

    python benchmarks/pause.py [STARTS_PER_SECOND] [PAUSES]

Sandbox, Redis, both workers and this program share the machine. The campaign is paused and resumed
again and again; each time the last start that the sandbox saw must be before the moment at which
the command returned, and none may come before the next resume.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rate import contacts

#: How long calls go out between two pauses, and how long nothing may leave.
RUN_SECONDS, QUIET_SECONDS = 5.0, 2.0


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause; instants are of the one clock of this machine."""

    said_at: float
    returned_at: float
    quiet_until: float
    waited_seconds: float  #: for the starts under way, by the command's own account


@contextmanager
def running(folder: Path, rate: float, count: int) -> Iterator[dict[str, str]]:
    """Run a campaign at this rate; yields the environment of other commands."""
    (folder / "contacts.csv").write_text(contacts(count))
    policy = f"max_duration: 2s\ninsights: []\nmax_starts_per_second: {rate:g}\n"
    (folder / "c.yaml").write_text(f"contacts: contacts.csv\n{policy}")
    words = [sys.executable, "-m", "scheduler.sandbox", "--limit", "10000"]
    words += ["--journal", str(folder / "journal.jsonl")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        environment = os.environ | {
            "CALLSCHED_STATE_DIR": str(folder / "state"),
            "CALLSCHED_CALLING_HOURS": "always",
            "CALLSCHED_SYMBL_BASE_URL": sandbox.stdout.readline().strip(),
            "CALLSCHED_SYMBL_APP_ID": "benchmark",
            "CALLSCHED_SYMBL_APP_SECRET": "benchmark",
            "CALLSCHED_LISTENER_SOCKETS": "0",
            "CALLSCHED_MAX_CONCURRENCY": "10000",
        }
        with (folder / "run.err").open("w") as said:
            words = [*callsched("run"), str(folder / "c.yaml"), "--id", "c"]
            run = subprocess.Popen(words, env=environment, stdout=said, stderr=said)
        try:
            yield environment
        finally:
            run.terminate()
            run.wait()
            sandbox.terminate()


def callsched(*words: str) -> list[str]:
    """Return the words of a command."""
    return [sys.executable, "-m", "scheduler.cli", *words]


def pause_once(environment: dict[str, str]) -> Pause:
    """Let calls go out, pause, and see that nothing leaves for a while."""
    time.sleep(RUN_SECONDS)
    said_at = time.time()
    paused = subprocess.run(
        callsched("pause", "c", "--json"), env=environment, check=True, capture_output=True
    )
    returned_at = time.time()
    time.sleep(QUIET_SECONDS)
    quiet_until = time.time()
    subprocess.run(callsched("resume", "c"), env=environment, check=True, capture_output=True)
    return Pause(said_at, returned_at, quiet_until, json.loads(paused.stdout)["waited_seconds"])


def report(starts: Sequence[float], pauses: Sequence[Pause]) -> None:
    """Print the figures; fail when a start left after a pause had returned."""
    for each in pauses:
        assert not [at for at in starts if each.returned_at < at <= each.quiet_until], each
        before = [at for at in starts if at <= each.returned_at]
        rate = len([at for at in before if at > each.said_at - RUN_SECONDS + 1]) / (
            max(before) - (each.said_at - RUN_SECONDS + 1)
        )
        print(
            f"{rate:.0f} starts a second; pause returned after"
            f" {each.returned_at - each.said_at:.2f} s, of which {each.waited_seconds:.3f} s for"
            f" starts under way; the last start left {each.returned_at - max(before):.2f} s before"
        )


def main() -> None:
    """Run once and report."""
    rate = float(sys.argv[1]) if len(sys.argv) > 1 else 100.0
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = int(rate * (RUN_SECONDS + QUIET_SECONDS + 5) * (times + 1))
        with running(folder, rate, count) as environment:
            pauses = [pause_once(environment) for _ in range(times)]
        journal = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    report(sorted(each["at"] for each in journal if each["event"] == "start"), pauses)


if __name__ == "__main__":
    main()
