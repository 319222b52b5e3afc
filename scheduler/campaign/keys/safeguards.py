"""The keys that keep a campaign from calling too often or too long, or on while calls fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from scheduler.fields.durations import Duration
from scheduler.masking import shown
from scheduler.models import (
    FAILURES,
    Canary,
    Cap,
    CircuitBreaker,
    Disposition,
    Retry,
    WhenCapped,
)

#: The longest period of a cap: the ledger remembers calls no longer.
LONGEST_PERIOD_SECONDS = 31 * 86_400.0

_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_SHARE_EXPECTED = "a share such as 50%"
_DURATION_EXPECTED = "a duration such as 90s, 5m, 24h or 7d"
_CALLS_EXPECTED = "a whole number of calls, from 1 on"

#: Ends that can't count as failures.
_NO_FAILURES = (Disposition.SKIPPED, Disposition.ABORTED)


def _share(written: object) -> object:
    if isinstance(written, float):
        return written
    match = _SHARE.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None or float(match[1]) > 100:
        raise ValueError(f"expected {_SHARE_EXPECTED}, got {shown(str(written))}")
    return float(match[1]) / 100


Share = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}(\.\d+)?\s*%$"}),
]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Watching(_Keys):
    failures: Annotated[list[Disposition], BeforeValidator(list)] = Field(
        default=list(FAILURES), description=f"a list of {', '.join(Disposition)}"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        possible = [one for one in Disposition if one not in _NO_FAILURES]
        for one in self.failures:
            if one not in possible:
                raise ValueError(f"expected some of {', '.join(possible)}, got {one}")
        return self


class CapLimit(_Keys):
    """At most `calls` calls to one party in any period of `per` seconds."""

    calls: int = Field(ge=1, le=1000, description=_CALLS_EXPECTED)
    per: Duration = Field(
        le=LONGEST_PERIOD_SECONDS, description="a duration such as 24h or 7d, at most 31d"
    )


class Caps(_Keys):
    """How often one party may be called, by all campaigns together."""

    limits: list[CapLimit] = Field(
        default=[], max_length=10, description="a list such as [{calls: 3, per: 24h}]"
    )
    min_gap: Duration | None = Field(
        default=None, le=LONGEST_PERIOD_SECONDS, description="a duration such as 4h, at most 31d"
    )
    when_full: WhenCapped = Field(default=WhenCapped.WAIT, description="wait or skip")

    def rules(self) -> Iterator[Cap]:
        """Yield the caps; a gap is a cap of one call."""
        for limit in self.limits:
            yield Cap(limit.calls, limit.per)
        if self.min_gap is not None:
            yield Cap(1, self.min_gap, "caps.min_gap")


class RetryRule(_Keys):
    """How often a call is dialled again, and when."""

    max: int = Field(ge=1, le=20, description="how often, 1 to 20")
    delays: list[Duration] = Field(
        min_length=1, max_length=20, description=f"a list of {_DURATION_EXPECTED[2:]}"
    )
    jitter: Share = Field(default=0.0, description=_SHARE_EXPECTED)


_Rule = Annotated[RetryRule | None, Field(description="max and delays under it")]


class Retries(_Keys):
    """Which calls are dialled again, by how they ended; rules for reasons come first."""

    busy: _Rule = None
    no_answer: _Rule = None
    machine: _Rule = None
    failed: _Rule = None
    not_reached: _Rule = None
    hung_up: _Rule = None
    stopped: _Rule = None
    rejected: _Rule = None
    total: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="the most attempts that may ring, the first one included: 1 to 100",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_unknown(cls, keys: object) -> object:
        if isinstance(keys, dict) and "unknown" in keys:
            raise ValueError(
                "an unknown call may have rung: say on_unknown: redial if it is to be dialled again"
            )
        if isinstance(keys, dict) and "silent" in keys:
            raise ValueError(
                "that nobody spoke is known after the call has ended: `callsched retry ID --only"
                " heard=silence` calls such contacts again"
            )
        return keys

    def rules(self) -> dict[str, Retry]:
        """Return the rules by reason and by disposition."""
        named = {name: getattr(self, name) for name in type(self).model_fields if name != "total"}
        return {
            name: Retry(rule.max, tuple(rule.delays), rule.jitter)
            for name, rule in named.items()
            if rule is not None
        }

    def most_attempts(self) -> int | None:
        """Return how often a call may ring in all; None if no key says so."""
        if self.total is not None:
            return self.total
        return max((1 + rule.max for rule in self.rules().values()), default=None)


class Breaker(_Watching):
    """The campaign stops itself if too many of its last calls failed."""

    share: Share = Field(description=_SHARE_EXPECTED)
    window: Duration = Field(default=600.0, le=86_400.0, description=_DURATION_EXPECTED)
    min_calls: int = Field(default=20, ge=1, le=100_000, description=_CALLS_EXPECTED)

    def rule(self) -> CircuitBreaker:
        """Return the rule."""
        return CircuitBreaker(self.share, self.window, self.min_calls, tuple(self.failures))


class FirstCalls(_Watching):
    """The first calls of a campaign; the others follow only if enough of these succeed."""

    first: int = Field(ge=1, le=100_000, description=_CALLS_EXPECTED)
    success: Share = Field(default=0.8, description=_SHARE_EXPECTED)

    def rule(self) -> Canary:
        """Return the rule."""
        return Canary(self.first, self.success, tuple(self.failures))


class Budget(_Keys):
    """How many minutes all calls together may last; live ones count with their longest length."""

    minutes: float = Field(gt=0, le=10_000_000, description="a number of minutes, above 0")
