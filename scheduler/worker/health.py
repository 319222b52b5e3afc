"""Is this worker well, and could it dial?"""

from __future__ import annotations

from scheduler.masking import mask_text
from scheduler.worker.sight import Seen

#: A timekeeper sleeps for half a second at most.
SILENT_SECONDS = 10.0

#: One whose Redis hangs waits for it at each tick, and that is not mended by a new worker.
SILENT_WITHOUT_LEDGER_SECONDS = 60.0


def unwell(silent_seconds: float, *, is_cut_off: bool) -> list[str]:
    """Return why this process should be started again; nothing while its timekeeper ticks.

    `is_cut_off` says that the last tick did not reach the ledger.
    """
    if silent_seconds <= (SILENT_WITHOUT_LEDGER_SECONDS if is_cut_off else SILENT_SECONDS):
        return []
    return [f"the timekeeper has not ticked for {silent_seconds:.0f} s: deadlines may pass"]


def unready(
    seen: Seen | None, fingerprint: str, *, is_draining: bool, stops_only: str = ""
) -> list[str]:
    """Return why this worker can't dial.

    That the provider does not answer, or that every slot is taken, is no such reason: those pass,
    and no other worker would fare better.
    """
    reasons = ["it is leaving, and claims no more"] if is_draining and not stops_only else []
    if stops_only:
        reasons.append(f"it only sends stops: {stops_only}; mend that, and start it again")
    if seen is None:
        return [*reasons, "the ledger does not answer: check Redis, and CALLSCHED_REDIS_URL"]
    if fingerprint in seen.account.blocks:
        why = mask_text(seen.account.blocks[fingerprint])
        reasons.append(f"these credentials can't dial: {why}; mend them, and start it again")
    if seen.survey.is_newer:
        reasons.append("the ledger is of a newer release: upgrade callsched on this machine")
    return reasons
