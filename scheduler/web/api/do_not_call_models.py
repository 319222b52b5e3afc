"""What the API says of the do-not-call list, and what is put on it and taken off."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scheduler.web.api.orders_models import EndedCall

EntryText = Annotated[str, Field(min_length=1, max_length=300)]
_ENTRIES = Field(
    min_length=1,
    max_length=1000,
    description="Numbers such as +12025550143, prefixes such as +1202*, which stand for all numbers"
    " that begin so, or SIP addresses. Files of more go to `/do-not-call/import`.",
)
_REGION = Field(
    default=None, max_length=2, description="Read numbers without a plus sign as this country's."
)


class Listed(BaseModel):
    """An entry of the list."""

    entry: str = Field(
        description="A number, a prefix or a SIP address; numbers masked for most.",
        examples=["+12025550143"],
    )
    kind: str = Field(description="number, prefix or sip.", examples=["number"])
    since: float | None = Field(description="In epoch seconds; null: nobody wrote it down.")
    why: str = Field(description="Why, and who put it there.", examples=["asked by phone (ann)"])


class ListRecord(BaseModel):
    """An entry of the list, as a history has it."""

    entry: str
    since: float | None
    why: str = Field(description="Why, and who put it there.")


class Barred(BaseModel):
    """Whether nobody dials a number."""

    number: str = Field(description="As it was read.", examples=["+12025550143"])
    listed: bool = Field(description="Whether nobody dials it.")
    by: Listed | None = Field(description="The entry that keeps it off the phone.")


class Entries(BaseModel):
    """Some entries of the list, in no order."""

    entries: list[Listed]
    count: int = Field(description="How many entries the whole list has.")
    next_cursor: str | None = Field(description="Where the next page begins; null: there is none.")
    number: Barred | None = Field(
        default=None, description="What was asked with `number`; then `entries` has what bars it."
    )


class LiveTo(BaseModel):
    """A call whose phone may ring now."""

    campaign_id: str
    row: int
    account: str
    label: str = Field(description="The contact's id, else its row and last digits.")
    is_certain: bool = Field(
        description="False: its start was never answered, or its end never confirmed."
    )


class WaitsIn(BaseModel):
    """A campaign that is still to call somebody."""

    campaign_id: str
    calls: int


class Additions(BaseModel):
    """Whom nobody is to call any more."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"entries": ["+12025550143"], "why": "asked by phone"}]},
    )

    entries: list[EntryText] = _ENTRIES
    why: str = Field(min_length=1, max_length=500, description="Kept with each, with your name.")
    region: str | None = _REGION
    hang_up: bool = Field(
        default=False,
        description="End every live call to them as well, on all accounts that you may see.",
    )


class Added(BaseModel):
    """What became of them."""

    added: list[str] = Field(description="New on the list.")
    known: list[str] = Field(description="They were on it, and keep since when and why.")
    live: list[LiveTo] = Field(
        description="Calls to them that were live then, on accounts that you may see."
    )
    waiting: list[WaitsIn] | None = Field(
        description="Campaigns that wait to call them, and skip it now; null: nobody looked, for"
        " prefixes and for more than 50 numbers."
    )
    ended: list[EndedCall] | None = Field(
        default=None, description="With `hang_up`, how those ended that were live."
    )
    not_confirmed: int | None = Field(
        default=None,
        description="With `hang_up`, of how many the end is not confirmed yet: their stops are on"
        " record, and are sent again.",
    )


class Removals(BaseModel):
    """Whom campaigns may call again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"entries": ["+12025550143"], "why": "a typing error"}]},
    )

    entries: list[EntryText] = _ENTRIES
    why: str = Field(min_length=1, max_length=500, description="Kept on record, with your name.")
    region: str | None = _REGION
    everybody: bool = Field(
        default=False,
        description="Needed for a prefix: everybody whose number begins so may be called again.",
    )


class RemovedEntries(BaseModel):
    """What became of them."""

    removed: list[str]
    missing: list[str] = Field(description="They were not on the list, just as they stand here.")
    kept_by: dict[str, str] = Field(
        description="Numbers that are still not called, and the prefix that keeps them so."
    )


class Removal(BaseModel):
    """Somebody took entries off the list."""

    at: float
    who: str = Field(examples=["ann"])
    why: str | None
    count: int = Field(description="How many entries.")
    entries: list[str] = Field(description="The first of them, masked for everybody.")


class RemovalsMade(BaseModel):
    """Who took entries off the list, the last first."""

    removals: list[Removal]


class Imported(BaseModel):
    """What became of a file: the counts of lines add up, and so do those of entries."""

    lines: int
    listed: int = Field(description="Lines that have entries.")
    header: int
    blank: int = Field(description="Blank lines and comments.")
    unread: int
    entries: int = Field(description="In all lines, those that are there twice counted twice.")
    added: int
    known: int = Field(description="They were on the list.")
    repeated: int
    not_taken: int
