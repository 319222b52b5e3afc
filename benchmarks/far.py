"""What a network between the workers and their Redis costs: 1 and 4 workers, 0 and 1 ms away.

    python benchmarks/far.py [CALLS] [SECONDS] [RUNS]

A proxy of a process of its own hands on each piece of what workers and Redis say half of the delay
later, so that a question and its answer take all of it. It stands in between at 0 ms, too, for it
needs a processor as well; Redis, the sandbox, the workers and it share the machine. Every call is
stopped after SECONDS. Medians of RUNS, with the least and the most; beside them what Redis did for
a call, by its own INFO: commands, and processor time.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import rate
from redis import Redis

from scheduler.ledger.redis.embedded import EmbeddedRedis

WORKERS = (1, 4)
MILLISECONDS = (0.0, 1.0)


async def _hand_on(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, delay_seconds: float
) -> None:
    """Hand on what comes, each piece after the delay and none before an earlier one."""
    loop, waiting, came = asyncio.get_running_loop(), deque[tuple[float, bytes]](), asyncio.Event()

    async def send() -> None:
        while True:
            await came.wait()
            came.clear()
            while waiting:
                at, piece = waiting.popleft()
                if (left := at - loop.time()) > 0:
                    await asyncio.sleep(left)
                if not piece:
                    target.close()
                    return
                target.write(piece)

    sending = asyncio.create_task(send())
    while piece := await source.read(65536):
        waiting.append((loop.time() + delay_seconds, piece))
        came.set()
    waiting.append((loop.time(), b""))
    came.set()
    await sending


async def serve(path: str, delay_seconds: float) -> None:
    """Stand between whoever comes and the Redis at a socket file, and print the port."""
    both: set[asyncio.Task[None]] = set()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis_reader, redis_writer = await asyncio.open_unix_connection(path)
        for source, target in ((reader, redis_writer), (redis_reader, writer)):
            both.add(task := asyncio.create_task(_hand_on(source, target, delay_seconds / 2)))
            task.add_done_callback(both.discard)

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def _far(redis: EmbeddedRedis, milliseconds: float) -> Iterator[str]:
    """Have the Redis so far away; its URL from there."""
    words = [sys.executable, __file__, "--serve", urlsplit(redis.url).path, str(milliseconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout is not None
            yield f"redis://127.0.0.1:{proxy.stdout.readline().strip()}/0"
        finally:
            proxy.kill()


class Found(NamedTuple):
    """What a run came to."""

    starts_per_second: float
    commands: float  #: of Redis, a call
    redis_milliseconds: float  #: of a processor, a call


def run(calls: int, seconds: float, workers: int, milliseconds: float, folder: Path) -> Found:
    """Run a campaign to its end."""
    with EmbeddedRedis(folder / "redis") as redis, _far(redis, milliseconds) as url:
        settings = {"CALLSCHED_REDIS_URL": url}
        journal = rate.run(calls, seconds, False, folder, settings=settings, workers=workers)
        client = Redis.from_url(redis.url)
        did: dict[str, Any] = client.info("everything")
        client.close()
    used = did["used_cpu_user"] + did["used_cpu_sys"]
    commands = did["total_commands_processed"]
    return Found(starts_per_second(journal), commands / calls, used / calls * 1000)


def starts_per_second(journal: list[dict[str, Any]]) -> float:
    """Return the rate of the middle 80 % of the accepted starts."""
    accepted = sorted(event["at"] for event in journal if event["event"] == "accepted")
    middle = accepted[len(accepted) // 10 : len(accepted) * 9 // 10]
    return float(len(middle) / (middle[-1] - middle[0]))


def main() -> None:
    """Run each so many times, in turn, and report."""
    given = [float(word) for word in sys.argv[1:]]
    calls, seconds, runs = [*given, *[2000.0, 5.0, 3.0][len(given) :]]
    each = [(workers, away) for workers in WORKERS for away in MILLISECONDS]
    found: dict[tuple[int, float], list[Found]] = {one: [] for one in each}
    for _ in range(int(runs)):
        for one in each:
            with tempfile.TemporaryDirectory() as folder:
                found[one].append(run(int(calls), seconds, *one, Path(folder)))
    for (workers, away), every in found.items():
        rates = [one.starts_per_second for one in every]
        spread = f"{min(rates):.0f} to {max(rates):.0f}"
        commands = median(one.commands for one in every)
        used = median(one.redis_milliseconds for one in every)
        print(
            f"{workers} workers, {away:g} ms   {median(rates):5.0f} starts a second ({spread})"
            f"   a call: {commands:.1f} commands, {used:.2f} ms of Redis"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(sys.argv[2], float(sys.argv[3]) / 1000))
    else:
        main()
