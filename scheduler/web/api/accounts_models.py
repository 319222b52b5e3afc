"""Accounts and their limits, as the API has them."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scheduler.web.api.orders_models import Order


class Worker(BaseModel):
    """A worker of an account, as the ledger heard of it."""

    name: str
    seen_seconds_ago: float
    is_well: bool = Field(description="Whether it was heard of just now.")
    started_at: float
    version: str
    threads: int
    dialling: int
    stopping: int
    sockets: int
    collecting: int
    campaign_id: str = Field(description='The one that it serves; "" for all.')
    stops_only: str = Field(description='Why it does nothing but send stops; "" when it does.')


class LimitOrder(BaseModel):
    """What somebody did to a limit."""

    at: float
    what: str
    who: str
    note: str | None


class Account(BaseModel):
    """An account: its limit, what is in use, and what is wrong with it."""

    account: str = Field(examples=["acme"])
    learned: int = Field(description="How many calls may be open, as it was learned.")
    ceiling: int = Field(description="The most, as the settings here say; 0 where they don't.")
    slots: int = Field(description="In use.")
    live: int = Field(description="Connections that are not over.")
    held: int = Field(description="Slots of attempts whose answer was lost.")
    refusals: int
    refused_in_row: int
    accepted: int
    probed_at: float | None
    outage: bool = Field(description="The provider does not answer: one probe goes out at a time.")
    overdue: int = Field(description="Live calls whose deadline has passed.")
    oldest_overdue_seconds: float
    orphans: int = Field(description="Live calls at the provider that no attempt has.")
    blocks: list[str] = Field(description="Why its credentials can't dial.")
    caller_blocks: dict[str, str] = Field(description="A caller id of ours, and why it is refused.")
    due: int = Field(description="Calls that could be dialled now, were there a slot.")
    oldest_due_seconds: float
    stops: int = Field(description="Stops that are due or are to be repeated.")
    workers: list[Worker]
    controls: list[LimitOrder] = Field(description="The last orders on its limit, newest first.")


class Accounts(BaseModel):
    """The accounts that the client may see, by name."""

    accounts: list[Account]
    next_cursor: str | None = None


class NewLimit(Order):
    """What is known of an account's limit: one of `slots` and `forget`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"slots": 20, "note": "as the contract says"}]},
    )

    slots: int | None = Field(default=None, ge=1, le=100_000, description="Open calls.")
    forget: bool = Field(default=False, description="Forget what was learned: it starts anew.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.slots is None) != self.forget:
            raise ValueError("say one of slots and forget")
        return self
