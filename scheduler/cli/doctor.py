"""`callsched doctor`: checks everything on which the promises depend, and says what to fix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import typer

from scheduler.cli import console, doctor_view, options
from scheduler.errors import ConfigError
from scheduler.ledger import health
from scheduler.ledger.health import Finding
from scheduler.operations.doctor import examine, has_failed
from scheduler.providers import accounts_of
from scheduler.settings import Settings, read_settings
from scheduler.worker import files

#: How long workers have for an answer.
PING_SECONDS = 1.0


def doctor(account: options.OfAccount = None, json: options.Json = False) -> None:
    """Check Redis, the accounts, their APIs and this machine, and say what to fix.

    One line a check: `ok`; `warn`: works, but may go wrong; `fail`: does not work, or breaks a
    promise. It changes nothing and calls nobody. Exit code 1 if anything fails.

    Example: `callsched doctor --json`
    """
    found = list(_findings((account,) if account else ()))
    has_any_failed = has_failed(found)
    if json:
        checks = [asdict(finding) for finding in found]
        console.emit({"ok": not has_any_failed, "checks": checks})
    else:
        doctor_view.show(found)
    if has_any_failed:
        raise typer.Exit(1)


def _findings(only: tuple[str, ...]) -> Iterator[Finding]:
    try:
        settings = read_settings()
        needed = _files_needed(settings)
        yield from examine(settings, count_workers=_count_workers, files_needed=needed, only=only)
    except ConfigError as error:
        yield health.fail("settings", str(error), "fix it")


def _files_needed(settings: Settings) -> int:
    count = len(accounts_of(settings).by_name)
    return files.needed(
        stops=settings.stop_threads * count,
        # Each account has two dialling threads and one reading thread of its own.
        dials=max(settings.worker_threads, 3 * count + 2),
        sockets=settings.listener_sockets,
    )


def _count_workers() -> int:
    """Ask every worker for an answer, and count them. Raises ConfigError."""
    # Only now: the application reads the environment when it is imported.
    try:
        from scheduler.celery import app
    except SystemExit as error:
        raise ConfigError(str(error).removeprefix("error: ")) from None
    return len(app.control.ping(timeout=PING_SECONDS) or ())
