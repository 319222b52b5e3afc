"""`callsched web`: the console, the API, and the requests that providers send about live calls."""

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

    The console is at `/`, the API at `/api/v1` and `/openapi.json`. `/callbacks/…` takes requests
    from providers and verifies each. `/healthz`, `/readyz` and `/metrics` are for monitoring. It
    needs the ledger but no worker, and never dials.

    `callsched user` and `callsched token` say who has access. While there are no users and no
    tokens, it prints an address with a key that signs one person in, once, on this machine. If it
    then listens on another address than loopback, or CALLSCHED_PUBLIC_URL is set, it serves only
    callbacks, `/healthz` and `/readyz`. SIGHUP reloads the accounts file; on SIGTERM it finishes
    the requests in hand.

    Example: `callsched web`, or `CALLSCHED_PUBLIC_URL=https://calls.example.com callsched web`
    """
    chosen = {"CALLSCHED_WEB_HOST": host, "CALLSCHED_WEB_PORT": port}
    given = {name: str(value) for name, value in chosen.items() if value is not None}
    settings = read_settings(given)
    if callbacks_only and not is_loopback(settings.web_host):
        console.warn(
            f"requests to {settings.web_host} come without TLS: let a proxy with TLS answer at"
            " CALLSCHED_PUBLIC_URL, and let nothing but the proxy reach this port"
        )
    # In this same process, because a service that stops it or waits for it knows its id.
    command = [sys.executable, "-m", "scheduler.web", "--called-as", here("callsched")]
    command += ["--callbacks-only"] * callbacks_only
    os.execve(sys.executable, command, environment_of_child(given))
