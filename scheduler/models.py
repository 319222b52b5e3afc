"""The nouns, the states, and which state may follow which."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class CallState(StrEnum):
    """Where a call stands. It is in exactly one of these."""

    PENDING = "pending"  #: waits for its due_at and a slot; a claim or a rule moves it on
    CLAIMED = "claimed"  #: holds a slot, no phone has rung; a lapsed lease makes it pending again
    DIALING = "dialing"  #: a start is about to leave or has left; a phone may ring
    CONNECTED = "connected"  #: its connection and its deadline are on record
    STOPPING = "stopping"  #: a stop is on record, sent and repeated until it is confirmed
    ENDED = "ended"  #: final, with a disposition; only `unknown` may be amended


#: Every allowed change of state; the store refuses all others. A test walks every pair.
TRANSITIONS: dict[CallState, frozenset[CallState]] = {
    CallState.PENDING: frozenset({CallState.CLAIMED, CallState.ENDED}),
    CallState.CLAIMED: frozenset({CallState.DIALING, CallState.PENDING, CallState.ENDED}),
    CallState.DIALING: frozenset({CallState.CONNECTED, CallState.PENDING, CallState.ENDED}),
    CallState.CONNECTED: frozenset({CallState.STOPPING}),
    CallState.STOPPING: frozenset({CallState.ENDED}),
    CallState.ENDED: frozenset(),
}

#: The states in which an attempt is open, that is, holds a slot.
OPEN_STATES = (CallState.CLAIMED, CallState.DIALING, CallState.CONNECTED, CallState.STOPPING)


class Disposition(StrEnum):
    """How a call ended: a closed list, only what the API lets us observe."""

    HUNG_UP = "hung_up"  #: the far end ended it
    STOPPED = "stopped"  #: we ended it at its deadline
    ABORTED = "aborted"  #: the operator ended it
    NOT_REACHED = "not_reached"  #: a machine answered, or nobody spoke
    REJECTED = "rejected"  #: the API will not accept this one
    UNKNOWN = "unknown"  #: asked, never learned
    SKIPPED = "skipped"  #: not dialled; the reason says why


class Reason(StrEnum):
    """Why a call ended as it did, where the disposition alone does not say it."""

    DUPLICATE = "duplicate"  #: skipped: the same party or id stands earlier in the campaign
    INVALID_NUMBER = "invalid_number"  #: skipped: nobody can be dialled by what the row says
    INVALID_ROW = "invalid_row"  #: skipped: another cell of the row can't be read
    NOT_ALLOWED = "not_allowed"  #: skipped: not on the allow-list of a trial
    UNCONFIRMED = "unconfirmed"  #: stopped, but the API never confirmed it within our patience
    LATE_ANSWER = "late_answer"  #: stopped: its answer came after it had been given up as unknown
    LEASE = "lease"  #: unknown: the worker that dialled it died or was cut off
    NO_ANSWER = "no_answer"  #: unknown: the API's answer to the start was lost or unreadable


class CampaignState(StrEnum):
    """Where a campaign stands."""

    LOADING = "loading"  #: rows are coming in; nothing dials and nothing ends
    ACTIVE = "active"  #: sealed; its calls are dialled as they fall due
    PAUSED = "paused"  #: no start leaves; live calls go on to their deadlines
    FINISHED = "finished"  #: every call has ended


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the file."""

    contact_id: str  #: the `id` column, else the party
    phone_number: str  #: E.164, with the plus sign
    name: str = ""
    dtmf: str = ""
    timezone: str = ""  #: IANA name
    max_duration_seconds: float | None = None  #: None: the campaign's
    variables: dict[str, str] = field(default_factory=dict)  #: every other column

    @property
    def party(self) -> str:
        """Whom this row reaches: number and key presses. Many meetings share one number."""
        return f"{self.phone_number},{self.dtmf}" if self.dtmf else self.phone_number


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read: a contact to call, or the reason why it is not called."""

    contact: Contact
    line: int  #: where the row starts in its file, counted from 1
    has_id: bool = False  #: the file gave the id; else the party stands for it
    reason: Reason | None = None  #: set when the row is not to be called
    error: str = ""  #: what was wrong, without the whole number


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial of a call: the fence that every change of state names."""

    campaign_id: str
    row: int  #: the call's place in the campaign, counted from 1
    number: int  #: one more for every claim, so that a late message of an earlier one is stale

    def __str__(self) -> str:
        return f"{self.campaign_id}:{self.row}:{self.number}"

    @classmethod
    def parse(cls, written: str) -> Attempt:
        """Read an attempt back from what `str` makes of it."""
        campaign_id, row, number = written.rsplit(":", 2)
        return cls(campaign_id, int(row), int(number))


@dataclass(frozen=True, slots=True)
class Policy:
    """How the calls of one campaign are made; stored with the campaign when it is created."""

    max_duration_seconds: float = 1800.0
    max_concurrency: int | None = None  #: caps this campaign below the account's limit
    session_name: str = ""  #: prefix of the name that the conversation gets; "": the campaign's id


@dataclass(frozen=True, slots=True)
class Connection:
    """The live leg that the API opened. Its id dies with the leg; the conversation's lasts."""

    connection_id: str
    conversation_id: str = ""
    event_url: str = ""
    result_websocket_url: str = ""
