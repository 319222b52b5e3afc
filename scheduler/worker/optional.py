"""The parts of a worker that only some have: metrics, webhooks, a parent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from scheduler.calls.exchanges import Work
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.providers.posting import Poster
from scheduler.settings import Settings
from scheduler.worker.assignment import Assignment
from scheduler.worker.health import Health, worker_name
from scheduler.worker.parent import Parent
from scheduler.worker.roster import Roster
from scheduler.worker.webhooks import Teller

if TYPE_CHECKING:
    from scheduler.worker.endpoint import Endpoint
    from scheduler.worker.metrics import Counts


def open_counts(settings: Settings, assignment: Assignment) -> Counts | None:
    """Return what counts exchanges, if the worker has a metrics port."""
    if not settings.metrics_port or assignment.campaign_id:
        return None
    # Imported here, because most workers have no port and do not need it.
    from scheduler.worker.metrics import Counts

    return Counts()


def open_endpoint(
    settings: Settings,
    counts: Counts | None,
    health: Health,
    threads: Mapping[Work, int],
    askers: int,
) -> Endpoint | None:
    """Return what serves metrics and health, to `askers` clients at once."""
    if counts is None:
        return None
    from scheduler.worker.endpoint import Endpoint
    from scheduler.worker.metrics import Gauges

    counts.registry.register(Gauges(worker_name(), health, threads=threads))
    return Endpoint(
        settings.metrics_host,
        settings.metrics_port,
        counts.registry,
        most=askers,
        unwell=health.why_unwell,
        unready=health.why_unready,
    )


def open_teller(
    ledger: Ledger, settings: Settings, names: Callable[[], Sequence[str]]
) -> Teller | None:
    """Without a secret it sends nothing; workers that have it do, and `doctor` warns."""
    if settings.webhook_secret is None:
        return None
    return Teller(ledger, names, Poster(settings.webhook_secret.get_secret_value()))


def open_parent(
    ledger: Ledger, assignment: Assignment, roster: Roster, embedded: EmbeddedRedis | None
) -> Parent | None:
    """Return what watches the `run` that started this worker, if one did."""
    if assignment.parent_fd is None:
        return None
    return Parent(
        assignment.parent_fd,
        ledger,
        assignment.campaign_id,
        drain=roster.drain,
        has_calls=roster.has_calls,
        is_deleted=lambda: embedded is not None and embedded.is_deleted,
    )
