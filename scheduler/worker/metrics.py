"""What a worker reports to Prometheus: its own work, and the ledger's figures of its accounts.

A name begins with `callsched_worker_` if the figures of workers must be added up, and with
`callsched_account_` if every worker reports the same figure of an account, so that one is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from scheduler.calls.account import ServedAccount
from scheduler.calls.callback_counts import OUTCOMES
from scheduler.calls.exchanges import ANSWERS, Exchange, OnAnswer, Watch, Work, answer
from scheduler.clock import since_boot
from scheduler.late import LATE_BUCKETS
from scheduler.ledger.redis.broker import dropped
from scheduler.worker.health import Health
from scheduler.worker.snapshot import Snapshot

_LATENESS_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_EXCHANGE_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)

_WORK: dict[Work, str] = {
    "start": "Starts that were sent, by how they were answered",
    "stop": "Stops that were sent, by how they were answered",
    "collect": "Readings of conversations, by how they ended",
}

Gauge = tuple[str, str, Callable[[Snapshot], float]]

_GAUGES: tuple[Gauge, ...] = (
    ("slots", "Slots in use", lambda snapshot: snapshot.account.slots),
    (
        "held_slots",
        "Slots of attempts whose answer was lost",
        lambda snapshot: snapshot.account.held,
    ),
    (
        "learned_limit",
        "The limit of slots, as far as learned",
        lambda snapshot: snapshot.account.learned,
    ),
    (
        "orphans",
        "Live calls at the provider that belong to no attempt",
        lambda snapshot: snapshot.account.orphans,
    ),
    (
        "blocked_caller_ids",
        "Caller ids that the provider refuses",
        lambda snapshot: len(snapshot.account.caller_blocks),
    ),
    ("live_connections", "Connections that are not over", lambda snapshot: snapshot.account.live),
    ("overdue_stops", "Connections past their deadline", lambda snapshot: snapshot.account.overdue),
    (
        "oldest_overdue_stop_seconds",
        "By how much the oldest connection is past its deadline",
        lambda snapshot: snapshot.account.oldest_overdue_seconds,
    ),
    ("outage", "1 while the provider does not answer", lambda snapshot: snapshot.account.outage),
    ("due_calls", "Calls that a free slot could dial now", lambda snapshot: snapshot.backlog.due),
    (
        "oldest_due_call_seconds",
        "For how long the first of these could have been dialled",
        lambda snapshot: snapshot.backlog.oldest_due_seconds,
    ),
    (
        "waiting_stops",
        "Stops that are due or to be repeated",
        lambda snapshot: snapshot.backlog.stops,
    ),
    ("waiting_collects", "Conversations to be read", lambda snapshot: snapshot.backlog.collects),
    ("waiting_webhooks", "Webhooks to be sent", lambda snapshot: snapshot.backlog.webhooks),
    (
        "unheard_connections",
        "Live connections to which no worker listens",
        lambda snapshot: snapshot.backlog.sockets_wanted,
    ),
    (
        "failed_schedules",
        "Schedules whose last launch failed",
        lambda snapshot: snapshot.survey.failed_schedules,
    ),
)

_TOTALS = (
    ("late_ends", "Calls that ended more than 2 s after they had to be over"),
    ("starts", "Starts that the ledger allowed"),
    ("accepted", "Starts that the API accepted"),
    ("refused", "Starts that the API answered 429"),
    ("throttled", "Starts refused because of too many requests at a time"),
    ("found", "Starts whose answer was lost, and whose call was found"),
    ("stops", "Connections that were confirmed to be over"),
)

#: Else each series gets a second one with the instant at which it was made, which nobody reads.
_without_instants: Callable[[], None] = disable_created_metrics

Labels = tuple[str, ...]
Values = Iterable[tuple[Labels, float]]

_FATES = {"webhooks": "owed", "webhooks:delivered": "delivered", "webhooks:given_up": "given_up"}


class Counts:
    """Counts and times what one worker asks of the providers. It watches exchanges."""

    def __init__(self) -> None:
        _without_instants()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._answers = {work: self._counter(work, text) for work, text in _WORK.items()}
        self._seconds = {work: self._timer(work) for work in _WORK}
        self._lateness = Histogram(
            "callsched_worker_stop_lateness_seconds",
            "By how much the first stop of a connection was sent late: not when the call ended",
            ["account"],
            buckets=_LATENESS_BUCKETS,
            registry=self.registry,
        )

    def _counter(self, work: Work, text: str) -> Counter:
        labels = ["account", "answer"]
        return Counter(f"callsched_worker_{work}s", text, labels, registry=self.registry)

    def _timer(self, work: Work) -> Histogram:
        return Histogram(
            f"callsched_worker_{work}_seconds",
            f"How long a {work} took",
            ["account"],
            buckets=_EXCHANGE_BUCKETS,
            registry=self.registry,
        )

    def watch_of(self, account: str) -> Watch:
        """Return what counts and times the exchanges of an account."""
        self._lateness.labels(account)
        for work, counter in self._answers.items():
            self._seconds[work].labels(account)
            for word in ANSWERS[work]:
                counter.labels(account, word)  # 0 from now on, so that the first count is a rise
        return partial(self._watch, account)

    def _watch(self, account: str, exchange: Exchange) -> OnAnswer:
        if exchange.late_seconds is not None:
            self._lateness.labels(account).observe(max(0.0, exchange.late_seconds))
        return partial(self._count, account, exchange.work, since_boot())

    def _count(self, account: str, work: Work, began_at: float, error: Exception | None) -> None:
        self._seconds[work].labels(account).observe(since_boot() - began_at)
        self._answers[work].labels(account, answer(error)).inc()


class Gauges:
    """What is read at each scrape, also while the ledger is away."""

    def __init__(self, worker: str, health: Health, *, threads: Mapping[Work, int]) -> None:
        """`threads` says how many there are for each kind of work."""
        self._worker, self._health = worker, health
        self._threads = threads

    def collect(self) -> Iterator[Metric]:
        """Yield every metric once, with every account, as a registry wants it."""
        accounts = self._health.roster.ticking()
        # Begin to read all before waiting for any: so a ledger that hangs costs one wait.
        snapshots = self._health.latest([one.duty.account for one in accounts])
        found: dict[str, Metric] = {}
        for account in accounts:
            of_account = _OfAccount(self._worker, self._health, account, self._threads)
            for metric in of_account.collect(snapshots[account.duty.account]):
                first = found.setdefault(metric.name, metric)
                if first is not metric:
                    first.samples += metric.samples
        yield from found.values()


class _OfAccount:
    """The gauges of one account."""

    def __init__(
        self,
        worker: str,
        health: Health,
        account: ServedAccount,
        threads: Mapping[Work, int],
    ) -> None:
        self._worker, self._health = worker, health
        self._threads = threads
        self._served = account
        self._account = account.duty.account

    def collect(self, snapshot: Snapshot | None) -> Iterator[Metric]:
        """Yield the gauges; without a snapshot, because the ledger can't be read, only some."""
        yield from self._of_the_worker()
        yield self._gauge("ledger_up", "1 while the ledger answers", snapshot is not None)
        if snapshot is not None:
            yield from self._of_the_account(snapshot)

    def _of_the_worker(self) -> Iterator[Metric]:
        health = self._health.report(self._served)
        busy = {"start": health.dialling, "stop": health.stopping, "collect": health.collecting}
        which = [((self._worker, health.version), 1)]
        text = "1; the labels say which worker it is"
        yield self._labelled("worker_info", text, ("worker", "version"), which)
        yield self._each("worker_threads", "Threads, by their work", "work", self._threads)
        yield self._each("worker_threads_busy", "Threads that work", "work", busy)
        yield self._gauge("worker_sockets", "Open sockets to live connections", health.sockets)
        ticks: Values = [((), self._health.timekeeper.ticks)]
        yield self._counted("worker_ticks", "Ticks of the timekeeper", (), ticks)
        text = "Messages that were dropped because they were not callsched's"
        yield self._counted("worker_dropped_messages", text, (), [((), dropped.count)])
        silent = self._health.timekeeper.silent_seconds
        yield self._gauge("worker_silent_seconds", "Since the last tick", silent)
        is_draining = self._served.demand.is_closing
        yield self._gauge("worker_draining", "1 while it shuts down", is_draining)

    def _of_the_account(self, snapshot: Snapshot) -> Iterator[Metric]:
        is_blocked = self._served.provider.fingerprint in snapshot.account.blocks
        yield self._gauge("worker_blocked", "1 while its credentials can't dial", is_blocked)
        ceiling = max(0, self._served.duty.ceiling)
        yield self._gauge("account_ceiling", "The most slots that are ever used", ceiling)
        for name, text, read in _GAUGES:
            yield self._gauge(f"account_{name}", text, read(snapshot))
        for name, text in _TOTALS:
            counted: Values = [((), snapshot.totals.get(name, 0))]
            yield self._counted(f"account_{name}", text, (), counted)
        yield self._late(snapshot.totals)
        fates = (((fate,), snapshot.totals.get(name, 0)) for name, fate in _FATES.items())
        yield self._counted("account_webhooks", "Webhooks, by their fate", ("fate",), fates)
        heard = (
            ((outcome,), snapshot.totals.get(f"callbacks:{outcome}", 0)) for outcome in OUTCOMES
        )
        text = "Requests of its provider, by what came of them"
        yield self._counted("account_callbacks", text, ("outcome",), heard)
        yield from self._by_state(snapshot)

    def _late(self, totals: Mapping[str, int]) -> Metric:
        text = "By how much the confirmed end of a call came after it had to be over"
        name = "callsched_account_end_lateness_seconds"
        family = HistogramMetricFamily(name, text, labels=["account"])
        within, buckets = 0, []
        for most in (*LATE_BUCKETS, None):
            within += totals.get(f"end_late:{_written(most)}", 0)
            buckets.append(("+Inf" if most is None else str(most), float(within)))
        family.add_metric([self._account], buckets, totals.get("end_late_ms", 0) / 1000)
        return family

    def _by_state(self, snapshot: Snapshot) -> Iterator[Metric]:
        text = "Calls that have ended; one that was unknown may still change"
        labels = ("disposition", "reason")
        yield self._labelled("account_ended_calls", text, labels, _ended(snapshot.totals))
        campaigns, calls = snapshot.survey.campaigns, snapshot.survey.calls
        yield self._each("account_campaigns", "Campaigns, by state", "state", campaigns)
        text = "Calls of campaigns that are not finished, by state"
        yield self._each("account_calls", text, "state", calls)
        well = sum(worker.is_well for worker in snapshot.workers)
        healths = {"well": well, "silent": len(snapshot.workers) - well}
        yield self._each("account_workers", "Workers that the ledger knows", "health", healths)

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        return self._labelled(name, text, (), [((), value)])

    def _each(self, name: str, text: str, label: str, values: Mapping[Any, float]) -> Metric:
        each = (((str(value),), count) for value, count in values.items())
        return self._labelled(name, text, (label,), each)

    def _labelled(self, name: str, text: str, labels: Labels, values: Values) -> Metric:
        family = GaugeMetricFamily(f"callsched_{name}", text, labels=["account", *labels])
        for more, value in values:
            family.add_metric([self._account, *more], float(value))
        return family

    def _counted(self, name: str, text: str, labels: Labels, values: Values) -> Metric:
        family = CounterMetricFamily(f"callsched_{name}", text, labels=["account", *labels])
        for more, value in values:
            family.add_metric([self._account, *more], value)
        return family


def _written(most: float | None) -> str:
    """Return the upper edge of a bucket as the ledger has it."""
    return "inf" if most is None else f"{most:g}"


def _ended(totals: Mapping[str, int]) -> Values:
    for name, count in {**dict.fromkeys(_RISES, 0), **totals}.items():
        kind, disposition, reason = (*name.split(":"), "", "")[:3]
        if kind == "ended":
            yield (disposition, reason), count


#: Reported before there is any, so that the first one is a rise.
_RISES = ("ended:unknown:answer_lost", "ended:unknown:lease")
