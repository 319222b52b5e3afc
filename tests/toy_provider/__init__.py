"""A telephony API of its own shape that answers from a dictionary, in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from scheduler.errors import ConfigError, NoSuchConnection, ProviderError
from scheduler.fields import texts
from scheduler.fields.starts import TEMPLATE
from scheduler.models import Connection, Insight, StartOptions
from scheduler.providers import (
    Collects,
    Credentials,
    Erases,
    Finds,
    FoundConversation,
    Kind,
    Leave,
    Listens,
    News,
    Provider,
    SpeakerEvent,
    StartOrder,
    StopAnswer,
    Subscription,
    Tells,
)
from scheduler.providers.call_keys import CallKeys
from scheduler.script import Gather, Hangup, Pause, Record, Say, Transfer
from scheduler.settings import Settings
from scheduler.tokens import TokenShelf

#: Set when somebody has an account.
KEY = "TOY_KEY"
#: What a number is answered where it is not answered with a connection.
REFUSALS: Mapping[str, type[ProviderError]] = {}
#: What is known of each conversation.
SAID: Mapping[Insight, Any] = {
    Insight.TRANSCRIPT: [{"text": "hello"}],
    Insight.TOPICS: ["toys"],
}


class ToyCall(CallKeys):
    """What is said to who answers."""

    greeting: Annotated[texts.Short, TEMPLATE] | None = Field(
        default=None, description="at most 100 printable characters"
    )
    voice: Literal["high", "low"] | None = Field(default=None, description="high or low")


class Toy:
    """An account at the toy."""

    fingerprint = "toy"

    def __init__(self, refusals: Mapping[str, type[ProviderError]] = REFUSALS) -> None:
        self._refusals = refusals
        self._lock = threading.Lock()
        self.started: list[StartOrder] = []
        self.live: set[str] = set()
        self.strings: list[str] = []  #: what it keeps of each connection
        self.told: list[tuple[str, SpeakerEvent]] = []
        self.erased: list[str] = []

    def authorize(self, max_duration_seconds: float) -> None:
        """There is no token."""

    def start(self, order: StartOrder, leave: Leave) -> Connection:
        leave()
        with self._lock:
            self.started.append(order)
            if refusal := self._refusals.get(order.phone_number):
                raise refusal("as the dictionary says")
            name = f"toy {len(self.started)}"
            self.live.add(name)
            self.strings.append(f"string of {name}")
        return Connection(name, f"talk {name}", f"string of {name}")

    def stop(self, connection_id: str) -> StopAnswer:
        with self._lock:
            if connection_id not in self.live:
                raise NoSuchConnection("it is over")
            self.live.remove(connection_id)
        return StopAnswer()

    def tell(self, connection: Connection, event: SpeakerEvent) -> None:
        self.told.append((connection.details, event))

    def subscriptions(self, connection: Connection) -> Sequence[Subscription]:
        return []

    def knows_no_such(self, status: int, body: bytes) -> bool:
        return False

    def read(self, frame: str | bytes) -> list[News]:
        return []

    def collect(self, conversation_id: str, insight: Insight) -> Any:
        return SAID[insight]

    def find(
        self, names: Collection[str], since: float, until: float
    ) -> Sequence[FoundConversation]:
        return []

    def erase(self, conversation_id: str) -> None:
        self.erased.append(conversation_id)

    def close(self) -> None:
        """There is no connection of a thread."""


class ToyCredentials(Credentials):
    """Whoever has the key has an account."""

    key: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(key=os.environ.get(KEY, ""))

    @property
    def suffice(self) -> bool:
        return bool(self.key)

    @property
    def address(self) -> str:
        return "toy://here"

    def called_countries(self) -> frozenset[str]:
        return frozenset({"CA"})


def _client(credentials: ToyCredentials, shelf: TokenShelf | None) -> Provider:
    if not credentials.suffice:
        raise ConfigError(f"set {KEY}")
    return Toy()


def _hear_machines(options: StartOptions, _: bool) -> StartOptions:
    return {**options, "hears_machines": True}


def _at_sandbox(url: str) -> dict[str, str | None]:
    return {KEY: "sandbox"}


TOY = Kind(
    name="toy",
    credentials=ToyCredentials,
    client=_client,
    address_setting="TOY_ADDRESS",
    credentials_keys="key",
    credentials_settings=KEY,
    countries_setting="TOY_COUNTRIES",
    call=ToyCall,
    abilities=frozenset({Listens, Collects, Finds, Erases, Tells}),
    hear_machines=_hear_machines,
    at_sandbox=_at_sandbox,
)


class Bare:
    """An account at an API that can start and stop calls, and nothing else."""

    fingerprint = "bare"

    def __init__(self, toy: Toy) -> None:
        self.authorize, self.start, self.stop = toy.authorize, toy.start, toy.stop
        self.close = toy.close


BARE = replace(TOY, name="bare", abilities=frozenset())


#: What a talker says in one call, in characters; a real API has such bounds as well.
MOST_SPOKEN = 200


def _check_spoken(order: StartOrder) -> str:
    spoken = sum(len(step.text) for step in order.script if isinstance(step, Say))
    return (
        f"expected at most {MOST_SPOKEN} characters, got {spoken}" if spoken > MOST_SPOKEN else ""
    )


#: Does nothing unless it is told what to say; it can't play sound files.
TALKER = replace(
    TOY,
    name="talker",
    script_steps=frozenset({Say, Pause, Record, Transfer, Hangup, Gather}),
    script_keys=frozenset({"greeting"}),
    needs_script=True,
    call_keys=frozenset({"caller_id", "ring_time", "record"}),
    check_order=_check_spoken,
)
