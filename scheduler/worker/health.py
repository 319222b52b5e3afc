"""What is a worker doing, is it well, and could it dial?"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata

from scheduler.calls.account import ServedAccount
from scheduler.clock import since_boot
from scheduler.ledger.workers import WorkerHealth
from scheduler.masking import mask_text
from scheduler.worker.roster import Roster
from scheduler.worker.seats import Seats
from scheduler.worker.snapshot import PATIENCE_SECONDS, Snapshot, Snapshots
from scheduler.worker.sockets import Sockets
from scheduler.worker.timekeeper import Timekeeper

#: A timekeeper sleeps for half a second at most.
SILENT_SECONDS = 10.0

#: If Redis hangs, each tick waits for it, and a new worker would not help.
SILENT_WITHOUT_LEDGER_SECONDS = 60.0


def unwell(silent_seconds: float, *, is_cut_off: bool) -> list[str]:
    """Return why this process should be started again; nothing while its timekeeper ticks.

    `is_cut_off` says that the last tick did not reach the ledger.
    """
    if silent_seconds <= (SILENT_WITHOUT_LEDGER_SECONDS if is_cut_off else SILENT_SECONDS):
        return []
    return [f"the timekeeper has not ticked for {silent_seconds:.0f} s: deadlines may pass"]


def unready(
    snapshot: Snapshot | None, fingerprint: str, *, is_draining: bool, stops_only: str = ""
) -> list[str]:
    """Return why this worker can't dial.

    It is no reason if the provider does not answer or every slot is taken: both pass, and another
    worker could not dial either.
    """
    reasons = ["it is leaving, and claims no more"] if is_draining and not stops_only else []
    if stops_only:
        reasons.append(f"it only sends stops: {stops_only}; mend that, and start it again")
    if snapshot is None:
        return [*reasons, "the ledger does not answer: check Redis, and CALLSCHED_REDIS_URL"]
    if fingerprint in snapshot.account.blocks:
        why = mask_text(snapshot.account.blocks[fingerprint])
        reasons.append(f"these credentials can't dial: {why}; mend them, and start it again")
    if snapshot.survey.is_newer:
        reasons.append("the ledger is of a newer release: upgrade callsched on this machine")
    return reasons


def worker_name() -> str:
    """Return what this process is called in the ledger, in logs, metrics and traces."""
    return f"{socket.gethostname()}:{os.getpid()}"


@cache  # the version is read from a file once, for all beats
def _version() -> str:
    return metadata.version("callsched")


@dataclass(frozen=True, slots=True)
class Health:
    """What this worker reports about itself, from its parts."""

    roster: Roster
    timekeeper: Timekeeper
    sockets: Sockets
    dials: Seats
    readings: Seats
    snapshots: Callable[[str], Snapshots]  #: of an account
    campaign_id: str  #: the campaign that it serves; "" for all
    stops_only: str  #: why it only sends stops; "" if it does everything
    started_at: float = field(default_factory=time.time)  #: epoch seconds

    def report(self, account: ServedAccount) -> WorkerHealth:
        """Return what it does for an account. Its sockets are those of all accounts."""
        return WorkerHealth(
            started_at=self.started_at,
            version=_version(),
            threads=self.dials.most,
            dialling=account.demand.dialling,
            stopping=account.stops.sending,
            sockets=self.sockets.open_sockets,
            collecting=self.readings.taken_by(account.duty.account),
            campaign_id=self.campaign_id,
            stops_only=self.stops_only,
        )

    def reports(self) -> dict[str, WorkerHealth]:
        """Return what it does for each account that it serves."""
        return {one.duty.account: self.report(one) for one in self.roster.ticking()}

    def latest(self, accounts: Sequence[str]) -> dict[str, Snapshot | None]:
        """Return the ledger's figures of each account; None if they can't be read soon."""
        sights = [self.snapshots(name) for name in accounts]
        for one in sights:
            one.begin()
        until = since_boot() + PATIENCE_SECONDS
        return {
            name: one.latest(max(0.0, until - since_boot()))
            for name, one in zip(accounts, sights, strict=True)
        }

    def why_unwell(self) -> list[str]:
        """Return why this process should be started again; nothing if it is well."""
        return unwell(self.timekeeper.silent_seconds, is_cut_off=self.timekeeper.is_cut_off)

    def why_unready(self) -> list[str]:
        """Return why this worker can't dial; nothing if it can dial on any account.

        Looks at the ledger.
        """
        every = {one.duty.account: self._why_unready(one) for one in self.roster.serving()}
        if not every:
            return ["it serves no account: see its log"]
        if not all(every.values()):
            return []
        if len(every) == 1:
            return next(iter(every.values()))
        return [f"{account}: {why}" for account, reasons in every.items() for why in reasons]

    def _why_unready(self, account: ServedAccount) -> list[str]:
        return unready(
            self.snapshots(account.duty.account).latest(),
            account.provider.fingerprint,
            is_draining=account.demand.is_closing,
            stops_only=self.stops_only,
        )
