"""`callsched sandbox`: a local server that behaves like a telephony API."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.cli import console, sandbox_options
from scheduler.errors import ConfigError
from scheduler.fields.urls import is_loopback
from scheduler.sandbox.server import serve


def sandbox(
    provider: sandbox_options.Provider = sandbox_options.FIRST,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.")] = 8800,
    limit: Annotated[
        int, typer.Option(min=0, help="Most live calls; one more start gets a 429.")
    ] = 20,
    latency: Annotated[str, typer.Option(help="How long a start takes to answer.")] = "50ms",
    hangup_after: Annotated[
        str | None,
        typer.Option(
            metavar="LEAST..MOST", help="Callees hang up after this long, such as 1s..5s."
        ),
    ] = None,
    hangup_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of callees that hang up.")
    ] = 1.0,
    journal: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Append every event to this file.")
    ] = None,
    until_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run a local server that behaves like the telephony API, and print its URL.

    It enforces a concurrency limit, its callees may hang up, and it logs every request: `GET
    /sandbox/journal`. Nobody is called.

    Example: `callsched sandbox --limit 10 --latency 200ms --hangup-after 1s..5s`
    """
    knobs: dict[str, Any] = {"limit": limit, "hangup_share": hangup_share}
    knobs["latency_seconds"] = sandbox_options.length("--latency", latency)
    if hangup_after is not None:
        knobs["hangup_after_seconds"] = sandbox_options.span("--hangup-after", hangup_after)
    box = sandbox_options.box_of(provider)
    if not is_loopback(host):
        console.warn(
            f"whoever reaches {host} can have this sandbox do anything that it can: it asks nobody"
            " for a password"
        )
    if until_fd is not None:
        threading.Thread(target=_leave_at_end_of, args=(until_fd,), daemon=True).start()
    try:
        chosen = box.knobs.model_validate(knobs)
        serve(box, chosen, host, port, journal, on_ready=typer.echo)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except OSError as error:
        if error.filename is not None:  # an error of a socket names no file
            raise ConfigError(f"--journal {error.filename}: {error.strerror}") from None
        raise typer.BadParameter(f"{host}:{port}: {error.strerror}", param_hint="--port") from None


def _leave_at_end_of(fd: int) -> None:
    """Exit when every process that needs this sandbox is gone: they hold the pipe's other end."""
    while os.read(fd, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
