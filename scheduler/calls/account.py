"""One account, as one process serves it: the parts that dial, stop, record and read for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from scheduler.calls.collector import Collector
from scheduler.calls.demand import Demand
from scheduler.calls.dialer import ALIKE, Dialer
from scheduler.calls.duty import Duty
from scheduler.calls.exchanges import Watchers
from scheduler.calls.memory import Memory
from scheduler.calls.news_desk import NewsDesk
from scheduler.calls.poller import Poller
from scheduler.calls.recorder import NewsSource, Recorder
from scheduler.calls.reports import Reports
from scheduler.calls.speaker import Speaker
from scheduler.calls.stopper import Stopper
from scheduler.calls.stops import Stops
from scheduler.calls.wake import Alarm, Wake
from scheduler.errors import LedgerTrouble
from scheduler.ledger.ledger import Ledger
from scheduler.providers import Listens, Looks, Provider, ShowsTime, Sweeps, Traits


@dataclass(frozen=True, slots=True)
class ServedAccount:
    """The parts that no other account shares, so that a provider that hangs delays no other."""

    ledger: Ledger
    duty: Duty
    provider: Provider
    wake: Wake  #: when a timekeeper looks at it next
    demand: Demand
    memory: Memory
    stopper: Stopper
    stops: Stops
    desk: NewsDesk | None  #: None if the provider sends no news of a live connection
    recorder: Recorder
    dialer: Dialer
    collector: Collector
    reports: Reports | None  #: None where calls can't be read
    poller: Poller | None  #: None where they can't be listed
    clock: ShowsTime | None  #: None where its answers tell no time

    def start(self) -> None:
        """Keep the deadlines of its calls, and read them, from now on."""
        self.memory.start()
        if self.poller is not None:
            self.poller.start()

    def drain(self) -> None:
        """Claim no more, and begin to read no other conversation; keep deadlines."""
        self.demand.close()
        self.collector.closing.set()

    def close(self) -> None:
        """Leave; the stops that are being sent are seen to their end."""
        if self.poller is not None:
            self.poller.close()
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
    traits: Traits = ALIKE,
) -> ServedAccount:
    """Put together the parts that serve an account; none of them runs before `start`.

    `watchers` watch every exchange with its provider. `send_dials` has so many messages sent and
    does not wait. `delays` are the seconds between the sendings of a stop; the last one repeats.
    Workers wait `patience_seconds` for a conversation.
    """
    ledger, wake = shared.ledger, Wake(shared.alarm)
    account = duty.account
    demand = Demand(send_dials, threads=dial_threads)
    reports = Reports(ledger, provider, duty) if isinstance(provider, Looks) else None
    memory = Memory(
        ledger,
        provider,
        account,
        delays=delays,
        threads=stop_threads,
        watchers=watchers,
        reports=reports,
    )
    stopper = Stopper(
        ledger,
        provider,
        duty,
        memory=memory,
        demand=demand,
        delays=delays,
        watchers=watchers,
        reports=reports,
    )
    speaker = Speaker(ledger, provider, duty, memory=memory)
    stops = Stops(stopper, speaker, account=account, threads=stop_threads, wake=wake)
    desk = None
    if isinstance(provider, Listens):
        desk = NewsDesk(ledger, provider, account, memory=memory, stops=stops, wake=wake)
    recorder = Recorder(
        ledger,
        duty,
        memory=memory,
        stopper=stopper,
        sockets=shared.sockets,
        desk=desk,
        demand=demand,
        wake=wake,
        traits=traits,
    )
    dialer = Dialer(
        ledger,
        provider,
        duty,
        recorder=recorder,
        demand=demand,
        is_behind=stops.is_behind,
        watchers=watchers,
        traits=traits,
    )
    collector = Collector(
        ledger,
        provider,
        duty,
        patience_seconds=patience_seconds,
        is_stopping=stops.is_sending,
        watchers=watchers,
    )
    poller = None
    if reports is not None and isinstance(provider, Sweeps):
        poller = Poller(ledger, provider, duty, reports=reports, memory=memory, demand=demand)
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
        reports,
        poller,
        provider if isinstance(provider, ShowsTime) else None,
    )
