"""What orders on campaigns take, and what they answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from scheduler.models import CallState
from scheduler.web.api.campaigns_models import CAMPAIGN_EXAMPLE, Campaign


class Order(BaseModel):
    """What may be said with an order."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"note": "wrong list"}]}
    )

    note: str = Field(default="", max_length=200, description="Goes on record with the order.")


class PriorityOrder(Order):
    """Which campaign goes first."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"priority": 5, "weight": 2}]}
    )

    priority: int = Field(ge=-100, le=100, description="A higher one goes first; usual is 0.")
    weight: float | None = Field(
        default=None, ge=0.01, le=100, description="Its share in its class; null keeps it."
    )


class EndedCall(BaseModel):
    """What became of a call that was live, or may have been."""

    campaign_id: str
    row: int
    label: str = Field(description="What the contact is called.")
    contact_id: str
    is_over: bool = Field(description="False: its stop is on record, and is sent again.")
    state: CallState
    disposition: str | None
    reason: str | None
    connection_id: str | None
    started_at: float | None
    ended_at: float | None
    duration_seconds: float | None


class AbortedCampaign(Campaign):
    """A campaign that was aborted, and what became of each call that was live."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [CAMPAIGN_EXAMPLE | {"ended": [], "left": 0}]}
    )

    ended: list[EndedCall] = Field(description="The calls that were live, or may have been.")
    left: int = Field(description="How many of them are not over: their stops are on record.")
