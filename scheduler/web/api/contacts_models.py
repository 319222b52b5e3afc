"""How the API writes the contacts of a campaign, and what became of each."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scheduler.models import CallState

_RESULT: dict[str, Any] = {
    "row": 1,
    "campaign_id": "nightly-2026-11-22",
    "contact_id": "c-001",
    "phone_number": "…0143",
    "phone_column": None,
    "sip_uri": None,
    "name": "Ana",
    "dtmf": "",
    "line": 2,
    "state": "ended",
    "disposition": "not_reached",
    "reason": "busy",
    "attempts": 1,
    "connection_id": "CA1",
    "conversation_id": None,
    "caller_id": "…0199",
    "started_at": 1795305601.0,
    "answered_at": None,
    "answered_by": None,
    "heard": None,
    "intents": [],
    "asked_not_to_be_called": False,
    "answers": {},
    "deadline": 1795307401.0,
    "ended_at": 1795305613.0,
    "begun_at": 1795305600.5,
    "late_seconds": None,
    "late_cause": None,
    "stop_late_seconds": None,
    "duration_seconds": None,
    "price": None,
    "error": None,
    "variables": {},
}


class Result(BaseModel):
    """What became of one contact, with everything that callsched collected about its call."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_RESULT]})

    row: int = Field(description="Its place in the campaign, from 1: `#12` names the twelfth.")
    campaign_id: str = Field(description="The campaign's id.")
    contact_id: str = Field(
        description="The `id` column; without it the number or SIP address, with its keys."
    )
    phone_number: str | None = Field(
        description="International; over HTTP its last digits, unless you see numbers."
    )
    phone_column: str | None = Field(
        description="The column with this number, if the file has several columns of numbers."
    )
    sip_uri: str | None = Field(description="The SIP address, if the contact has no number.")
    name: str = Field(description="The `name` column.")
    dtmf: str = Field(description="Keys that are pressed after the answer.")
    line: int = Field(description="The contact's line in the file.")
    state: CallState = Field(description="Where its call stands; `ended` is final.")
    disposition: str | None = Field(description="How its call ended; null until then.")
    reason: str | None = Field(description="Why, if the disposition alone does not say it.")
    attempts: int = Field(description="How often callsched dialled the contact.")
    connection_id: str | None = Field(description="The provider's id of the last attempt's call.")
    conversation_id: str | None = Field(description="The provider's record of what was said.")
    caller_id: str | None = Field(description="The number of yours that the callee saw.")
    started_at: float | None = Field(description="When the provider accepted the last attempt.")
    answered_at: float | None = Field(
        description="When somebody answered; null if the provider does not tell."
    )
    answered_by: str | None = Field(
        description="`human`, `machine`, `fax` or `unknown`; null if the provider does not tell."
    )
    heard: str | None = Field(
        description="Who was heard, by all that is known: `human`, `machine`, `silence` or"
        " `not_recorded`; null if nobody can tell, or nothing is known yet."
    )
    intents: list[str] = Field(
        description="What the callee meant, in the order in which the provider heard it."
    )
    asked_not_to_be_called: bool = Field(
        description="Whether the callee asked, by words or a key, never to be called again."
    )
    answers: dict[str, str] = Field(
        description="The keys that the callee pressed, by the name of the step; an empty text:"
        " none."
    )
    deadline: float | None = Field(description="When the call had to be over.")
    ended_at: float | None = Field(description="When the provider confirmed the call's end.")
    begun_at: float | None = Field(description="When the request to place it was about to leave.")
    late_seconds: float | None = Field(
        description="How long after the call had to be over its end was confirmed; null: it was"
        " over before. If nobody confirmed the end: the least by which it was late."
    )
    late_cause: str | None = Field(
        description="Why it ended more than 2 s late: `no_worker`, `asleep`, `ledger`, `busy`,"
        " `unreachable`, `api` or `slow`; null if it did not."
    )
    stop_late_seconds: float | None = Field(
        description="How long after it was due the first stop was sent."
    )
    duration_seconds: float | None = Field(description="How long the call lasted, from the answer.")
    price: str | None = Field(
        description="What the provider charged, with the currency; known some minutes later."
    )
    error: str | None = Field(description="What was wrong with the row, or what the provider said.")
    variables: dict[str, str] = Field(description="Every other column of the file.")
    recordings: list[dict[str, Any]] | None = Field(
        default=None,
        description="Each recording, with `recording_id`, `duration_seconds` and `channels`.",
    )
    transcript: list[dict[str, Any]] | None = Field(
        default=None,
        description="What was said: `speaker`, `text`, `started_at`; empty: nothing was recorded.",
    )
    insights: dict[str, Any] | None = Field(
        default=None,
        description="Topics, action items, summary and what else the campaign asks for.",
    )


class Contacts(BaseModel):
    """A page of a campaign's contacts, in the order of its file."""

    contacts: list[Result]
    next_cursor: str | None = Field(
        description="Where the next page begins; null: there is none. If a filter leaves a page"
        " short, or empty, there may still be a next one."
    )


class Rule(BaseModel):
    """What a rule finds of a contact now."""

    rule: str
    passes: bool
    found: str = Field(description="What the rule found, in words.")
    until: float | None = Field(description="Until when it forbids the call.")
    reason: str | None = Field(description="Why it ends the call, or the campaign.")


class AttemptRecord(BaseModel):
    """One dial."""

    model_config = ConfigDict(extra="allow")

    number: int
    begun_at: float | None
    started_at: float | None
    answered_at: float | None
    deadline: float | None
    ended_at: float | None
    late_seconds: float | None = Field(description="By how much it ended late; null: it did not.")
    late_cause: str | None = Field(description="What made it end more than 2 s late.")
    stop_late_seconds: float | None = Field(description="By how much its stop was sent late.")
    disposition: str | None
    reason: str | None
    answers: dict[str, str]
    transcript: list[dict[str, Any]] | None = Field(description="What was said; null: not read.")
    recordings: list[dict[str, Any]] = Field(description="Those that are known to the ledger.")
    insights_erased: bool


class ContactInFull(Result):
    """A contact with every rule and every attempt."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                _RESULT
                | {
                    "timezone": "America/New_York",
                    "due_at": None,
                    "next_at": None,
                    "held": False,
                    "rules": [
                        {
                            "rule": "do_not_call",
                            "passes": True,
                            "found": "not on the list",
                            "until": None,
                            "reason": "",
                        }
                    ],
                    "history": [],
                }
            ]
        },
    )

    timezone: str | None = Field(description="Null where it may be in several.")
    due_at: float | None = Field(description="When its call is due, while it is pending.")
    next_at: float | None = Field(description="From when on it may be called; null: it is not.")
    held: bool = Field(description="Whether somebody has to say before the campaign goes on.")
    rules: list[Rule]
    history: list[AttemptRecord]


class Twin(BaseModel):
    """The row that is called instead of a duplicate."""

    row: int
    line: int
    contact_id: str
    shares: str = Field(description="id or party: what both have in common.")


class Order(BaseModel):
    """What an operator did."""

    at: float
    what: str = Field(examples=["cancel"])
    who: str
    note: str | None


class Explained(BaseModel):
    """Why somebody was or was not called: as `callsched explain --json` says it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "row": 1,
                    "contact_id": "c-001",
                    "phone_number": "…0143",
                    "sip_uri": None,
                    "dtmf": "",
                    "campaign_id": "nightly-2026-11-22",
                    "line": 2,
                    "state": "pending",
                    "disposition": None,
                    "reason": None,
                    "error": None,
                    "heard": None,
                    "intents": [],
                    "asked_not_to_be_called": False,
                    "rules": [],
                    "attempts": [],
                    "due_at": 1795306200.0,
                    "next_at": 1795306200.0,
                    "held": False,
                }
            ]
        },
    )

    row: int
    contact_id: str
    phone_number: str | None
    sip_uri: str | None
    dtmf: str
    campaign_id: str
    line: int
    state: CallState
    disposition: str | None
    reason: str | None
    error: str | None
    heard: str | None = Field(description="As in its result, and so are the next two.")
    intents: list[str]
    asked_not_to_be_called: bool
    rules: list[Rule]
    attempts: list[dict[str, Any]] = Field(description="As the ledger has them.")
    due_at: float | None
    next_at: float | None
    held: bool
    ended_at: float | None = None
    duplicate_of: Twin | None = Field(
        default=None, description="The row that is called instead of a duplicate."
    )
    order: Order | None = Field(
        default=None, description="The operator's order by which its call waits or has ended."
    )
