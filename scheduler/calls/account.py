"""One account, as one process serves it: all that dials, stops, records and reads for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from scheduler.calls.collector import Collector
from scheduler.calls.demand import Demand
from scheduler.calls.dialer import Dialer
from scheduler.calls.duty import Duty
from scheduler.calls.exchanges import Watchers
from scheduler.calls.memory import Memory
from scheduler.calls.news import NewsDesk
from scheduler.calls.recorder import NewsSource, Recorder
from scheduler.calls.stopper import Stopper
from scheduler.calls.stops import Stops
from scheduler.calls.wake import Alarm, Wake
from scheduler.errors import LedgerTrouble
from scheduler.ledger.ledger import Ledger
from scheduler.providers import Listens, Provider


@dataclass(frozen=True, slots=True)
class ServedAccount:
    """The parts that no other account shares, so that a provider that hangs holds up no other."""

    ledger: Ledger
    duty: Duty
    provider: Provider
    wake: Wake  #: when a timekeeper looks at it next
    demand: Demand
    memory: Memory
    stopper: Stopper
    stops: Stops
    desk: NewsDesk | None  #: None where the provider tells nothing of a live connection
    recorder: Recorder
    dialer: Dialer
    collector: Collector

    def start(self) -> None:
        """Watch over the deadlines of its calls."""
        self.memory.start()

    def drain(self) -> None:
        """Claim no more, and begin no other conversation; deadlines are kept."""
        self.demand.close()
        self.collector.closing.set()

    def close(self) -> None:
        """Leave; the stops that are being sent are seen to their end."""
        self.stops.close()
        self.memory.close()
        with suppress(LedgerTrouble):
            self.memory.write_down()


@dataclass(frozen=True, slots=True)
class Shared:
    """What a process has for all accounts that it serves."""

    ledger: Ledger
    alarm: Alarm  #: of the timekeeper
    sockets: NewsSource


def serve(
    shared: Shared,
    provider: Provider,
    duty: Duty,
    *,
    watchers: Watchers,
    send_dials: Callable[[int], None],
    dial_threads: int,
    stop_threads: int,
    delays: Sequence[float],
    patience_seconds: float,
) -> ServedAccount:
    """Put together what serves an account; nothing of it runs yet but what `start` starts.

    `watchers` look on at every exchange with its provider. `send_dials` has so many messages sent
    and does not wait. `delays` are the seconds between the sendings of a stop, the last one is
    kept. A conversation is waited for `patience_seconds`.
    """
    ledger, wake = shared.ledger, Wake(shared.alarm)
    account = duty.account
    demand = Demand(send_dials, threads=dial_threads)
    memory = Memory(
        ledger, provider, account, delays=delays, threads=stop_threads, watchers=watchers
    )
    stopper = Stopper(
        ledger,
        provider,
        account,
        memory=memory,
        demand=demand,
        delays=delays,
        watchers=watchers,
    )
    stops = Stops(stopper, account, threads=stop_threads, wake=wake)
    desk = None
    if isinstance(provider, Listens):
        desk = NewsDesk(ledger, provider, account, memory=memory, wake=wake)
    recorder = Recorder(
        ledger,
        duty,
        memory=memory,
        stopper=stopper,
        sockets=shared.sockets,
        desk=desk,
        demand=demand,
        wake=wake,
    )
    dialer = Dialer(
        ledger,
        provider,
        duty,
        recorder=recorder,
        demand=demand,
        is_behind=stops.is_behind,
        watchers=watchers,
    )
    collector = Collector(
        ledger,
        provider,
        duty,
        patience_seconds=patience_seconds,
        is_stopping=stops.is_sending,
        watchers=watchers,
    )
    return ServedAccount(
        ledger,
        duty,
        provider,
        wake,
        demand,
        memory,
        stopper,
        stops,
        desk,
        recorder,
        dialer,
        collector,
    )
