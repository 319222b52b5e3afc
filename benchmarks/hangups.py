"""How soon a slot is free when the far end hangs up: 200 contacts, 20 slots, calls of 1 to 5 s.

    python benchmarks/hangups.py [completed|close|drop|refused]

`completed`: the API says that the conversation is over. `close`: the socket merely closes. `drop`:
all sockets are dropped at once in the middle, while the calls live. `refused`: no socket can be
had, so that only the deadline is left, 6 s here. The ideal is what a queue in front of the slots
needs for the lengths that the calls had, with no time lost between them.
"""

from __future__ import annotations

import heapq
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from campaign import numbers

CONTACTS, LIMIT = 200, 20
LENGTHS = (1.0, 5.0)

KNOBS: dict[str, dict[str, Any]] = {
    "completed": {"hangup_signal": "completed"},
    "close": {"hangup_signal": "close"},
    "drop": {"hangup_signal": "completed"},
    "refused": {"sockets": "refused"},
}


def post(url: str, body: dict[str, Any]) -> Any:
    """Ask the sandbox for something."""
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def get(url: str) -> Any:
    """Look at something of the sandbox's."""
    with urllib.request.urlopen(url) as answer:
        return json.loads(answer.read())


def run(signal: str, folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run a campaign to its end; return what the sandbox saw, and the results."""
    file = folder / "contacts.csv"
    file.write_text("\n".join(["phone_number", *numbers(CONTACTS)]) + "\n")
    journal, results = folder / "journal.jsonl", folder / "results.jsonl"
    words = [sys.executable, "-m", "scheduler.sandbox", "--limit", str(LIMIT)]
    words += ["--journal", str(journal), "--hangup-after", *map(str, LENGTHS)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            url = sandbox.stdout.readline().strip()
            post(f"{url}/sandbox/knobs", KNOBS[signal])
            if signal == "drop":
                threading.Timer(15.0, post, (f"{url}/sandbox/sockets/drop", {})).start()
            _call(file, url, folder, results, "6s" if signal == "refused" else "60s")
        finally:
            sandbox.terminate()
    return _lines(journal), _lines(results)


def _call(file: Path, url: str, folder: Path, results: Path, max_duration: str) -> None:
    command = [sys.executable, "-m", "scheduler.cli", "run", str(file), "--yes", "--json"]
    command += ["--max-duration", max_duration, "--max-concurrency", str(LIMIT)]
    command += ["--results", str(results)]
    environment = os.environ | {
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_CALLING_HOURS": "always",
        "CALLSCHED_SYMBL_BASE_URL": url,
        "CALLSCHED_SYMBL_APP_ID": "benchmark",
        "CALLSCHED_SYMBL_APP_SECRET": "benchmark",
    }
    began_at = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    print(f"the whole run took   {time.monotonic() - began_at:.1f} s, insights included")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def ideal(lengths: list[float]) -> float:
    """Return how long so many slots need for calls of these lengths, one after the other."""
    free_at = [0.0] * LIMIT
    for length in lengths:
        heapq.heappush(free_at, heapq.heappop(free_at) + length)
    return max(free_at)


def report(journal: list[dict[str, Any]], results: list[dict[str, Any]]) -> None:
    """Print the figures that matter to a user."""
    accepted = {e["connection_id"]: e["at"] for e in journal if e["event"] == "accepted"}
    ended = {e["connection_id"]: e for e in journal if e["event"] == "ended"}
    lengths = [ended[one]["at"] - at for one, at in accepted.items()]
    took = max(e["at"] for e in ended.values()) - min(accepted.values())
    by = [e["by"] for e in ended.values()]
    print(f"calling took         {took:.2f} s, {took / ideal(lengths):.3f} times the ideal")
    print(f"ended                {by.count('hangup')} by the far end, {by.count('stop')} by us")
    hung_up = {e["connection_id"]: e["at"] for e in ended.values() if e["by"] == "hangup"}
    first_stop: dict[str, float] = {}
    for event in journal:
        if event["event"] == "stop":
            first_stop.setdefault(event["connection_id"], event["at"])
    late = sorted(first_stop[one] - at for one, at in hung_up.items() if one in first_stop)
    if late:
        p50, p99 = late[len(late) // 2], late[int(len(late) * 0.99)]
        print(f"stop after a hang-up p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
    said = [record for record in results if record.get("transcript")]
    print(f"with a transcript    {len(said)} of {len(results)}")
    dispositions = sorted({record["disposition"] for record in results})
    counts = {name: sum(r["disposition"] == name for r in results) for name in dispositions}
    print(f"ended as             {counts}")


def main() -> None:
    """Run once and report."""
    signal = sys.argv[1] if len(sys.argv) > 1 else "completed"
    with tempfile.TemporaryDirectory() as folder:
        report(*run(signal, Path(folder)))


if __name__ == "__main__":
    main()
