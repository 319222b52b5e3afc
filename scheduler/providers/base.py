"""The protocols of a telephony API. They raise errors of `errors.py` and no others."""

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

#: Called right before the first byte of a start is sent; raises NotSent to prevent that.
Leave = Callable[[], None]


@dataclass(frozen=True, slots=True)
class StartOrder:
    """All that a start sends: whom to dial, and how the call goes."""

    phone_number: str  #: E.164, with the plus sign; "" if a SIP address is dialled
    session_name: str  #: unique to the attempt: the only means to find a lost call again
    dtmf: str = ""
    sip_uri: str = ""
    options: StartOptions = field(default_factory=StartOptions)
    #: Only some APIs take what follows.
    caller_id: str = ""  #: E.164; the number that the callee sees
    other_caller_ids: tuple[str, ...] = ()  #: numbers that it could show instead
    max_duration_seconds: float | None = None  #: from the answer; None: the campaign has no limit
    ring_seconds: float | None = None  #: how long it may ring; None: the API's default
    script: Script = ()  #: filled in; (): the options say what the call does
    record: bool = False  #: record the whole call
    transcribe: bool = False  #: transcribe the whole call
    #: The address for callbacks; None: no callbacks, callsched polls instead.
    callbacks: CallbackPlace | None = None
    on_machine: OnMachine = OnMachine.GO_ON
    machine_script: Script = ()  #: the filled script for a machine; (): `on_machine` decides

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

        `caller_ids` are the account's, for a campaign and contact that name none; those in
        `blocked` are shown to nobody while there are others. `callbacks` is where the provider of
        `account` reaches callsched. Raises ValueError, as `scripts.filled` does, if the campaign's
        script can't be filled for this contact.
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
    """How far a call has come at its provider. An unknown stage counts as alive."""

    QUEUED = "queued"  #: it waits in the provider's own queue: no phone rings
    RINGING = "ringing"
    ANSWERED = "answered"
    ALIVE = "alive"  #: a stage that this release does not know: not over
    OVER = "over"


class Outcome(StrEnum):
    """How a call ended, according to its provider."""

    COMPLETED = "completed"  #: it was answered, and has ended
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"  #: it could not be placed
    CANCELED = "canceled"  #: it was stopped before the answer


@dataclass(frozen=True, slots=True)
class CallReport:
    """A call as its provider shows it. A later report may show an earlier stage.

    Instants are epoch seconds by the provider's clock, None where it does not say.
    """

    connection_id: str
    stage: Stage
    outcome: Outcome | None = None  #: None while it is live
    address: str = ""  #: the callee, as a StartOrder writes it
    caller_id: str = ""
    is_ours: bool = True  #: placed by a request to the API, not as a leg of another call
    created_at: float | None = None
    started_at: float | None = None  #: when the provider dialled; None: it never did
    ended_at: float | None = None
    duration_seconds: float | None = None  #: from the answer
    answered_by: str = ""  #: human, machine, fax or unknown; "": no detection
    price: str = ""  #: amount and currency, such as "0.013 USD"; "": not known yet
    read_at: float | None = None  #: when the provider answered the request that read this


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """The answer to a confirmed stop."""

    conversation_id: str = ""
    summary_pages: tuple[SummaryPage, ...] = ()
    report: CallReport | None = None  #: the reading of the call that confirmed its end, if one did


SpeakerEventKind = Literal["started_speaking", "stopped_speaking", "joined", "left"]


@dataclass(frozen=True, slots=True)
class SpeakerEvent:
    """Who speaks on a live call; it only improves the speakers' names in the transcript."""

    kind: SpeakerEventKind
    user_id: str
    name: str = ""
    at: float | None = None  #: epoch seconds; None: when the API gets the event


@dataclass(frozen=True, slots=True)
class Subscription:
    """A WebSocket that sends the news of a connection."""

    url: str = field(repr=False)  #: may carry a secret
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class News:
    """One event of a live connection.

    `completed`: the conversation is over. The other kinds are lines to show: `message`, a whole
    sentence; `transcript`, words as they were recognised; `topic`, `action_item`, `follow_up`,
    `question`, `intent`, `tracker`; and `error`.
    """

    kind: str
    text: str = ""
    speaker: str = ""
    said_at: float | None = None  #: epoch seconds, by the API's clock
    intent: str = ""  #: the name of an intent
    answered_by: str = ""  #: human or machine, if the event tells who has answered


@dataclass(frozen=True, slots=True)
class Heard:
    """What one callback reports, whatever its provider. What it does not report is empty."""

    connection_id: str
    sequence: int | None = None  #: number of a report; a lower one is older, whenever it arrives
    #: How far the call has come. Its instants are by the provider's clock; `read_at` is that of the
    #: event itself. A reported OVER does not prove the end of the call: only a reading does.
    report: CallReport | None = None
    answered_by: str = ""  #: human, machine, fax or unknown, detected while the call is live
    may_speak: bool = False  #: with a machine: its greeting is over
    news: tuple[News, ...] = ()  #: words of a transcript
    news_id: str = ""  #: unique to these words within their call: repeated ones are dropped
    pressed: str = ""  #: for STEPS, the keys; "": none


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """An entry of the API's list of conversations."""

    conversation_id: str
    name: str
    started_at: float | None = None  #: epoch seconds, by the API's clock
    ended_at: float | None = None  #: None: not known to be over


class Provider(Protocol):
    """One account at one telephony API. Safe to use from many threads.

    What only some APIs can do is an ability: one of the protocols below.
    """

    fingerprint: str  #: a hash of address and credentials: it changes when an operator fixes either

    def authorize(self, max_duration_seconds: float) -> None:
        """Make sure that there is a token which is valid for longer than such a call.

        Raises NotDone, MaybeDone or AccountFault.
        """

    def start(self, order: StartOrder, leave: Leave) -> Connection:
        """Send one start, once. Raises any ProviderError; MaybeDone: a phone may ring."""

    def stop(self, connection_id: str) -> StopAnswer:
        """Send one stop; return once the API has confirmed it. Idempotent: repeat it at will."""

    def close(self) -> None:
        """Close the connections of this thread."""


@runtime_checkable
class Listens(Protocol):
    """Ability: it reports on a live connection over WebSockets."""

    def subscriptions(self, connection: Connection) -> Sequence[Subscription]:
        """Return the WebSockets of a connection, the best first. May fetch a token."""

    def knows_no_such(self, status: int, body: bytes) -> bool:
        """Whether this refusal of a subscription comes from the API and means: the call is over."""

    def read(self, frame: str | bytes) -> list[News]:
        """Return the news in one frame of a subscription; [] for an unknown frame."""


@runtime_checkable
class Collects(Protocol):
    """Ability: it keeps transcripts and insights."""

    def collect(self, conversation_id: str, insight: Insight) -> Any:
        """Read one insight of a conversation, as JSON values. Raises NotRecorded on 404."""


@runtime_checkable
class Finds(Protocol):
    """Ability: it can look for calls whose start was never answered."""

    def find(
        self, names: Collection[str], since: float, until: float
    ) -> Sequence[FoundConversation]:
        """Return the conversations that began within this time and have one of these names.

        A missing one proves nothing: it may appear later. Raises any ProviderError.
        """


@runtime_checkable
class Looks(Protocol):
    """Ability: it can report on one call when asked."""

    def look(self, connection_id: str) -> CallReport:
        """Read one call. Raises NoSuchConnection, or any ProviderError."""

    def why_failed(self, connection_id: str) -> ProviderError | None:
        """Return why a call FAILED, as an error to act on; None while the API does not say.

        AtLimit: the account had no call free, and nothing rang. Refused: never dial this callee
        again. A plain ProviderError is only a message. Raises any ProviderError when the API
        can't be asked.
        """


@runtime_checkable
class Sweeps(Protocol):
    """Ability: it lists the account's calls. A list may lag: a missing call proves nothing."""

    def open_calls(self) -> Sequence[CallReport]:
        """Return every live call, from all pages. Raises any ProviderError."""

    def ended_calls(self, since: float) -> Sequence[CallReport]:
        """Return the calls that have ended since an instant, and perhaps earlier ones.

        Some may be missing: look at those one by one. Raises any ProviderError.
        """

    def calls_to(self, address: str, since: float) -> Sequence[CallReport]:
        """Return the calls to an address that were created since an instant, in any stage.

        Earlier ones may be among them: compare their times, by the clock of `read_at`. Raises any
        ProviderError.
        """


@runtime_checkable
class Prolongs(Protocol):
    """Ability: it ends calls by itself, and can move that time."""

    def prolong(self, connection_id: str, max_duration_seconds: float) -> None:
        """Have a call last so long from its answer; return once confirmed. Raises ProviderError."""


@runtime_checkable
class Erases(Protocol):
    """Ability: it can delete a conversation."""

    def erase(self, conversation_id: str) -> None:
        """Have the API delete a conversation; an unknown conversation is no error."""


@runtime_checkable
class Tells(Protocol):
    """Ability: it takes speaker events of a live call."""

    def tell(self, connection: Connection, event: SpeakerEvent) -> None:
        """Send a speaker event to a live connection. Raises any ProviderError."""


@runtime_checkable
class ShowsTime(Protocol):
    """Ability: its answers show the time of its clock."""

    @property
    def shown_time(self) -> ApiTime | None:
        """Return the time in its last answer; None before the first one."""

    def ask_time(self, seconds: float) -> ApiTime | None:
        """Send a cheap, harmless request; return its answer's time, None without a date.

        It takes at most `seconds`, unless a token has to be fetched. Raises any ProviderError.
        """


@runtime_checkable
class CallsBack(Protocol):
    """Ability: it reports on calls by callbacks, HTTP requests of its own."""

    @property
    def can_verify(self) -> bool:
        """Whether the credentials include the key with which it signs callbacks."""

    def hear(self, callback: Callback) -> Heard:
        """Verify a callback and read it.

        Raises Forged if this account's provider has not signed it, and Unreadable if it is signed
        and can't be understood.
        """

    def reply(
        self,
        script: Script,
        place: CallbackPlace,
        *,
        max_duration_seconds: float,
        caller_id: str = "",
    ) -> Reply:
        """Return the answer that continues a call with a filled script; () ends the call.

        `max_duration_seconds` is what is left of the call. Raises ScriptError for a script that
        this API can't express.
        """


@runtime_checkable
class Speaks(Protocol):
    """Ability: it can replace the script of a live call."""

    def say_instead(self, connection_id: str, order: StartOrder, script: Script) -> None:
        """Replace the script of a live call by another filled script.

        Raises NoSuchConnection, Refused for one that is over, or any ProviderError.
        """


@runtime_checkable
class Records(Protocol):
    """Ability: it keeps recordings of calls."""

    def recordings(self, connection_id: str) -> Sequence[Recording]:
        """Return the recordings of a call, complete or not. Raises any ProviderError."""

    def download(self, recording_id: str, offset: int) -> AbstractContextManager[Iterator[bytes]]:
        """Open a recording's sound as a stream, from byte `offset` on.

        Raises any ProviderError; Refused if the stream would begin at another byte.
        """


@runtime_checkable
class ErasesCalls(Protocol):
    """Ability: it can delete a call's own record and recordings."""

    def erase_call(self, connection_id: str) -> Erased:
        """Delete the recordings and the record of a call that is over, and wait for confirmation.

        Already deleted ones are no error. Raises any ProviderError.
        """


#: All of them.
ABILITIES: tuple[type, ...] = (
    *(Listens, Collects, Finds, Looks, Sweeps, Prolongs, Erases, Tells),
    *(CallsBack, Speaks, Records, ErasesCalls, ShowsTime),
)
