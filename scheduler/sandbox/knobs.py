"""What can be changed about any sandbox's behaviour, at its start and while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scheduler.sandbox.faults import Fault

Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
#: Least and most: between them a lot is drawn.
Range = tuple[Seconds, Seconds]


class Knobs(BaseModel):
    """How a sandbox behaves. A frozen value: a change makes a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    limit: Annotated[int, Field(ge=0)] = 100  #: live calls; one more start finds the API full
    retry_after: str | None = None  #: the Retry-After header of a 429 or 503, as it is sent
    latency_seconds: Seconds = 0.0  #: a start is accepted first, then its answer waits this long
    start_fault: Fault | None = None
    start_fault_count: Count | None = None  #: only the next so many starts; None means all
    stop_latency_seconds: Seconds = 0.0  #: a stop is done first, then its answer waits this long
    stop_fault: Fault | None = None
    stop_fault_count: Count | None = None
    hangup_after_seconds: Range | None = None  #: None: far ends never hang up
    hangup_share: Share = 1.0  #: how many far ends hang up at all
    seed: int = 0  #: of everything that is drawn by lot

    @model_validator(mode="after")
    def _ranges_in_order(self) -> Self:
        for name in type(self).ranges():
            value = getattr(self, name)
            if value and value[0] > value[1]:
                raise ValueError(f"{name}: the least comes first")
        return self

    @classmethod
    def ranges(cls) -> list[str]:
        """The names of the knobs that are a least and a most."""
        return [n for n, field in cls.model_fields.items() if "tuple" in str(field.annotation)]

    def changed(self, changes: Mapping[str, object]) -> Self:
        """These knobs with some turned. Raises pydantic.ValidationError, a ValueError."""
        return type(self).model_validate({**self.model_dump(), **changes})


K = TypeVar("K", bound=Knobs)


class Board(Generic[K]):
    """The knobs as they stand. A fault with a count turns itself off when it is used up."""

    def __init__(self, knobs: K) -> None:
        self._first = knobs
        self.knobs = knobs

    def change(self, changes: Mapping[str, object]) -> None:
        """Turn some knobs, or none if one of them does not fit."""
        self.knobs = self.knobs.changed(changes)

    def reset(self) -> None:
        """Turn every knob back to where it stood when the sandbox started."""
        self.knobs = self._first

    def take_fault(self, operation: str) -> Fault | None:
        """The fault of this request, of the knob `<operation>_fault`; counts it."""
        fault_name, count_name = f"{operation}_fault", f"{operation}_fault_count"
        now: Fault | None = getattr(self.knobs, fault_name)
        left = getattr(self.knobs, count_name)
        if now and left:
            used_up = {fault_name: None, count_name: None}
            self.change({count_name: left - 1} if left > 1 else used_up)
        return now
