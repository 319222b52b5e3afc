"""`callsched worker`: dial, and keep deadlines, until told to leave."""

from __future__ import annotations

import gc
import os
from typing import Annotated, Literal

import typer

from scheduler.cli import options
from scheduler.settings import override, settings_of_worker


def worker(
    max_concurrency: options.MaxConcurrency = None,
    threads: Annotated[
        int | None, typer.Option(min=4, metavar="N", help="Threads; all but two can dial at once.")
    ] = None,
    loglevel: Annotated[
        Literal["debug", "info", "warning", "error", "critical", "fatal"],
        typer.Option(metavar="LEVEL", case_sensitive=False, help="debug, info, warning or error."),
    ] = "info",
    accounts: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Serve only these accounts of the file. Default: all."),
    ] = None,
    campaign: Annotated[str, typer.Option(hidden=True)] = "",
    parent_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    sibling: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
    unset: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run one worker of a pool: the same as `celery -A scheduler worker`.

    Start as many as you like, on as many machines as you like. A new worker stops overdue calls
    before it dials. On SIGTERM it finishes the work in hand.

    Example: `CALLSCHED_REDIS_URL=redis://redis:6379/0 callsched worker --max-concurrency 50`
    """
    chosen = {"CALLSCHED_MAX_CONCURRENCY": max_concurrency, "CALLSCHED_WORKER_THREADS": threads}
    given = {name: str(number) for name, number in chosen.items() if number is not None}
    override({**dict.fromkeys(unset or ()), **given})
    # What is imported stays: to look for garbage in it takes a tenth of the time of a start.
    gc.disable()
    # Only now: the application reads the settings when it is imported.
    from celery.utils.nodenames import host_format

    from scheduler.celery import app
    from scheduler.tasks import assign
    from scheduler.worker.assignment import Assignment
    from scheduler.worker.siblings import fork_siblings

    gc.freeze()
    gc.enable()
    fork_siblings(sibling or ())
    served = tuple(name.strip() for name in (accounts or "").split(",") if name.strip())
    assign(Assignment(served, campaign, parent_fd))
    # `celery worker` starts this same object. Its command line would be imported for nothing, with
    # the commands of every package that adds one.
    started = app.Worker(
        hostname=host_format(f"callsched-{os.getpid()}@%h"),
        loglevel=loglevel,
        quiet=settings_of_worker().log_format == "json",  # the banner is none
        without_gossip=True,
        without_mingle=True,
        # Nobody watches the workers of one `run`, and a message each two seconds costs as much as
        # a call does.
        without_heartbeat=bool(campaign),
    )
    started.start()
    raise typer.Exit(started.exitcode or 0)
