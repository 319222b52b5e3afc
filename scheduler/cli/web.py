"""`callsched web`: receive what providers tell of calls by themselves."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from scheduler.cli import console
from scheduler.fields.urls import is_loopback
from scheduler.settings import environment_of_child, read_settings


def web(
    callbacks_only: Annotated[
        bool,
        typer.Option("--callbacks-only", help="Receive callbacks, and offer no other page."),
    ] = False,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Listen here. Without it: CALLSCHED_WEB_HOST."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65_535, metavar="N", help="At this port. Without it: CALLSCHED_WEB_PORT."
        ),
    ] = None,
) -> None:
    """Receive what providers tell of live calls by themselves, at CALLSCHED_PUBLIC_URL.

    It verifies who says so, puts it into the ledger, and never dials. Workers need not run here.
    SIGHUP has it read the accounts' file again; SIGTERM lets it answer what is in hand.

    Example: `CALLSCHED_PUBLIC_URL=https://calls.example.com callsched web --callbacks-only`
    """
    chosen = {"CALLSCHED_WEB_HOST": host, "CALLSCHED_WEB_PORT": port}
    given = {name: str(value) for name, value in chosen.items() if value is not None}
    settings = read_settings(given)
    if not is_loopback(settings.web_host):
        console.warn(
            f"whoever reaches {settings.web_host} reaches it without TLS: have a proxy take"
            " CALLSCHED_PUBLIC_URL, and let nobody else in"
        )
    # In this same process: what stops it, and what waits for it, knows its id.
    command = [sys.executable, "-m", "scheduler.web"] + ["--callbacks-only"] * callbacks_only
    os.execve(sys.executable, command, environment_of_child(given))
