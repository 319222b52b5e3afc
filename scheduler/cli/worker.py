"""`callsched worker`: dial, and keep deadlines, until told to leave."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from scheduler.cli import options


def worker(
    max_concurrency: options.MaxConcurrency = None,
    threads: Annotated[
        int | None, typer.Option(min=4, metavar="N", help="Threads; all but two may dial at once.")
    ] = None,
    loglevel: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    campaign: Annotated[str, typer.Option(hidden=True)] = "",
    parent_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run one worker of a pool: the same as `celery -A scheduler worker`.

    Start as many as you like, on as many machines as you like. A worker that starts stops overdue
    calls before it dials. SIGTERM lets it finish what is in hand.

    Example: `CALLSCHED_REDIS_URL=redis://redis:6379/0 callsched worker --max-concurrency 50`
    """
    if max_concurrency is not None:
        os.environ["CALLSCHED_MAX_CONCURRENCY"] = str(max_concurrency)
    if threads is not None:
        os.environ["CALLSCHED_WORKER_THREADS"] = str(threads)
    # Only now: the application reads the environment when it is imported.
    from scheduler.celery import app
    from scheduler.settings import settings
    from scheduler.tasks import assign
    from scheduler.worker import Assignment

    assign(Assignment(campaign, parent_fd))
    quiet = ["--without-gossip", "--without-mingle"]
    if campaign:
        # Nobody watches the workers of one `run`, and a message each two seconds costs as much as
        # a call does.
        quiet.append("--without-heartbeat")
        # A schedule fires in a pool: its file may be on another machine than this one.
        quiet.append(f"--exclude-queues=launch.{settings().account}")
    name = f"--hostname=callsched-{os.getpid()}@%h"
    # The banner is no JSON.
    silent = ["--quiet"] if settings().log_format == "json" else []
    app.worker_main([*silent, "worker", f"--loglevel={loglevel}", name, *quiet])
