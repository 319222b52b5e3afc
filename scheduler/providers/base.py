"""What callsched asks of a telephony API. Errors are those of `errors.py`, nothing else leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, Self, runtime_checkable

from scheduler.errors import ProviderError
from scheduler.fields.caller_ids import shared_out
from scheduler.fields.scripts import filled, filled_for_machines, uses_callbacks
from scheduler.models import (
    Attempt,
    Connection,
    Contact,
    Insight,
    OnMachine,
    Policy,
    StartOptions,
    conversation_name,
)
from scheduler.providers.api_clock import ApiTime
from scheduler.providers.callbacks import (
    Callback,
    CallbackAddress,
    CallbackPlace,
    Erased,
    Recording,
    Reply,
)
from scheduler.script import Script

#: Called right before the first byte of a start leaves; raises NotSent to hold it back.
Leave = Callable[[], None]


@dataclass(frozen=True, slots=True)
class StartOrder:
    """Whom to dial, and what is sent besides."""

    phone_number: str  #: E.164, with the plus sign; "" when a SIP address is dialled
    session_name: str  #: unique to the attempt: all by which a lost call can be found again
    dtmf: str = ""
    sip_uri: str = ""
    options: StartOptions = field(default_factory=StartOptions)
    #: What only some APIs are told.
    caller_id: str = ""  #: E.164; the number that the callee sees
    other_caller_ids: tuple[str, ...] = ()  #: that it could show instead
    max_duration_seconds: float | None = None  #: from the answer; None: the campaign has none
    ring_seconds: float | None = None  #: for how long it may ring; None: the API's own choice
    script: Script = ()  #: filled in; (): the options say what the call does
    record: bool = False  #: the whole call
    transcribe: bool = False  #: the same
    #: What is told while the call lives comes here; None: nothing is told, and polls suffice.
    callbacks: CallbackPlace | None = None
    on_machine: OnMachine = OnMachine.GO_ON
    machine_script: Script = ()  #: what a machine hears instead, filled in; (): `on_machine` holds

    @classmethod
    def of(
        cls,
        attempt: Attempt,
        policy: Policy,
        contact: Contact,
        *,
        caller_ids: Sequence[str] = (),
        blocked: Collection[str] = (),
        callbacks: CallbackAddress | None = None,
        account: str = "",
    ) -> Self:
        """Return the order for one attempt: the campaign's options, and the contact's own.

        `caller_ids` are the account's, where neither campaign nor contact names any; `blocked` are
        not shown to anybody while there are others. `callbacks` is where the provider of `account`
        reaches us. Raises ValueError where the campaign's script
        can't be said to this contact, as `scripts.filled` does.
        """
        options = {**policy.options, **contact.options}
        listed: Sequence[str] = options.pop("caller_id", caller_ids)
        free = [number for number in listed if number not in blocked]
        caller_id = shared_out(contact.party, free or listed)
        return cls(
            phone_number=contact.phone_number,
            sip_uri=contact.sip_uri,
            session_name=conversation_name(attempt, policy, contact),
            dtmf=contact.dtmf,
            options=options,
            caller_id=caller_id,
            other_caller_ids=tuple(number for number in free if number != caller_id),
            max_duration_seconds=contact.max_duration_seconds or policy.max_duration_seconds,
            ring_seconds=policy.ring_seconds,
            script=filled(policy, contact),
            record=policy.record,
            transcribe=policy.transcribe,
            callbacks=callbacks.place(account, attempt, is_used=uses_callbacks(policy))
            if callbacks
            else None,
            on_machine=policy.on_machine,
            machine_script=filled_for_machines(policy, contact),
        )


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """A page with a summary of the conversation, made for one of its users."""

    url: str
    user_id: str = ""
    name: str = ""


class Stage(StrEnum):
    """How far a call has come at its provider. What nobody knows counts as alive."""

    QUEUED = "queued"  #: it waits in the provider's own queue: no phone rings
    RINGING = "ringing"
    ANSWERED = "answered"
    ALIVE = "alive"  #: a word that this release does not know: not over
    OVER = "over"


class Outcome(StrEnum):
    """How a call that is over has ended, as its provider says."""

    COMPLETED = "completed"  #: it was answered, and has ended
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"  #: it could not be placed
    CANCELED = "canceled"  #: it was called off before the answer


@dataclass(frozen=True, slots=True)
class CallReport:
    """A call as its provider shows it. A later report may show an earlier stage.

    Instants are epoch seconds by the provider's clock, None where it does not say.
    """

    connection_id: str
    stage: Stage
    outcome: Outcome | None = None  #: of one that is over; None while it lives
    address: str = ""  #: whom it calls, as our orders write it
    caller_id: str = ""
    is_ours: bool = True  #: placed by a request to the API, and no part of another call
    created_at: float | None = None
    started_at: float | None = None  #: when the provider dialled; None: it never did
    ended_at: float | None = None
    duration_seconds: float | None = None  #: from the answer
    answered_by: str = ""  #: human, machine, fax or unknown; "" where nobody has listened
    price: str = ""  #: amount and currency, such as "0.013 USD"; "": not known yet
    read_at: float | None = None  #: when the provider answered


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """What a confirmed stop tells."""

    conversation_id: str = ""
    summary_pages: tuple[SummaryPage, ...] = ()
    report: CallReport | None = None  #: what was read of the call, where that is what confirms


SpeakerEventKind = Literal["started_speaking", "stopped_speaking", "joined", "left"]


@dataclass(frozen=True, slots=True)
class SpeakerEvent:
    """Who speaks on a live call: it only makes the transcript's speakers better."""

    kind: SpeakerEventKind
    user_id: str
    name: str = ""
    at: float | None = None  #: epoch seconds; None for when the API hears of it


@dataclass(frozen=True, slots=True)
class Subscription:
    """A WebSocket on which the news of a connection come."""

    url: str = field(repr=False)  #: may carry a secret
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a live connection tells.

    `completed` says that the conversation is over. The others are lines to be shown: `message`, a
    whole sentence; `transcript`, the words as they were recognised; `topic`, `action_item`,
    `follow_up`, `question`, `intent`, `tracker`; and `error`.
    """

    kind: str
    text: str = ""
    speaker: str = ""
    said_at: float | None = None  #: epoch seconds, by the API's clock
    intent: str = ""  #: of an intent: its name
    answered_by: str = ""  #: human or machine, where it tells who has answered


@dataclass(frozen=True, slots=True)
class Heard:
    """What one request tells, in our words. What it does not tell is empty."""

    connection_id: str
    sequence: int | None = None  #: of reports: a lower one is older, whenever it comes
    #: How far the call has come; its instants are by the provider's clock, `read_at` that of the
    #: news itself. Of one that is OVER only a read proves the end.
    report: CallReport | None = None
    answered_by: str = ""  #: human, machine, fax or unknown: a verdict while the call lives
    may_speak: bool = False  #: with a machine's verdict: its greeting is over
    news: tuple[News, ...] = ()  #: words
    news_id: str = ""  #: unique to these words in their call: those that come again are dropped
    pressed: str = ""  #: keys, of STEPS; "": none


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """A conversation that the API has, as its list shows it."""

    conversation_id: str
    name: str
    started_at: float | None = None  #: epoch seconds, by the API's clock
    ended_at: float | None = None  #: None when the API does not say that it is over


class Provider(Protocol):
    """One account at one telephony API. Safe to use from many threads.

    What not every API can do are abilities, the protocols below.
    """

    fingerprint: str  #: of address and credentials; changes when an operator mends either

    def authorize(self, max_duration_seconds: float) -> None:
        """Make sure that a token is at hand which outlives a call of this length.

        Raises NotDone, MaybeDone or AccountFault.
        """

    def start(self, order: StartOrder, leave: Leave) -> Connection:
        """Send one start, once. Raises any ProviderError; MaybeDone when a phone may ring."""

    def stop(self, connection_id: str) -> StopAnswer:
        """Send one stop. Returns only when the API confirmed it; may be repeated at will."""

    def close(self) -> None:
        """Close the connections of this thread."""


@runtime_checkable
class Listens(Protocol):
    """It tells by sockets what happens on a live connection."""

    def subscriptions(self, connection: Connection) -> Sequence[Subscription]:
        """Return where to listen to a connection, the best place first. May fetch a token."""

    def knows_no_such(self, status: int, body: bytes) -> bool:
        """Whether this answer to a subscription is the API's own, and says the call is over."""

    def read(self, frame: str | bytes) -> list[News]:
        """Return the news in one frame of a subscription; nothing for what is not understood."""


@runtime_checkable
class Collects(Protocol):
    """It keeps what was said."""

    def collect(self, conversation_id: str, insight: Insight) -> Any:
        """Read one thing of a conversation, in JSON's own types. Raises NotRecorded on 404."""


@runtime_checkable
class Finds(Protocol):
    """It can be asked about calls whose answer was lost."""

    def find(
        self, names: Collection[str], since: float, until: float
    ) -> Sequence[FoundConversation]:
        """Return the conversations that began within this time and have one of these names.

        One that is not there proves nothing: it may come later. Raises any ProviderError.
        """


@runtime_checkable
class Looks(Protocol):
    """It can be asked how one call stands."""

    def look(self, connection_id: str) -> CallReport:
        """Read one call. Raises NoSuchConnection, or any ProviderError."""

    def why_failed(self, connection_id: str) -> ProviderError | None:
        """Return what the API says of a call that FAILED; None while it says nothing.

        AtLimit: the account's calls were used up and nothing rang. Refused: never dial this one
        again. A plain ProviderError: nothing but its words. Raises any ProviderError when it can't
        be asked.
        """


@runtime_checkable
class Sweeps(Protocol):
    """It can list the calls of the account. A list may lag: what is absent proves nothing."""

    def open_calls(self) -> Sequence[CallReport]:
        """Return every call that lives, all pages. Raises any ProviderError."""

    def ended_calls(self, since: float) -> Sequence[CallReport]:
        """Return the calls that have ended since an instant, and perhaps some before.

        Some may be missing, to be looked at one by one. Raises any ProviderError.
        """

    def calls_to(self, address: str, since: float) -> Sequence[CallReport]:
        """Return the calls to an address that were created since an instant, in any stage.

        Perhaps some from before: who asks compares their times, by the clock of `read_at`. Raises
        any ProviderError.
        """


@runtime_checkable
class Prolongs(Protocol):
    """It ends calls by itself, and can be told to do so later."""

    def prolong(self, connection_id: str, max_duration_seconds: float) -> None:
        """Confirm that a call may last so long, counted from its answer. Raises ProviderError."""


@runtime_checkable
class Erases(Protocol):
    """It can be made to forget what was said."""

    def erase(self, conversation_id: str) -> None:
        """Have the API delete a conversation; one that it does not know is no error."""


@runtime_checkable
class Tells(Protocol):
    """It wants to know who speaks on a live call."""

    def tell(self, connection: Connection, event: SpeakerEvent) -> None:
        """Push a speaker event to a live connection. Raises any ProviderError."""


@runtime_checkable
class ShowsTime(Protocol):
    """Its answers say what time it is there."""

    @property
    def shown_time(self) -> ApiTime | None:
        """What its last answer said; None before there was one."""

    def ask_time(self, seconds: float) -> ApiTime | None:
        """Ask for something that is cheap and does no harm; None when its answer has no date.

        All of it within so many seconds, unless a token has to be fetched. Raises any
        ProviderError.
        """


@runtime_checkable
class CallsBack(Protocol):
    """It tells by requests of its own what happens to a call."""

    @property
    def can_verify(self) -> bool:
        """Whether the credentials have what its requests are signed with."""

    def hear(self, callback: Callback) -> Heard:
        """Verify a request and read it.

        Raises Forged for one that this account's provider has not signed, and Unreadable for what
        it signed and nobody understands.
        """

    def reply(
        self,
        script: Script,
        place: CallbackPlace,
        *,
        max_duration_seconds: float,
        caller_id: str = "",
    ) -> Reply:
        """Return the answer that has a call go on with a filled script; () ends it.

        `max_duration_seconds` are left of the call. Raises ScriptError for what can't be said so.
        """


@runtime_checkable
class Speaks(Protocol):
    """It can have a live call say something else."""

    def say_instead(self, connection_id: str, order: StartOrder, script: Script) -> None:
        """Replace what a call does now by a filled script.

        Raises NoSuchConnection, Refused for one that is over, or any ProviderError.
        """


@runtime_checkable
class Records(Protocol):
    """It keeps recordings of calls."""

    def recordings(self, connection_id: str) -> Sequence[Recording]:
        """Return the recordings of a call, complete or not. Raises any ProviderError."""

    def download(self, recording_id: str, offset: int) -> AbstractContextManager[Iterator[bytes]]:
        """Open a recording's sound from a byte on, as a stream. Raises any ProviderError.

        Refused where it begins elsewhere than at `offset`.
        """


@runtime_checkable
class ErasesCalls(Protocol):
    """It can be made to forget a call itself: its record, and what it has recorded of it."""

    def erase_call(self, connection_id: str) -> Erased:
        """Delete the recordings and the record of a call that is over, each confirmed.

        What it does not know any more is no error. Raises any ProviderError.
        """


#: All of them.
ABILITIES: tuple[type, ...] = (
    *(Listens, Collects, Finds, Looks, Sweeps, Prolongs, Erases, Tells),
    *(CallsBack, Speaks, Records, ErasesCalls, ShowsTime),
)
