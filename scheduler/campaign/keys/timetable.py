"""The keys of a campaign file that say when workers launch it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from scheduler.campaign.keys.calling_hours import INSTANT_EXPECTED, instant
from scheduler.fields.durations import Duration
from scheduler.hours.cron import CRON_EXPECTED, next_after, read_cron
from scheduler.hours.named_zones import TIMEZONE_EXPECTED, Timezone
from scheduler.masking import shown
from scheduler.models import Overlap, Schedule

#: A worker that comes after a long time looks for no firings further back than this.
LONGEST_CATCH_UP_SECONDS = 366 * 86_400.0


class Timetable(BaseModel):
    """When workers launch the file: at the times of a cron expression, or once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: Annotated[str, AfterValidator(read_cron)] | None = Field(
        default=None, description=CRON_EXPECTED
    )
    at: str | None = Field(default=None, description=INSTANT_EXPECTED)
    timezone: Timezone | None = Field(default=None, description=TIMEZONE_EXPECTED)
    start: str | None = Field(default=None, description=INSTANT_EXPECTED)
    end: str | None = Field(default=None, description=INSTANT_EXPECTED)
    overlap: Overlap = Field(default=Overlap.SKIP, description=f"one of {', '.join(Overlap)}")
    catch_up: Duration = Field(
        default=600.0, le=LONGEST_CATCH_UP_SECONDS, description="a duration such as 10m, 1h or 7d"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cron is None) == (self.at is None):
            raise ValueError("expected cron or at, one of the two")
        if self.cron is not None and self.timezone is None:
            raise ValueError(f"expected timezone beside cron, {TIMEZONE_EXPECTED}")
        rule = self.rule()
        if rule.start is not None and rule.end is not None and rule.end < rule.start:
            raise ValueError("expected an end after the start")
        if next_after(rule, 0.0) is None:
            raise ValueError("it never fires between its start and its end")
        return self

    def rule(self) -> Schedule:
        """Return the schedule. Raises ValueError for an instant that can't be read."""
        return Schedule(
            cron=self.cron or "",
            at=self._instant("at"),
            timezone=self.timezone or "",
            start=self._instant("start"),
            end=self._instant("end"),
            overlap=self.overlap,
            catch_up_seconds=self.catch_up,
        )

    def _instant(self, key: str) -> float | None:
        written: str | None = getattr(self, key)
        if written is None:
            return None
        try:
            return instant(written.strip(), self.timezone or "", later=False)
        except ValueError as error:
            if self.timezone:
                raise ValueError(f"{key}: {error}") from None
            raise ValueError(
                f"{key}: expected {INSTANT_EXPECTED}, or a timezone beside it, got {shown(written)}"
            ) from None
