"""What the API says of schedules."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FiringTime(BaseModel):
    """When a schedule fires."""

    at: float = Field(description="In epoch seconds.", examples=[1795957200.0])
    local: str = Field(
        description="As clocks show it in the schedule's time zone.",
        examples=["Mon 2026-11-30 09:00:00 EST"],
    )


class FiringFate(BaseModel):
    """What became of a firing."""

    campaign_id: str = Field(description="The campaign of this firing.")
    at: float
    state: str = Field(description="waiting, fired, skipped, missed or failed.", examples=["fired"])
    why: str | None = Field(description="What forbade it, who asked for it, or why it failed.")
    told_at: float | None = Field(description="When that was written down.")


class ScheduleBody(BaseModel):
    """A campaign file that workers launch at set times."""

    name: str = Field(examples=["nightly"])
    account: str
    file: str = Field(description="The campaign file, on the machine of the workers.")
    encoding: str
    region: str | None = Field(
        default=None, description="Country of national numbers, where the file names none."
    )
    cron: str | None = Field(description="Five fields; null: it fires once, `at`.")
    at: float | None
    timezone: str | None = Field(examples=["America/New_York"])
    start: float | None = Field(description="No firing before it.")
    end: float | None = Field(description="None after it.")
    overlap: str = Field(
        description="What becomes of a firing while the campaign before is not finished."
    )
    catch_up_seconds: float = Field(description="How late a firing may be launched.")
    state: str = Field(description="active or paused.", examples=["active"])
    note: str | None = Field(description="Why it was paused last.")
    created_by: str
    created_at: float
    changed_by: str | None = Field(description="Who paused or resumed it last.")
    changed_at: float | None
    next_at: float | None = Field(description="Its next firing, if it is not paused then.")
    last_campaign: str | None = Field(description="The campaign that it launched last.")
    error: str | None = Field(description="Why its last launch failed.")
    wrong: list[str] = Field(description="What is wrong with it: a failure, or no worker.")


class WholeSchedule(ScheduleBody):
    """A schedule with its next and its last firings."""

    next: list[FiringTime] = Field(description="The next five, whether it is paused or not.")
    firings: list[FiringFate] = Field(description="The last twenty, the newest first.")


class Schedules(BaseModel):
    """Some schedules, the newest first."""

    schedules: list[ScheduleBody]
    next_cursor: str | None


class PauseBody(BaseModel):
    """Why a schedule is paused."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"note": "the office is closed"}]}
    )

    note: str = Field(
        min_length=1, max_length=500, description="Kept with every firing that is skipped."
    )


class FireBody(BaseModel):
    """When a firing is asked for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    at: int | None = Field(
        default=None,
        description="Epoch seconds, of the last five minutes; without it, now. The same again is"
        " the same firing, so who lost an answer may ask again.",
    )


class Fired(BaseModel):
    """A firing that was asked for."""

    name: str
    campaign_id: str = Field(
        description="The campaign that a worker launches; while the one before is not finished, the"
        " overlap policy says what becomes of it.",
        examples=["nightly-20261128T090000Z"],
    )
