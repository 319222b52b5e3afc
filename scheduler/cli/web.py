"""`callsched web`: the console, the API, and what providers tell of calls by themselves."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from scheduler.cli import console
from scheduler.cli.suggested import here
from scheduler.fields.urls import is_loopback
from scheduler.settings import environment_of_child, read_settings


def web(
    callbacks_only: Annotated[
        bool,
        typer.Option("--callbacks-only", help="Serve only /callbacks/… and /healthz."),
    ] = False,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Address to listen on. Default: CALLSCHED_WEB_HOST."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65_535, metavar="N", help="Port to listen on. Default: CALLSCHED_WEB_PORT."
        ),
    ] = None,
) -> None:
    """Serve the console, the API, and the callbacks of providers.

    `/` is the console, `/api/v1` and `/openapi.json` the API, `/callbacks/…` takes providers'
    requests, each verified; also `/healthz`, `/readyz` and `/metrics`. It needs the ledger and no
    worker, and never dials. `callsched user` and `callsched token` say who has access. Without
    users and tokens it prints an address with a key that signs one person in, once, on this
    machine; on any address but loopback, or with CALLSCHED_PUBLIC_URL, it then serves only
    callbacks and `/healthz`. SIGHUP reloads the accounts file; SIGTERM finishes the requests in
    hand.

    Example: `callsched web`, or `CALLSCHED_PUBLIC_URL=https://calls.example.com callsched web`
    """
    chosen = {"CALLSCHED_WEB_HOST": host, "CALLSCHED_WEB_PORT": port}
    given = {name: str(value) for name, value in chosen.items() if value is not None}
    settings = read_settings(given)
    if callbacks_only and not is_loopback(settings.web_host):
        console.warn(
            f"whoever reaches {settings.web_host} reaches it without TLS: have a proxy take"
            " CALLSCHED_PUBLIC_URL, and let nobody else in"
        )
    # In this same process: what stops it, and what waits for it, knows its id.
    command = [sys.executable, "-m", "scheduler.web", "--called-as", here("callsched")]
    command += ["--callbacks-only"] * callbacks_only
    os.execve(sys.executable, command, environment_of_child(given))
