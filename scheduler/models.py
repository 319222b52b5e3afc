"""The nouns, the states, and which state may follow which."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from scheduler.script import Script


class CallState(StrEnum):
    """Where a call stands. It is in exactly one of these."""

    PENDING = "pending"  #: waits for its due_at and a slot; a claim or a rule moves it on
    CLAIMED = "claimed"  #: holds a slot, no phone has rung; a lapsed lease makes it pending again
    DIALING = "dialing"  #: a start is about to leave or has left; a phone may ring
    CONNECTED = "connected"  #: its connection and its deadline are on record
    STOPPING = "stopping"  #: a stop is on record, sent and repeated until it is confirmed
    ENDED = "ended"  #: final, with a disposition; only `unknown` may be amended


#: Every allowed change of state; the ledger refuses all others. A test walks every pair.
TRANSITIONS: dict[CallState, frozenset[CallState]] = {
    CallState.PENDING: frozenset({CallState.CLAIMED, CallState.ENDED}),
    CallState.CLAIMED: frozenset({CallState.DIALING, CallState.PENDING, CallState.ENDED}),
    CallState.DIALING: frozenset({CallState.CONNECTED, CallState.PENDING, CallState.ENDED}),
    CallState.CONNECTED: frozenset({CallState.STOPPING, CallState.ENDED}),
    CallState.STOPPING: frozenset({CallState.ENDED, CallState.PENDING}),
    CallState.ENDED: frozenset(),
}

#: The states in which an attempt is open, that is, holds a slot.
OPEN_STATES = (CallState.CLAIMED, CallState.DIALING, CallState.CONNECTED, CallState.STOPPING)


class Disposition(StrEnum):
    """How a call ended: a closed list of what callsched can learn from the API."""

    HUNG_UP = "hung_up"  #: the far end ended it
    COMPLETED = "completed"  #: somebody answered; it ended before its deadline, unknown by whom
    STOPPED = "stopped"  #: callsched ended it at its deadline
    ABORTED = "aborted"  #: an operator ended it: Ctrl-C, `callsched abort` or `stop`
    NOT_REACHED = "not_reached"  #: nobody answered, or a machine, or nobody spoke
    REJECTED = "rejected"  #: the provider does not accept this call; `error` has its words
    UNKNOWN = "unknown"  #: callsched sent the start and lost the answer: the phone may have rung
    SKIPPED = "skipped"  #: callsched did not call the contact; the reason says why


class Reason(StrEnum):
    """Why a call ended as it did, where the disposition alone does not say it."""

    DUPLICATE = "duplicate"  #: skipped: the same party or id stands earlier in the campaign
    INVALID_NUMBER = "invalid_number"  #: skipped: the row has no number that can be dialled
    INVALID_ROW = "invalid_row"  #: skipped: another cell of the row can't be read
    EMERGENCY_NUMBER = "emergency_number"  #: skipped: callsched never calls emergency numbers
    SHORT_NUMBER = "short_number"  #: skipped: the number belongs to a service, not to a subscriber
    PREMIUM_NUMBER = "premium_number"  #: skipped: a call to it costs more than an ordinary call
    UNSUPPORTED_COUNTRY = "unsupported_country"  #: skipped: the provider does not call this country
    DO_NOT_CALL = "do_not_call"  #: skipped: the number is on the do-not-call list
    NOT_ALLOWED = "not_allowed"  #: skipped: the number is not in CALLSCHED_ALLOWED_NUMBERS
    UNKNOWN_TIMEZONE = "unknown_timezone"  #: skipped: nobody can tell what time it is there
    OUTSIDE_HOURS = "outside_hours"  #: skipped: no calling hours are left before its `not_after`
    CAPPED = "capped"  #: skipped: callsched has called this party as often as it may
    ALREADY_CALLED = "already_called"  #: skipped: another campaign of this name has the party
    EXPIRED = "expired"  #: skipped: its `not_after` has passed
    CANCELLED = "cancelled"  #: skipped: an operator cancelled the rest of its campaign
    MACHINE = "machine"  #: not_reached: a machine answered, and `on_machine` is `not_reached`
    BUSY = "busy"  #: not_reached: the line was busy
    NO_ANSWER = "no_answer"  #: not_reached: it rang for its `ring_time`, and nobody answered
    FAILED = "failed"  #: not_reached: the network could not place the call; `error` says why
    SILENT = "silent"  #: not_reached: somebody answered, and nobody spoke
    UNCONFIRMED = "unconfirmed"  #: stopped: the provider never confirmed the end
    LATE_ANSWER = "late_answer"  #: stopped: the answer came after callsched had given it up
    LEASE = "lease"  #: unknown: the worker that dialled died, or was cut off from Redis
    ANSWER_LOST = (
        "answer_lost"  #: unknown: the provider's answer to the start was lost or unreadable
    )
    PLACED = "placed"  #: unknown: it was placed, as its conversation or the operator says
    NOT_PLACED = "not_placed"  #: skipped: it was unknown, and the operator said it never rang


#: As a ledger or an archive of a release before 0.2 has it: disposition, reason, today's reason.
_OLD_REASONS = {("unknown", "no_answer"): Reason.ANSWER_LOST}


def reason_of(disposition: str | None, written: str | None) -> str:
    """Return the reason of an ending by today's name, whichever release wrote it; "" for none."""
    return _OLD_REASONS.get((disposition or "", written or ""), written or "")


def label_of(written: str) -> str:
    """Return a label, `disposition[:reason]`, by today's names, whichever release wrote it."""
    disposition, colon, reason = written.partition(":")
    return disposition + colon + reason_of(disposition, reason)


class CampaignState(StrEnum):
    """Where a campaign stands."""

    LOADING = "loading"  #: rows are coming in; nothing dials and nothing ends
    ACTIVE = "active"  #: sealed; its calls are dialled as they fall due
    PAUSED = "paused"  #: no start leaves; live calls go on to their deadlines
    FINISHED = "finished"  #: every call has ended


#: What a start says besides whom to dial, in JSON's own types; what is absent is not sent. Those
#: of a contact replace those of its campaign, name by name. All but `session_name`, with which the
#: name of the conversation begins, is the provider's, which alone reads it.
StartOptions: TypeAlias = dict[str, Any]


#: Among a contact's states: none can be told, so that it is held to every state's rules.
EVERY_STATE = "*"


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the file."""

    contact_id: str  #: the `id` column, else the party
    phone_number: str = ""  #: E.164, with the plus sign; "" for a SIP address
    phone_column: str = ""  #: of several columns the one that the number stands in
    sip_uri: str = ""  #: `sip:…` or `sips:…`; "" for a phone number
    name: str = ""
    dtmf: str = ""
    timezone: str = ""  #: IANA name
    max_duration_seconds: float | None = None  #: None: the campaign's
    not_before: float | None = None  #: epoch seconds; None: the campaign's alone
    not_after: float | None = None
    variables: dict[str, str] = field(default_factory=dict)  #: every other column
    #: What its campaign's script names, where nothing else here says the same.
    script_cells: dict[str, str] = field(default_factory=dict)
    options: StartOptions = field(default_factory=StartOptions)  #: its own, rendered
    #: Of the United States, whose rules it is held to where a campaign asks; two letters each.
    states: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The phone number, or the SIP address."""
        return self.phone_number or self.sip_uri

    @property
    def party(self) -> str:
        """Whom this row reaches: address and key presses. Many meetings share one number."""
        return f"{self.address},{self.dtmf}" if self.dtmf else self.address


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read: a contact to call, or the reason why it is not called."""

    contact: Contact
    line: int  #: where the row starts in its file, counted from 1
    has_id: bool = False  #: the file gave the id; else the party stands for it
    reason: Reason | None = None  #: set when the row is not to be called
    error: str = ""  #: what was wrong, without the whole number
    due_at: float | None = None  #: epoch seconds before which it is not dialled; None: now


_ATTEMPT = re.compile(r".+:[0-9]{1,18}:[0-9]{1,18}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial of a call: the fence that every change of state names."""

    campaign_id: str
    row: int  #: the call's place in the campaign, counted from 1
    number: int  #: one more for every claim, so that a late message of an earlier one is stale

    def __str__(self) -> str:
        return f"{self.campaign_id}:{self.row}:{self.number}"

    @staticmethod
    def is_written(text: str) -> bool:
        """Tell whether a text is one that `parse` reads."""
        return _ATTEMPT.fullmatch(text) is not None

    @classmethod
    def parse(cls, written: str) -> Attempt:
        """Read an attempt back from what `str` makes of it."""
        campaign_id, row, number = written.rsplit(":", 2)
        return cls(campaign_id, int(row), int(number))


class OnMachine(StrEnum):
    """What is done when an answering machine has taken the call."""

    GO_ON = "go_on"  #: nothing: the call goes on to its deadline
    STOP = "stop"  #: it is stopped, and ends as any other stopped call
    NOT_REACHED = "not_reached"  #: it is stopped, and ends as not_reached


class OnUnknown(StrEnum):
    """What is done with a call of which nobody learned whether it was placed."""

    HOLD = "hold"  #: it ends as unknown, and is never dialled again by itself
    REDIAL = "redial"  #: it is dialled again when its slot is free, at most REDIALS times


#: For how long a call whose deadline before the answer has passed is looked at, until it answers.
LOOKED_FOR_SECONDS = 15

#: So long after its end a call's price is read for the first time.
PRICED_AFTER_SECONDS = 60

#: A call that is to wait for longer in its provider's queue is taken back.
LONGEST_QUEUE_SECONDS = 60

#: How often an unknown call is dialled again by itself: each time somebody may be called twice.
REDIALS = 1


class OptOuts(StrEnum):
    """Whose wish not to be called again is listened for, besides keys that a script has for it."""

    OFF = "off"  #: nobody's
    CALLEES = "callees"  #: of contacts without key presses: theirs may be a number that many share
    ALL = "all"


class Durability(StrEnum):
    """What a start waits for, between its leave to dial and its first byte."""

    SERVER = "server"  #: nothing more: it is as safe as the server's own settings make it
    DISK = "disk"  #: until the leave is on the disk of the server
    REPLICA = "replica"  #: until one replica of the server has it


class Insight(StrEnum):
    """One thing that can be read of a conversation."""

    TRANSCRIPT = "transcript"
    TOPICS = "topics"
    ACTION_ITEMS = "action_items"
    FOLLOW_UPS = "follow_ups"
    QUESTIONS = "questions"
    SUMMARY = "summary"
    ANALYTICS = "analytics"
    MEMBERS = "members"
    ENTITIES = "entities"
    TRACKERS = "trackers"


#: One request each, and nothing that must have been switched on at the API before.
CHEAP_INSIGHTS = (
    Insight.TRANSCRIPT,
    Insight.TOPICS,
    Insight.ACTION_ITEMS,
    Insight.FOLLOW_UPS,
    Insight.QUESTIONS,
    Insight.SUMMARY,
    Insight.ANALYTICS,
)


@dataclass(frozen=True, slots=True)
class Hours:
    """One rule that says when people may be called, in their own time."""

    name: str = "calling_hours"  #: who says so: the key, the setting or the preset
    #: Monday first: windows in minutes of the day, the opening in it, the close not.
    week: tuple[tuple[tuple[int, int], ...], ...] = ((),) * 7
    blackout_dates: tuple[str, ...] = ()  #: ISO dates on which nobody is called
    holidays: tuple[str, ...] = ()  #: regions such as US or US-FL, closed on their public holidays
    states: tuple[str, ...] = ()  #: whose contacts it is a rule for; none: for everybody


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many calls to one party in a rolling period, whatever campaign they are of."""

    calls: int
    per_seconds: float
    name: str = "caps"  #: who says so
    states: tuple[str, ...] = ()  #: whose contacts it is a rule for; none: for everybody


class WhenCapped(StrEnum):
    """What becomes of a call that a cap forbids now."""

    WAIT = "wait"  #: it is due again when the cap allows it
    SKIP = "skip"  #: it ends as skipped


@dataclass(frozen=True, slots=True)
class Retry:
    """How often calls that ended in one way are dialled again, and when.

    An end is named by its reason or by its disposition; a rule for the reason goes first.
    """

    max: int
    delays_seconds: tuple[float, ...]  #: after the first, the second, …; the last one stays
    jitter: float = 0.0  #: a share of the delay, by which it is longer or shorter at random


#: What counts as a failure where a campaign stops itself, unless it says otherwise.
FAILURES = (Disposition.REJECTED, Disposition.UNKNOWN)


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """Stops a campaign when too many of its last calls failed."""

    share: float  #: of failures, from which on it stops
    window_seconds: float
    min_calls: int  #: fewer in the window say nothing
    failures: tuple[Disposition, ...] = FAILURES


@dataclass(frozen=True, slots=True)
class Canary:
    """Lets a few calls go first, and the others when those went well."""

    first: int
    success: float  #: the share that must have gone well
    failures: tuple[Disposition, ...] = FAILURES


class Event(StrEnum):
    """What a webhook can be told."""

    CALL_ENDED = "call.ended"  #: and what was said in it has been read
    CAMPAIGN_FINISHED = "campaign.finished"
    CAMPAIGN_STOPPED = "campaign.stopped"  #: it stopped itself


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of messages, and the events that it gets."""

    url: str
    events: tuple[Event, ...] = tuple(Event)


@dataclass(frozen=True, slots=True)
class Policy:
    """How the calls of one campaign are made; stored with the campaign when it is created."""

    max_duration_seconds: float = 1800.0
    max_concurrency: int | None = None  #: caps this campaign below the account's limit
    max_starts_per_second: float = 0.0  #: evenly spread; 0 for any
    priority: int = 0  #: a higher class goes first
    weight: float = 1.0  #: its share of the slots within its class
    options: StartOptions = field(default_factory=StartOptions)  #: of every contact
    script: Script = ()  #: what every call says; its texts are filled for each contact
    campaign_name: str = ""  #: as the script may say it; "" where there is no script
    ring_seconds: float | None = None  #: for how long it may ring; None: the provider's own choice
    record: bool = False  #: the whole call
    transcribe: bool = False  #: the same
    on_machine: OnMachine = OnMachine.GO_ON
    machine_script: Script = ()  #: what a machine hears instead; (): `on_machine` holds
    insights: tuple[Insight, ...] = CHEAP_INSIGHTS  #: what is read when a call has ended
    on_unknown: OnUnknown = OnUnknown.HOLD
    hours: tuple[Hours, ...] = ()  #: all of them have to be open; none: at any time
    timezone: str = ""  #: IANA name, of contacts whose own can't be told; "": those are skipped
    not_before: float | None = None  #: epoch seconds
    not_after: float | None = None
    caps: tuple[Cap, ...] = ()
    when_capped: WhenCapped = WhenCapped.WAIT
    retry: dict[str, Retry] = field(default_factory=dict)  #: by reason or disposition
    #: The most attempts of a call that may have rung, a redial included; None: no more than that.
    retry_total: int | None = None
    circuit_breaker: CircuitBreaker | None = None
    canary: Canary | None = None
    budget_seconds: float | None = None  #: of calls, those that are live at their worst
    webhooks: tuple[Webhook, ...] = ()
    default_region: str = ""  #: ISO country of national numbers; "": there is none
    #: Every call is listened to for whether a machine has answered.
    hears_machines: bool = False
    opt_outs: OptOuts = OptOuts.OFF  #: whose wish not to be called again is listened for

    def hears_opt_outs(self, contact: Contact) -> bool:
        """Whether the words of a call to a contact are searched for a wish not to be called."""
        return self.opt_outs is OptOuts.ALL or (
            self.opt_outs is OptOuts.CALLEES and not contact.dtmf
        )


class Overlap(StrEnum):
    """What becomes of a firing while the campaign of the one before it is not finished."""

    SKIP = "skip"  #: it is recorded as skipped
    BUFFER_ONE = "buffer_one"  #: it waits; of several that wait the latest
    BUFFER_ALL = "buffer_all"  #: it waits, as do all others
    CANCEL_OTHER = "cancel_other"  #: the other makes no new calls; its live ones finish
    ABORT_OTHER = "abort_other"  #: the other is stopped, its live calls as well
    ALLOW_ALL = "allow_all"  #: both run side by side


class FiringState(StrEnum):
    """What became of one firing of a schedule."""

    WAITING = "waiting"  #: it is due, or asked for; a worker launches it as the overlap allows
    FIRED = "fired"  #: its campaign is loaded and sealed
    SKIPPED = "skipped"  #: an overlap, a pause or a later firing forbade it
    MISSED = "missed"  #: nothing ran, and the catch-up window had passed
    FAILED = "failed"  #: its file could not be read, or the ledger refused its campaign


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a campaign file is launched: at the times of a cron expression, or at one time."""

    cron: str = ""  #: five fields; "" for one time
    at: float | None = None  #: epoch seconds; None for cron
    timezone: str = ""  #: IANA name, whose wall clock the cron expression means
    start: float | None = None  #: no firing before it
    end: float | None = None  #: none after it
    overlap: Overlap = Overlap.SKIP
    catch_up_seconds: float = 600.0  #: a firing that is later than this is missed


def conversation_name(attempt: Attempt, policy: Policy, contact: Contact) -> str:
    """Return the name under which the API keeps the conversation of an attempt, and of no other."""
    options: StartOptions = {**policy.options, **contact.options}
    return f"{options.get('session_name') or 'callsched'} {attempt}"


@dataclass(frozen=True, slots=True)
class Connection:
    """The live leg that the API opened. Its id dies with the leg; the conversation's lasts."""

    connection_id: str
    conversation_id: str = ""
    details: str = field(default="", repr=False)  #: its provider's own, which alone reads them
    queue_seconds: float = 0.0  #: how long it is to wait in the provider's queue before it rings
