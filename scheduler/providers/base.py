"""What callsched asks of a telephony API. Errors are those of `errors.py`, nothing else leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self, runtime_checkable

from scheduler.models import (
    Attempt,
    Connection,
    Contact,
    Insight,
    Policy,
    StartOptions,
    conversation_name,
)

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

    @classmethod
    def of(cls, attempt: Attempt, policy: Policy, contact: Contact) -> Self:
        """Return the order for one attempt: the campaign's options, and the contact's own."""
        return cls(
            phone_number=contact.phone_number,
            sip_uri=contact.sip_uri,
            session_name=conversation_name(attempt, policy, contact),
            dtmf=contact.dtmf,
            options={**policy.options, **contact.options},
        )


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """A page with a summary of the conversation, made for one of its users."""

    url: str
    user_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """What a confirmed stop tells."""

    conversation_id: str = ""
    summary_pages: tuple[SummaryPage, ...] = ()


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
    answered_by_machine: bool = False  #: of the intent answering_machine


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
class Erases(Protocol):
    """It can be made to forget what was said."""

    def erase(self, conversation_id: str) -> None:
        """Have the API delete a conversation; one that it does not know is no error."""


@runtime_checkable
class Tells(Protocol):
    """It wants to know who speaks on a live call."""

    def tell(self, connection: Connection, event: SpeakerEvent) -> None:
        """Push a speaker event to a live connection. Raises any ProviderError."""


#: All of them.
ABILITIES: tuple[type, ...] = (Listens, Collects, Finds, Erases, Tells)
