"""Runs the doctor's checks that need no network but Redis, at most once a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from scheduler.clock import since_boot
from scheduler.errors import SchedulerError
from scheduler.ledger import health
from scheduler.ledger.health import Finding, Level
from scheduler.ledger.ledger import Ledger
from scheduler.operations import doctor
from scheduler.settings import Settings

KEPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong: in general, and with each account."""

    of_all: tuple[Finding, ...] = ()
    of_account: dict[str, tuple[Finding, ...]] = field(default_factory=dict)


class QuickCheck:
    """Checks in its own thread, so that no request waits for it."""

    def __init__(self, settings: Settings, ledger: Ledger, names: Callable[[], list[str]]) -> None:
        self._settings = settings
        self._ledger = ledger
        self._names = names
        self._known: Findings | None = None
        self._asked_at: float | None = None
        self._lock = threading.Lock()

    def known(self) -> Findings | None:
        """Return the last findings, None before the first check; start another check if due."""
        with self._lock:
            now = since_boot()
            if self._asked_at is None or now - self._asked_at >= KEPT_SECONDS:
                self._asked_at = now
                threading.Thread(target=self._look, name="quick-check", daemon=True).start()
            return self._known

    def _look(self) -> None:
        try:
            self._known = look(self._settings, self._ledger, self._names())
        except SchedulerError as error:
            self._known = Findings((health.fail("redis", str(error), "see `callsched doctor`"),))


def look(settings: Settings, ledger: Ledger, names: Iterable[str]) -> Findings:
    """Run the checks, and return what is wrong. Raises LedgerTrouble."""
    found = list(doctor.of_this_machine(settings))
    if settings.redis_url is not None:
        found += health.of_redis(settings.redis_url.get_secret_value(), settings.durability)
    of_account = {name: _bad(health.of_account(ledger, name, "")) for name in names}
    return Findings(_bad(found), of_account)


def _bad(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(each for each in found if each.level is not Level.OK)
