"""All calls to a number, in all campaigns, and its entries on the do-not-call list."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scheduler.errors import ConfigError
from scheduler.ledger import addresses, do_not_call, views
from scheduler.ledger.addresses import PossibleRing
from scheduler.ledger.do_not_call import Listing, Removed
from scheduler.ledger.explanation import standing
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState
from scheduler.operations.do_not_call import listing_record
from scheduler.operations.progress import Counting, uncounted
from scheduler.operations.story import attempt_of
from scheduler.report.archived import RESULTS_ENDING, source_in

#: How many campaigns to ask in one round trip.
_AT_ONCE = 100

#: The fields of an attempt in a history: nothing that was said or pressed.
_KEPT = (
    *("number", "begun_at", "started_at", "answered_at", "ended_at", "disposition", "reason"),
    *("late_seconds", "stage", "answered_by", "caller_id", "connection_id"),
)
#: The fields of a call in a history.
_OF_CALL = ("contact_id", "name", "state", "disposition", "reason", "error")


@dataclass(frozen=True, slots=True)
class Called:
    """A contact with the number in one campaign, with its attempts."""

    campaign_id: str
    campaign_name: str
    account: str
    row: int
    record: Mapping[str, Any]  #: its result, or only whom it reaches and how it ended
    attempts: Sequence[Mapping[str, Any]]
    due_at: float | None = None  #: if it waits
    archive: str = ""  #: the file in which it was found, which has only its last attempt

    @property
    def waits(self) -> bool:
        """Whether it is still to be called."""
        return self.record["state"] in (CallState.PENDING, CallState.CLAIMED)

    @property
    def first_at(self) -> float:
        """When it was dialled first, or skipped; inf while it waits."""
        instants = [each["begun_at"] or each["started_at"] for each in self.attempts]
        known = [at for at in (*instants, self.record.get("ended_at")) if at is not None]
        return min(known, default=math.inf)

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "campaign_id": self.campaign_id,
            "campaign_name": self.campaign_name,
            "account": self.account,
            "row": self.row,
            **{name: self.record.get(name) for name in _OF_CALL},
            "has_keys": bool(self.record.get("dtmf")),
            "due_at": self.due_at,
            "archive": self.archive or None,
            "attempts": [dict(each) for each in self.attempts],
        }


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of calls to a number or SIP address."""

    address: str
    calls: tuple[Called, ...]  #: the earliest first, waiting ones last
    listed: tuple[str, Listing] | None  #: the entry of the do-not-call list that bars it
    #: Calls of the last 31 days, in campaigns whose contacts are erased.
    gone: tuple[PossibleRing, ...] = ()
    archived: int = 0  #: campaigns whose contacts are erased, and which may have called it too
    #: Removals of entries that may have been this number's: the record has only their last digits.
    removals: tuple[Removed, ...] = ()

    @property
    def waiting(self) -> list[Called]:
        """Calls that are still to be made."""
        return [each for each in self.calls if each.waits]

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "number": self.address,
            "listed": listing_record(*self.listed) if self.listed else None,
            "removals": [each.as_record() for each in self.removals],
            "calls": [each.as_record() for each in self.calls],
            "no_longer_kept": [
                {"campaign_id": each.attempt.campaign_id, "row": each.attempt.row, "at": each.at}
                for each in self.gone
            ],
            "campaigns_no_longer_kept": self.archived,
        }


def history_of(
    ledger: Ledger,
    address: str,
    among: frozenset[str] | None = None,
    archives: Sequence[Path] = (),
    counting: Counting = uncounted,
) -> History:
    """Return all that is known of calls to a number or SIP address, with any key presses.

    It reads campaigns of the accounts `among`; None: of all. `archives` are files that `callsched
    archive` wrote, or folders of them. Raises ConfigError if one can't be read.
    """
    ids = [
        each.campaign_id
        for each in views.headings(ledger)
        if among is None or each.account in among
    ]
    kept = _look(ledger, address, ids, counting)
    calls = kept.calls + [
        each for path in _files(archives) for each in _archived(path, address, counting)
    ]
    gone = [
        each
        for each in addresses.possible_rings(ledger, kept.parties)
        if each.attempt.campaign_id not in kept.campaigns
        and (among is None or each.attempt.campaign_id in ids)
    ]
    return History(
        address,
        tuple(sorted(calls, key=lambda each: (each.first_at, each.campaign_id, each.row))),
        do_not_call.barred(ledger, address),
        tuple(gone),
        kept.archived,
        tuple(each for each in do_not_call.removals(ledger) if each.may_be(address)),
    )


@dataclass(slots=True)
class _Kept:
    """What campaigns know whose contacts are not erased."""

    parties: set[str]  #: the parties with this address that campaigns have
    calls: list[Called] = field(default_factory=list)
    campaigns: set[str] = field(default_factory=set)
    archived: int = 0  #: campaigns whose contacts are erased


def _look(ledger: Ledger, address: str, ids: Sequence[str], counting: Counting) -> _Kept:
    kept = _Kept({address})
    with counting("looking", "campaigns") as counted:
        for at in range(0, len(ids), _AT_ONCE):
            some = views.campaigns(ledger, ids[at : at + _AT_ONCE])
            whole = [view for view in some if view.retired_at is None]
            kept.archived += len(some) - len(whole)
            kept.campaigns |= {view.campaign_id for view in whole}
            for view, rows in addresses.rows_to(ledger, whole, address):
                for row in rows:
                    call, party = _called(ledger, view, row)
                    kept.calls.append(call)
                    kept.parties.add(party)
            counted(min(at + _AT_ONCE, len(ids)), len(ids))
    return kept


def _called(ledger: Ledger, view: CampaignView, row: int) -> tuple[Called, str]:
    """Return one call with its attempts, and whom it reaches."""
    stands = standing(ledger, view.campaign_id, row)
    contact = stands.contact
    record = {
        "contact_id": contact.contact_id,
        "name": contact.name,
        "dtmf": contact.dtmf,
        "state": stands.state.value,
        "disposition": stands.disposition or None,
        "reason": stands.reason or None,
        "error": stands.error or None,
        "ended_at": stands.ended_at,
    }
    every = [attempt_of(each) for each in stands.attempts]
    attempts = [{name: each[name] for name in _KEPT} for each in every]
    called = Called(view.campaign_id, view.name, view.account, row, record, attempts, stands.due_at)
    return called, contact.party


# Archives -----------------------------------------------------------------------------------------


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.glob(f"*{RESULTS_ENDING}"))
        if not found:
            raise ConfigError(f"{path}: there is no file ID{RESULTS_ENDING} in this folder")
        yield from found


def _archived(path: Path, address: str, counting: Counting) -> Iterator[Called]:
    source = source_in(path)
    head = source.header
    with counting(f"reading {path.name}", "calls") as counted:
        for row, record in enumerate(source.records, start=1):
            if row % _AT_ONCE == 0:
                counted(row, source.total)
            if address in (record.get("phone_number"), record.get("sip_uri")):
                attempts = [_last_attempt(record)] if record.get("attempts") else []
                yield Called(
                    *(head.campaign_id, head.name, head.account, row),
                    record,
                    attempts,
                    archive=str(path),
                )


def _last_attempt(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in _KEPT} | {"number": record["attempts"]}
