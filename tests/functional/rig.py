"""What a worker is made of, on a real ledger and a real API, with threads in Celery's place."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import SecretStr

from scheduler.calls.account import ServedAccount, Shared, serve
from scheduler.calls.dialer import ALIKE
from scheduler.calls.duty import Duty
from scheduler.calls.exchanges import NOBODY
from scheduler.calls.reports import Reports
from scheduler.calls.wake import Alarm
from scheduler.clock import since_boot
from scheduler.errors import SchedulerError
from scheduler.ledger import calls, campaigns, limits, views
from scheduler.ledger.calls import Claim
from scheduler.ledger.ledger import Leases, Ledger
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.ledger.views import AccountView
from scheduler.limit import Limit
from scheduler.models import Contact, Policy, Row
from scheduler.providers import Provider, Traits
from scheduler.providers.symbl import SYMBL
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.worker.listener import Listener
from scheduler.worker.sockets import Sockets
from scheduler.worker.timekeeper import Timekeeper

ACCOUNT = "trial"
ANYBODY = "+12025550143"
LONG_SECONDS = 600.0


def number(row: int) -> str:
    return f"+1202555{100 + row:04}"


class Rig:
    """A dialer, its timekeeper, a listener and a collector."""

    def __init__(
        self,
        ledger_url: str,
        api_url: str,
        *,
        ceiling: int = 4,
        leases: Leases | None = None,
        caller_ids: tuple[str, ...] = (),
        allowed: frozenset[str] = frozenset(),
        secret: str = "app-secret",
        sockets: int = 0,
        patience_seconds: float | None = None,
        shares_token: bool = False,
        threads: int = 8,
        time: Callable[[], float] | None = None,
        provider: Provider | None = None,
        traits: Traits = ALIKE,
        **duty: Any,
    ) -> None:
        """It listens on so many `sockets`, and collects when it has patience for it.

        A `provider` with these `traits` stands in for the one at `api_url`. `time` is the
        ledger's, for campaigns of days; without `threads` no message is sent.
        """
        self.ledger = Ledger(ledger_url, leases, time=time)
        self.provider = provider or SYMBL.client(
            SymblCredentials(
                base_url=api_url, app_id="app", app_secret=SecretStr(secret), access_token=None
            ),
            RedisTokenShelf(self.ledger) if shares_token else None,
        )
        self.duty = Duty(ACCOUNT, ceiling, caller_ids=caller_ids, allowed=allowed, **duty)
        self._collects = patience_seconds is not None
        self.alarm = Alarm()
        self.sockets = Sockets(self.ledger, capacity=sockets)
        self.served = serve(
            Shared(self.ledger, self.alarm, self.sockets),
            self.provider,
            self.duty,
            watchers=NOBODY,
            send_dials=self._send,
            dial_threads=1_000_000,
            stop_threads=4,
            delays=(0.2,),
            patience_seconds=patience_seconds or 0.0,
            traits=traits,
        )
        self.demand, self.memory = self.served.demand, self.served.memory
        self.stopper, self.dialer = self.served.stopper, self.served.dialer
        self.collector = self.served.collector
        self.listener = Listener(self.ledger, self.sockets, self.ticking)
        self.timekeeper = Timekeeper(
            self.ledger,
            self,
            alarm=self.alarm,
            send_collects=self._send_collects,
            revive=lambda: None,
        )
        self._sends = threads > 0
        self.threads = ThreadPoolExecutor(max(1, threads))

    def start(self) -> None:
        self.served.start()
        self.timekeeper.start()
        self.listener.start()

    def ticking(self) -> list[ServedAccount]:
        """The one account that there is."""
        return [self.served]

    def remembering(self) -> list[ServedAccount]:
        """Nothing: the account never changes."""
        return []

    def _send(self, count: int) -> None:
        for _ in range(count if self._sends and not self.demand.is_closing else 0):
            self.threads.submit(self._safely, self.dialer.dial)

    def _send_collects(self, account: str, count: int) -> None:
        for _ in range(count if self._collects else 0):
            self.threads.submit(self._safely, self.collect)

    def _safely(self, work: Any) -> None:
        try:
            work()
        except SchedulerError as error:
            logging.getLogger("rig").warning("a message failed: %s", error)
        finally:
            self.provider.close()

    def collect(self) -> None:
        """Read what is due to be read."""
        self.collector.collect(until=since_boot() + 60)

    def load(
        self,
        *numbers: str,
        max_duration_seconds: float = LONG_SECONDS,
        campaign_id: str = "c",
        **policy: Any,
    ) -> None:
        chosen = Policy(max_duration_seconds=max_duration_seconds, **policy)
        campaigns.create(
            self.ledger, campaign_id, account=ACCOUNT, name="autumn", policy=chosen, digest="d"
        )
        rows = [Row(Contact(each, each), line) for line, each in enumerate(numbers, 2)]
        campaigns.load(self.ledger, campaign_id, "l", 1, rows)
        campaigns.seal(self.ledger, campaign_id, "l")

    def raise_limit(self, learned: int) -> None:
        """Make the account's learned limit this, and one that has been seen to fit."""
        assert limits.learn(self.ledger, ACCOUNT, limits.read(self.ledger, ACCOUNT), Limit(learned))
        self.ledger.redis.hset(f"callsched:account:{ACCOUNT}:meta", "proven", learned)

    @property
    def reports(self) -> Reports:
        """Of a provider whose calls can be read."""
        assert self.served.reports is not None
        return self.served.reports

    def claim(self) -> Claim | None:
        bid = self.duty.bid(self.provider.fingerprint)
        claim = calls.claim(self.ledger, ACCOUNT, bid)
        assert not isinstance(claim, float), "held back by a pace"
        return claim

    def claimed(self) -> Claim:
        claim = self.claim()
        assert claim is not None
        return claim

    def records(self) -> list[dict[str, Any]]:
        return list(views.results(self.ledger, "c"))

    def record(self) -> dict[str, Any]:
        (record,) = self.records()
        return record

    def endings(self) -> list[tuple[str | None, str | None]]:
        """Return disposition and reason of every call."""
        return [(record["disposition"], record["reason"]) for record in self.records()]

    def account(self) -> AccountView:
        return views.account(self.ledger, ACCOUNT)

    def all_ended(self) -> bool:
        return all(record["state"] == "ended" for record in self.records())

    def due_in(self) -> float:
        """Seconds until the only call is due again."""
        ((_, due_at),) = self.ledger.redis.zrange("callsched:campaign:c:due", 0, 0, withscores=True)
        return float(due_at) - time.time()

    def keep_no_time(self) -> None:
        """Leave the deadlines to others."""
        self.timekeeper.close()
        self.served.close()

    def close(self) -> None:
        self.served.drain()
        self.threads.shutdown()
        self.listener.close()
        self.keep_no_time()
        self.provider.close()
        self.ledger.close()


#: Opens a rig with these options; it is closed when the test is over.
Open = Callable[..., Rig]
