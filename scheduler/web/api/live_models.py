"""Live calls, as they are listed and as orders on them answer."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scheduler.fields.durations import Duration
from scheduler.models import CallState
from scheduler.web.api.orders_models import EndedCall, Order


class LiveCall(BaseModel):
    """A call whose connection is live."""

    attempt: str = Field(description="Names it in orders.", examples=["nightly:7:1"])
    campaign_id: str
    account: str
    row: int
    label: str = Field(description="What the contact is called.")
    phone_number: str | None = Field(description="Masked, unless the token may see numbers.")
    sip_uri: str | None
    state: CallState | None = Field(description="null: it could not be read.")
    standing: str | None = Field(description="The state, or `queued` or `ringing`.")
    deadline: float = Field(description="When callsched ends it at the latest, in epoch seconds.")
    seconds_left: float = Field(description="Below 0: its stop is late.")


class LiveCalls(BaseModel):
    """Live calls, the nearest deadline first."""

    live: list[LiveCall]
    next_cursor: str | None


class Extension(Order):
    """How much longer a call may last: one of `by` and `until`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"by": "2m"}, {"until": 1790000000, "note": "asked for"}]},
    )

    by: Duration | None = Field(default=None, description="So much longer.")
    until: float | None = Field(default=None, gt=0, description="Until then, in epoch seconds.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.by is None) == (self.until is None):
            raise ValueError("say one of by and until")
        return self


class StoppedCall(BaseModel):
    """A call that was told to end."""

    attempt: str
    is_over: bool = Field(description="False: its end is not confirmed; its stop is on record.")
    ended: EndedCall | None = Field(description="What became of it; null: no call was placed.")


class ExtendedCall(BaseModel):
    """A call that may last longer."""

    attempt: str
    deadline: float = Field(description="When it is ended now, in epoch seconds.")
