"""What the API says of unknown calls, and what is said of them to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scheduler.ledger.unknowns import Resolution
from scheduler.operations.verdicts import Word


class UnknownCallBody(BaseModel):
    """A call of which nobody learned whether it was placed, with what is known of it."""

    attempt: str = Field(
        description="The attempt in question: campaign, row and number.", examples=["nightly:7:1"]
    )
    campaign_id: str = Field(description="Its campaign.", examples=["nightly"])
    account: str = Field(description="The account that it was dialled from.")
    row: int = Field(description="The contact's place in the campaign, counted from 1.")
    contact_id: str = Field(description="The contact's id; masked where it is its number.")
    phone_number: str | None = Field(description="Whom it was to reach; masked for most.")
    sip_uri: str | None = Field(description="The same, where it is a SIP address.")
    name: str = Field(description="The contact's name; empty for none.")
    reason: str | None = Field(
        description="`lease`: the worker that dialled it died or was cut off. `answer_lost`: the"
        " provider's answer to the start was lost. `placed`: it rang, as its conversation or"
        " somebody says. null: it is dialled again by itself, at `redial_at`.",
        examples=["answer_lost"],
    )
    error: str | None = Field(description="What came instead of an answer.")
    begun_at: float | None = Field(description="When the provider was asked, in epoch seconds.")
    held_until: float | None = Field(description="Until when its slot is held; null: it is free.")
    search_at: float | None = Field(
        description="When the provider is asked for it next; null: it is not looked for any more."
    )
    redial_at: float | None = Field(description="When it is dialled again by itself.")
    conversation_id: str | None = Field(
        description="The provider's conversation of it, once found: it proves that it was placed."
    )
    candidates: list[str] = Field(
        description="Calls at the provider that it may be, as the last search has found."
    )


class UnknownCalls(BaseModel):
    """Some unknown calls, those of the newest campaign first."""

    unknown: list[UnknownCallBody]
    count: int = Field(
        description="Of all pages: those that ended as unknown and that nobody has settled. This"
        " many a verdict by the same filter is about; those that are dialled again by themselves"
        " are not among them."
    )
    next_cursor: str | None = Field(
        description="Where the next page begins; null: there is none. A page may be short, and even"
        " empty, and yet have a next one."
    )


_LOOKUP = Field(
    default=True,
    description="Before a phone may ring again (`not_placed`, `redial`), the provider is asked"
    " whether one has rung. Without it, your word alone is taken.",
)
_NOTE = Field(default="", max_length=1000, description="Kept on the campaign's record of orders.")


class VerdictBody(BaseModel):
    """What you know of one unknown call."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"verdict": "placed", "note": "I heard it"}]},
    )

    verdict: Word = Field(
        description="`placed`: it rang; it is never dialled again. `not_placed`: it never rang; it"
        " counts as not dialled, and its slot is free. `redial`: the same, and it is dialled now."
        " `attach`: it is `call`, which has its deadline from now on. `end`: it may be `call`,"
        " which is ended."
    )
    call: str = Field(
        default="", max_length=200, description="With `attach` and `end`: a call of the account."
    )
    lookup: bool = _LOOKUP
    note: str = _NOTE


class VerdictAnswer(BaseModel):
    """How the call stands after a verdict."""

    attempt: str = Field(examples=["nightly:7:1"])
    verdict: Word
    state: str = Field(description="The call's state.", examples=["ended"])
    disposition: str | None = Field(examples=["unknown"])
    reason: str | None = Field(examples=["placed"])


class VerdictOnAll(BaseModel):
    """What you know of all unknown calls that a filter has."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"campaign": "nightly", "verdict": "placed", "count": 1}]},
    )

    account: str = Field(default="", max_length=200, description="Only those of this account.")
    campaign: str = Field(default="", max_length=300, description="Only those of this campaign.")
    verdict: Resolution = Field(description="As for one of them.", examples=["placed"])
    count: int = Field(
        ge=0,
        description="The `count` that the list with the same filter showed: another one by now is"
        " refused with 409 `count_moved`, and nothing is settled.",
    )
    lookup: bool = _LOOKUP
    note: str = _NOTE


class VerdictOnAllAnswer(BaseModel):
    """What became of them; the other figures add up to `count`."""

    count: int
    settled: int = Field(description="As you said.")
    proven: int = Field(description="Their conversations prove that they were placed: left alone.")
    candidates: int = Field(description="Calls of the account may be them: left alone.")
    stale: int = Field(description="They were no longer unknown.")


class LookupBody(BaseModel):
    """Which unknown calls the provider is asked about."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"campaign": "nightly", "rows": [7]}]}
    )

    campaign: str = Field(max_length=300, description="The campaign that they are of.")
    rows: list[Annotated[int, Field(ge=1, le=1 << 31)]] = Field(
        default_factory=list,
        max_length=100,
        description="The rows of their contacts; without any, the first 25 that are open.",
    )


class LookedUp(BaseModel):
    """What the provider knows of one unknown call."""

    attempt: str = Field(examples=["nightly:7:1"])
    outcome: str = Field(
        description="`found`: its conversation, so it was placed. `known`: that was found before."
        " `candidates`: calls at the provider may be it. `not_found`: which proves nothing."
        " `stale`: it is no longer unknown.",
        examples=["not_found"],
    )
    conversation_id: str | None
    may_be_live: bool = Field(description="What was found may still be going on.")
    candidates: list[str]


class LookupAnswer(BaseModel):
    """What the provider knows."""

    campaign_id: str
    calls: list[LookedUp]
    errors: list[str] = Field(description="What is odd about it, such as two conversations of one.")
