"""What a start at Symbl may say, as the ledger keeps it: in JSON's own types."""

from __future__ import annotations

from typing import TypedDict


class Intent(TypedDict, total=False):
    """Something that the API listens for while the call lives."""

    intent: str  #: answering_machine, interested, not_interested or do_not_call
    silence_seconds: float  #: of silence, after which it stops listening; absent: the API's own


class User(TypedDict, total=False):
    """Somebody who takes part, whom callsched names to the API at the start."""

    user_id: str  #: often a mail address
    name: str
    role: str


class Audio(TypedDict, total=False):
    """How a SIP leg is encoded."""

    encoding: str
    sample_rate: int  #: in Hz
    sample_size: int  #: in bits
    payload_type: int


class Options(TypedDict, total=False):
    """What a start says besides whom to dial; callsched does not send what is absent."""

    session_name: str  #: begins the name of the conversation; "": the campaign's id
    languages: list[str]  #: BCP 47
    timezone: str  #: IANA name, of the times in the summary's page
    summary_emails: list[str]  #: who gets the summary by mail
    summary_on: str  #: start or stop: when the mail's link is made
    intents: list[Intent]
    insight_types: list[str]
    users: list[User]
    audio: Audio
    idle_timeout_seconds: float  #: seconds without speech after which the API leaves; -1: never
    webhook_url: str
    callback_url: str
    provider_name: str  #: of the meeting's platform
    transport: str  #: `name=value;…`, how SIP is transported
    endpoint_language: str  #: BCP 47
    timezone_offset_minutes: float
    push_speaker_events: bool
