"""How the API writes campaigns, and what was done to them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scheduler.models import CallState, CampaignState

CAMPAIGN_EXAMPLE: dict[str, Any] = {
    "campaign_id": "nightly-2026-11-22",
    "name": "nightly",
    "account": "default",
    "state": "active",
    "total": 3,
    "calls": {
        "pending": 1,
        "claimed": 0,
        "dialing": 0,
        "connected": 1,
        "stopping": 0,
        "ended": 1,
    },
    "dispositions": {"not_reached:busy": 1},
    "dials": 2,
    "stops": 1,
    "created_at": 1795305600.0,
    "finished_at": None,
    "next_due_at": 1795306200.0,
    "collecting": 0,
    "stopped_itself": None,
    "spent_seconds": 42.5,
    "priority": 0,
    "weight": 1.0,
    "paused_by": None,
    "cancelled_by": None,
    "retired_at": None,
    "late": {
        "calls": 1,
        "worst_seconds": 71.4,
        "worst_row": 1,
        "since": 1795305631.0,
        "until": 1795305702.4,
        "causes": {"unreachable": 1},
        "said": "not reached: ConnectTimeout",
    },
}


class Late(BaseModel):
    """The attempts of a campaign that ended late: more than 2 s after they had to be over."""

    calls: int
    worst_seconds: float = Field(description="By how much the worst was late; 0 where none was.")
    worst_row: int | None
    since: float | None = Field(description="When the first of them had to be over.")
    until: float | None = Field(description="When the last of them was over.")
    causes: dict[str, int] = Field(
        description="How many by what: `no_worker`, `asleep`, `ledger` (no worker could reach"
        " Redis), `busy`, `unreachable` (the API), `api` (it did not confirm), `slow`."
    )
    said: str | None = Field(description="What the API said last to a stop of such a call.")


class Campaign(BaseModel):
    """A campaign as it stands. The calls by state add up to its total."""

    model_config = ConfigDict(json_schema_extra={"examples": [CAMPAIGN_EXAMPLE]})

    campaign_id: str
    name: str
    account: str = Field(description="The account that it dials from.")
    state: CampaignState
    total: int = Field(description="Contacts, those that are not called included.")
    calls: dict[CallState, int] = Field(description="How many calls stand where: every state.")
    dispositions: dict[str, int] = Field(
        description="How many calls ended how: `disposition` or `disposition:reason`."
    )
    dials: int = Field(description="Starts that were sent, less those that placed no call.")
    stops: int = Field(description="Connections that are over for certain.")
    created_at: float = Field(description="Epoch seconds, as every `…_at`.")
    finished_at: float | None
    next_due_at: float | None = Field(description="When the pending call that comes first is due.")
    collecting: int = Field(description="Conversations of ended calls that are still to be read.")
    stopped_itself: str | None = Field(description="Why, of a campaign that did.")
    spent_seconds: float = Field(description="Of calls, those that are live at their worst.")
    priority: int
    weight: float
    paused_by: str | None
    cancelled_by: str | None
    retired_at: float | None = Field(description="Since when its results are no longer kept.")
    late: Late = Field(description="What ended late.")


class Served(BaseModel):
    """Whether anybody dials a campaign."""

    nobody_dials: str | None = Field(
        description="Why nobody dials it although calls wait, and the command by which it goes on;"
        " null where somebody does, or it waits for an order."
    )


class Campaigns(BaseModel):
    """A page of the campaigns."""

    campaigns: list[Campaign]
    next_cursor: str | None = Field(
        description="Where the next page begins; null: there is none. A page that a filter leaves"
        " short, or empty, may have one."
    )


class Waiting(BaseModel):
    """What of a campaign waits to be dialled, and why."""

    pending: int = Field(description="Calls that wait.")
    due: int = Field(description="Those of them that could be dialled now.")
    next_due_at: float | None
    last_due_at: float | None = Field(description="When the one that comes last is due.")
    held_at: float | None = Field(description="When a rule last held a call back that was due.")
    held_why: str | None = Field(description="Which rule, and what it found.")
    needs_a_person: bool = Field(description="Whether it stands still until somebody resumes it.")


class CampaignInFull(Campaign, Served):
    """A campaign with what is expected of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                CAMPAIGN_EXAMPLE
                | {
                    "nobody_dials": None,
                    "expected": "about 5 min",
                    "expected_seconds": 300.0,
                    "waiting": {
                        "pending": 1,
                        "due": 0,
                        "next_due_at": 1795306200.0,
                        "last_due_at": 1795306200.0,
                        "held_at": None,
                        "held_why": None,
                        "needs_a_person": False,
                    },
                }
            ]
        }
    )

    expected: str = Field(description="When it ends, or why that can't be told, in words.")
    expected_seconds: float | None = Field(description="Until its end: a guess; null: none.")
    waiting: Waiting


class Order(BaseModel):
    """What somebody did to a campaign."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"at": 1795305700.0, "what": "pause", "who": "ana", "note": None}]
        }
    )

    at: float
    what: str = Field(description="pause, resume, cancel, abort, stop, extend, launch, reveal, …")
    who: str
    note: str | None


class Orders(BaseModel):
    """What was done to a campaign, the last first; the ledger keeps the last hundred."""

    orders: list[Order]
    next_cursor: str | None = Field(description="Always null: they are few.")
