"""The verbs of a campaign as a whole: load, seal, halt, resume, cancel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scheduler.errors import LedgerError, MovedOn, NoSuchCampaign
from scheduler.ledger import keys
from scheduler.ledger.ledger import NOBODY, Control, Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import (
    Attempt,
    CallState,
    CampaignState,
    Policy,
    Row,
)
from scheduler.records import encode_policy, pack_row

#: How many calls to end in one step, which keeps Redis busy for a few milliseconds.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """The calls of a campaign that wait for their dial."""

    due: int  #: calls that could be dialled now
    last_due_at: float | None  #: when the last of them falls due


def create(
    ledger: Ledger,
    campaign_id: str,
    *,
    account: str,
    name: str,
    policy: Policy,
    digest: str,
    repeat_window: float | None = None,
    columns: Iterable[str] | None = None,
    launch: Sequence[str] = (),
    now: float | None = None,
) -> CampaignState:
    """Open a campaign for loading, or find it as it stands. Raises LedgerError if another
    account's campaign has this id.

    With a `repeat_window`, in seconds, a row is skipped if another campaign of this name and
    account has called its party within this time, or has yet to call it. A campaign keeps the
    values with which it was created, except for two: `columns`, the columns that its contacts have
    as variables, add up (None: not known); `launch` is the last launch's, and has the words of the
    command that continues the campaign if no worker dials it, such as ("worker",).
    """
    cap = "" if policy.max_concurrency is None else policy.max_concurrency
    of_calls = policy.record or policy.transcribe
    collects = 2 if of_calls else 1 if policy.insights else 0
    state, owner = ledger.run(
        ledger.do.create,
        campaign_id,
        account,
        name,
        encode_policy(policy),
        digest,
        cap,
        collects,
        policy.priority,
        policy.weight,
        policy.max_starts_per_second,
        policy.canary.first if policy.canary else "",
        repeat_window or "",
        ledger.clock(now),
        json.dumps(launch) if launch else "",
        *([] if columns is None else [1, *columns]),
    )
    if owner != account:
        raise LedgerError(f"campaign {campaign_id} belongs to account {owner}, not to {account}")
    return CampaignState(state)


def load(
    ledger: Ledger,
    campaign_id: str,
    load_id: str,
    chunk: int,
    rows: Iterable[Row],
    now: float | None = None,
) -> None:
    """Add a chunk of rows, except those that the campaign already has.

    All chunks of a load have one token `load_id`; `chunk` counts from 1, so that a chunk that is
    sent twice is added once.
    """
    load_packed(ledger, campaign_id, load_id, chunk, b"".join(map(pack_row, rows)), now)


def load_packed(
    ledger: Ledger,
    campaign_id: str,
    load_id: str,
    chunk: int,
    packed: bytes,
    now: float | None = None,
) -> None:
    """Add a chunk of rows that `records.pack_row` has written, as `load` does."""
    args = (campaign_id, load_id, chunk, ledger.clock(now), packed)
    answer = ledger.run(ledger.do.load, *args)
    if answer == "missing":
        raise LedgerError(f"campaign {campaign_id} is gone from the ledger")
    if answer == "retired":
        raise LedgerError(
            f"the contacts of campaign {campaign_id} are no longer kept, so nobody can tell"
            " whom it has called; give the campaign another --id"
        )


def seal(ledger: Ledger, campaign_id: str, load_id: str, now: float | None = None) -> CampaignState:
    """Seal a campaign after its last row: from now on it dials, and can end."""
    return _known(campaign_id, ledger.run(ledger.do.seal, campaign_id, load_id, ledger.clock(now)))


def halt(
    ledger: Ledger,
    campaign_id: str,
    *,
    abort: bool = False,
    control: Control = NOBODY,
    now: float | None = None,
) -> int:
    """Allow no more starts; with `abort` stop live calls too, also those that are answered later.

    Returns how many stops it has ordered. Raises MovedOn, as each order on a campaign does.
    """
    what = ("1", "interrupt") if abort else ("", "pause")
    order = (*control.written, control.seen, ledger.clock(now))
    args = (what[0], ledger.leases.stop_patience, what[1], *order)
    ordered = int(ledger.run(ledger.do.halt, campaign_id, *args))
    if ordered < 0:
        raise MovedOn(campaign_id)
    return ordered


def resume(
    ledger: Ledger, campaign_id: str, control: Control = NOBODY, now: float | None = None
) -> CampaignState:
    """Resume a paused campaign. Raises LedgerError if it was cancelled."""
    args = (campaign_id, *control.written, control.seen, ledger.clock(now))
    state = _not_moved_on(campaign_id, ledger.run(ledger.do.resume, *args))
    if state == "cancelled":
        raise LedgerError(
            f"campaign {campaign_id} was cancelled, and can't be resumed; `callsched worker` sees"
            f" its live calls to their ends, `callsched retry {campaign_id} --only"
            " skipped:cancelled` calls the others as a new campaign"
        )
    return _known(campaign_id, state)


def cancel(
    ledger: Ledger,
    campaign_id: str,
    control: Control,
    *,
    abort: bool = False,
    now: float | None = None,
) -> tuple[CampaignState, list[Attempt]]:
    """Cancel the rest of a campaign, for good; with `abort` stop live calls too.

    Returns its state, and the attempts that are live or whose phone may ring. Call `end_pending`
    until no call waits. Raises LedgerError if there is no such campaign.
    """
    patience = ledger.leases.stop_patience
    args = ("1" if abort else "", patience, *control.written, control.seen, ledger.clock(now))
    answer = ledger.run(ledger.do.cancel, campaign_id, *args)
    if not answer:
        raise NoSuchCampaign(campaign_id)
    _not_moved_on(campaign_id, answer[0])
    return CampaignState(answer[0]), [Attempt.parse(written) for written in answer[1:]]


def end_pending(
    ledger: Ledger, campaign_id: str, *, most: int = CHUNK, now: float | None = None
) -> int:
    """End some calls of a cancelled campaign that wait; returns how many are left.

    If the caller dies in between, the campaign dials nobody; call it again to go on.
    """
    return int(ledger.run(ledger.do.end_pending, campaign_id, most, ledger.clock(now)))


def prioritise(
    ledger: Ledger,
    campaign_id: str,
    priority: int,
    weight: float | None,
    control: Control,
    now: float | None = None,
) -> CampaignState:
    """Change the priority of a campaign, and its weight if one is given. Raises LedgerError."""
    share = "" if weight is None else weight
    args = (campaign_id, priority, share, *control.written, control.seen, ledger.clock(now))
    state = _not_moved_on(campaign_id, ledger.run(ledger.do.prioritise, *args))
    if state is None:
        raise NoSuchCampaign(campaign_id)
    return CampaignState(state)


def digest_of(ledger: Ledger, campaign_id: str) -> str | None:
    """Return the digest of a campaign's content when it was created; None for no campaign."""
    with reaching():
        state, digest = ledger.redis.hmget(keys.campaign(campaign_id, "meta"), "state", "digest")
    return None if state is None else str(digest or "")


def starts_under_way(ledger: Ledger, campaign_id: str) -> int:
    """Return how many starts of a campaign have no answer yet: sent, or about to be."""
    with reaching():
        dialing = ledger.redis.hget(keys.campaign(campaign_id, "counts"), CallState.DIALING)
    return int(dialing or 0)


def waiting(ledger: Ledger, campaign_ids: Sequence[str], now: float) -> dict[str, Waiting]:
    """Return, for each of these campaigns, the calls that wait."""
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for campaign_id in campaign_ids:
            due = keys.campaign(campaign_id, "due")
            pipe.zcount(due, "-inf", now)
            pipe.zrange(due, -1, -1, withscores=True)
        answers = pipe.execute()
    return {
        campaign_id: Waiting(count, last[0][1] if last else None)
        for campaign_id, count, last in zip(campaign_ids, answers[::2], answers[1::2], strict=True)
    }


def _not_moved_on(campaign_id: str, state: str | None) -> str | None:
    if state == "moved_on":
        raise MovedOn(campaign_id)
    return state


def _known(campaign_id: str, state: str | None) -> CampaignState:
    if state is None:
        raise LedgerError(f"campaign {campaign_id} is gone from the ledger")
    return CampaignState(state)
