"""What the API says of when a number was called."""

from __future__ import annotations

from pydantic import BaseModel, Field

from scheduler.web.api.do_not_call_models import ListRecord, Removal


class Dialled(BaseModel):
    """One dial."""

    number: int = Field(description="Of the attempt, from 1.")
    begun_at: float | None
    started_at: float | None
    answered_at: float | None
    ended_at: float | None
    late_seconds: float | None = Field(description="By how much it ended late; null: it did not.")
    disposition: str | None
    reason: str | None
    stage: str | None
    answered_by: str | None
    caller_id: str | None = Field(description="The number that was shown.")
    connection_id: str | None


class CalledIn(BaseModel):
    """A contact with the number, in one campaign."""

    campaign_id: str
    campaign_name: str
    account: str
    row: int
    contact_id: str
    name: str
    state: str
    disposition: str | None
    reason: str | None
    error: str | None
    has_keys: bool = Field(description="Keys are pressed after the answer.")
    due_at: float | None = Field(description="Of one that waits.")
    archive: str | None = Field(description="Always null over HTTP.")
    attempts: list[Dialled]


class NoLongerKept(BaseModel):
    """A call of a campaign whose contacts are no longer kept."""

    campaign_id: str
    row: int
    at: float


class NumberHistory(BaseModel):
    """Every call to a number, in all campaigns."""

    number: str = Field(examples=["+12025550143"])
    listed: ListRecord | None = Field(description="The entry by which nobody dials it.")
    removals: list[Removal] = Field(
        description="Who took such an entry off the list. Of numbers the last digits are on record:"
        " it may have been another one."
    )
    calls: list[CalledIn] = Field(description="The earliest first, those that wait last.")
    no_longer_kept: list[NoLongerKept] = Field(
        description="Of the last 31 days, in campaigns whose contacts are no longer kept."
    )
    campaigns_no_longer_kept: int = Field(
        description="Campaigns whose contacts are no longer kept: they may have called it earlier."
    )
