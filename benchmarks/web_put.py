"""What a campaign of many contacts costs that comes in over HTTP: seconds, and memory.

    python benchmarks/web_put.py [ROWS [FORMAT …]]

A real `callsched web` with a private Redis takes it by PUT, as CSV, JSON Lines and JSON, one after
the other, each in a process of its own. Resident sizes are the largest of the web process alone,
of it with its helper, and of Redis. Nobody is called: no worker runs.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

TOKEN = "benchmark-benchmark"
TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson", "json": "application/json"}
POLICY = '{"call":{"script":[{"say":"Hello"}]}}'


def rows(ending: str, count: int) -> Iterator[str]:
    """Yield a campaign of so many made-up persons."""
    if ending == "csv":
        yield "phone_number,id,name\n"
    elif ending == "json":
        yield '{"call":{"script":[{"say":"Hello"}]},"contacts":['
    for n in range(count):
        number, name = f"+1202{2_000_000 + n}", f"Marguerite Example {n}"
        if ending == "csv":
            yield f"{number},C-{n:08d},{name}\n"
        else:
            text = json.dumps({"phone_number": number, "id": f"C-{n:08d}", "name": name})
            yield text + "\n" if ending == "jsonl" else f"{',' if n else ''}{text}"
    if ending == "json":
        yield "]}"


class Sizes(threading.Thread):
    """Looks ten times a second how large the processes are."""

    def __init__(self, pid: int, folder: str) -> None:
        super().__init__(daemon=True)
        self._web = psutil.Process(pid)
        self._folder = folder
        self.web = self.both = self.redis = 0

    def run(self) -> None:
        """Look until the web process is gone."""
        redis = [
            each
            for each in psutil.process_iter(["name", "cmdline"])
            if each.info["name"] == "redis-server"
            and (self._folder in " ".join(each.info["cmdline"]) or self._is_there(each))
        ]
        with suppress(psutil.NoSuchProcess):
            while True:
                web = self._web.memory_info().rss
                others = sum(
                    each.memory_info().rss for each in self._web.children() if each not in redis
                )
                self.web, self.both = max(self.web, web), max(self.both, web + others)
                self.redis = max(self.redis, *(each.memory_info().rss for each in redis), 0)
                time.sleep(0.1)

    def _is_there(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return process.cwd().startswith(self._folder)
        return False


def measured(ending: str, count: int) -> None:
    """Start a site, put one campaign, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        body, port = Path(folder, f"body.{ending}"), 18_480
        with body.open("w") as file:
            file.writelines(rows(ending, count))
        env = os.environ | {
            "CALLSCHED_STATE_DIR": f"{folder}/state",
            "CALLSCHED_TWILIO_BASE_URL": "http://127.0.0.1:9",
            "CALLSCHED_TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
            "CALLSCHED_TWILIO_AUTH_TOKEN": "2" * 32,
            "CALLSCHED_CALLER_ID": "+12025550199",
            "CALLSCHED_WEB_TOKEN": TOKEN,
            "CALLSCHED_WEB_PORT": str(port),
        }
        web = subprocess.Popen([sys.executable, "-m", "scheduler.web"], env=env, stderr=-3)
        try:
            wait_for(port)
            sizes = Sizes(web.pid, folder)
            before = psutil.Process(web.pid).memory_info().rss
            sizes.start()
            began = time.monotonic()
            status, answer = put(port, body, ending)
            seconds = time.monotonic() - began
        finally:
            web.terminate()
            web.wait(30)
        total = answer.get("total", answer)
        print(
            f"{ending}: {body.stat().st_size / 1e6:.0f} MB, {status}, {total} rows in"
            f" {seconds:.1f} s; web {before / 1e6:.0f} -> {sizes.web / 1e6:.0f} MB, with its helper"
            f" {sizes.both / 1e6:.0f} MB; Redis {sizes.redis / 1e6:.0f} MB",
            flush=True,
        )


def put(port: int, body: Path, ending: str) -> tuple[int, dict[str, object]]:
    """Send a file as a campaign."""
    path = f"/api/v1/campaigns/{ending}"
    if ending != "json":
        path += f"?policy={POLICY}"
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": TYPES[ending],
        "Content-Length": str(body.stat().st_size),
    }
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=1200)
    with body.open("rb") as file:
        wire.request("PUT", path, body=file, headers=headers)
        answer = wire.getresponse()
        return answer.status, dict(json.loads(answer.read()))


def wait_for(port: int) -> None:
    """Return when it answers."""
    for _ in range(300):
        try:
            wire = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            wire.request("GET", "/healthz")
            wire.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the site does not answer")


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for kind in sys.argv[2:] or TYPES:
        measured(kind, many)
