"""The keys of a campaign file, and which values each may have."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
)
from pydantic_core import ErrorDetails

from scheduler.accounts import NAME_PATTERN
from scheduler.campaign.columns import OPTION, UNDERSTOOD
from scheduler.campaign.file.problems import KEPT
from scheduler.campaign.keys.calling_hours import (
    DATES_EXPECTED,
    HOURS_EXPECTED,
    INSTANT_EXPECTED,
    REGIONS_EXPECTED,
    CallingHours,
    Dates,
    Hourly,
    NotAfter,
    NotBefore,
    Regions,
)
from scheduler.campaign.keys.presets import EXPECTED as PRESETS_EXPECTED
from scheduler.campaign.keys.presets import Presets
from scheduler.campaign.keys.safeguards import Breaker, Budget, Caps, FirstCalls, Retries
from scheduler.campaign.keys.timetable import Timetable
from scheduler.campaign.keys.webhooks import WEBHOOKS_EXPECTED, Webhooks
from scheduler.campaign.meant import meant
from scheduler.campaign.names import Names
from scheduler.errors import CampaignError, Problem
from scheduler.fields import document, key_problems
from scheduler.fields.countries import iso_region
from scheduler.fields.durations import Duration, written
from scheduler.fields.templates import Templates
from scheduler.fields.texts import PRINTABLE
from scheduler.masking import shown
from scheduler.models import CHEAP_INSIGHTS, Insight, OnUnknown
from scheduler.providers import PROVIDERS, Collects, Kind
from scheduler.providers.call_keys import CallKeys

CONTACTS_EXPECTED = "a list of contacts, or the path of a file of them beside this one"
_COLUMNS_EXPECTED = (
    "names of ours and of the file, such as {phone_number: Cell} or {phone_number: [Cell, Home]}"
)


def within_ceiling(length_seconds: float, ceiling_seconds: float) -> float:
    """Return a length if the ceiling allows it. Raises ValueError that names the setting."""
    if length_seconds > ceiling_seconds:
        raise ValueError(
            f"expected at most {written(ceiling_seconds)}, the ceiling that "
            "CALLSCHED_MAX_DURATION_CEILING sets"
        )
    return length_seconds


def _within_ceiling(length_seconds: float, info: ValidationInfo) -> float:
    return within_ceiling(length_seconds, (info.context or {})["ceiling_seconds"])


def _contacts(value: object) -> object:
    if value and isinstance(value, str | list):
        return value
    raise ValueError(f"expected {CONTACTS_EXPECTED}")


def _once(insights: list[Insight], info: ValidationInfo) -> list[Insight]:
    api: Kind = (info.context or {})["api"]
    if insights and Collects not in api.abilities:
        raise ValueError(f"{api.name} keeps nothing of what was said: leave insights out")
    twice = [name for at, name in enumerate(insights) if name in insights[:at]]
    if twice:
        raise ValueError(f"expected every insight once, got {shown(twice[0])} twice")
    return insights


def _columns(named: object, info: ValidationInfo) -> dict[str, str | list[str]]:
    if not isinstance(named, dict):
        raise ValueError(f"expected {_COLUMNS_EXPECTED}")
    api: Kind = (info.context or {})["api"]
    known = (*UNDERSTOOD, *(OPTION + key for key in api.keys_of_contacts()))
    for key, column in named.items():
        if key not in known:
            hint = key_problems.nearest(key, UNDERSTOOD)
            raise ValueError(f"{shown(key)} is no column of ours: {hint}")
        if isinstance(column, list) and key != "phone_number":
            raise ValueError(f"{key}: expected one column; only phone_number may have several")
        listed = column if isinstance(column, list) else [column]
        if not listed or not all(isinstance(name, str) and name.strip() for name in listed):
            raise ValueError(f"{key}: expected {_COLUMNS_EXPECTED}")
    every = [name for _, name in Names.of(named).columns]
    folded = [name.strip().casefold() for name in every]
    twice = next((name for name in every if folded.count(name.strip().casefold()) > 1), "")
    if twice:
        raise ValueError(f"expected every column of the file once, got {shown(twice)} twice")
    return named


def _paths(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Path = Annotated[str, Field(min_length=1)]


_Column = Annotated[str, Field(min_length=1, max_length=200)]
_Choices = Annotated[list[_Column], Field(min_length=1, max_length=20)]


class Campaign(BaseModel):
    """A campaign file. A list of contacts is checked row by row, like a CSV file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        default="",
        min_length=1,
        max_length=200,
        pattern=PRINTABLE,
        description="a name of 1 to 200 printable characters",
    )
    contacts: Annotated[Any, AfterValidator(_contacts)] = Field(description=CONTACTS_EXPECTED)
    columns: Annotated[dict[str, _Column | _Choices], BeforeValidator(_columns)] = Field(
        default={}, description=_COLUMNS_EXPECTED
    )
    default_region: Annotated[str, AfterValidator(iso_region)] | None = Field(
        default=None, description="an ISO country such as US or GB"
    )
    provider: str = Field(default="", description="the one that is called through")
    account: str | None = Field(
        default=None,
        pattern=NAME_PATTERN,
        description="1 to 64 letters, digits, dots, dashes and underscores",
    )
    max_duration: Annotated[Duration, AfterValidator(_within_ceiling)] | None = Field(
        default=None, description="a duration such as 90s, 1500ms, 5m or 2h"
    )
    max_concurrency: int | None = Field(default=None, ge=1, description="a whole number from 1 on")
    max_starts_per_second: float | None = Field(
        default=None, gt=0, le=10_000, description="a number above 0, such as 2 or 0.5"
    )
    priority: int = Field(default=0, ge=-100, le=100, description="a whole number, -100 to 100")
    weight: float = Field(default=1, ge=0.01, le=100, description="a number from 0.01 to 100")
    call: CallKeys = Field(default=CallKeys(), description="keys such as session_name under it")
    insights: Annotated[list[Insight], AfterValidator(_once)] = Field(
        default=list(CHEAP_INSIGHTS), description=f"a list of {', '.join(Insight)}"
    )
    do_not_call: Annotated[list[_Path], BeforeValidator(_paths)] = Field(
        default=[], description="the path of a list beside this file, or a list of paths"
    )
    calling_hours: Hourly = Field(default=CallingHours(), description=HOURS_EXPECTED)
    blackout_dates: Dates = Field(default=(), description=DATES_EXPECTED)
    holidays: Regions = Field(default=(), description=REGIONS_EXPECTED)
    # After calling_hours, whose time zone is that of instants without an offset.
    not_before: NotBefore | None = Field(default=None, description=INSTANT_EXPECTED)
    not_after: NotAfter | None = Field(default=None, description=INSTANT_EXPECTED)
    preset: Presets = Field(default=(), description=PRESETS_EXPECTED)
    caps: Caps = Field(default=Caps(), description="limits and min_gap under it")
    retry: Retries = Field(
        default=Retries(), description="ends such as busy or not_reached, and total"
    )
    on_unknown: OnUnknown = Field(default=OnUnknown.HOLD, description="hold or redial")
    circuit_breaker: Breaker | None = Field(default=None, description="share and window under it")
    canary: FirstCalls | None = Field(default=None, description="first and success under it")
    budget: Budget | None = Field(default=None, description="minutes under it")
    schedule: Timetable | None = Field(
        default=None, description="cron or at under it, and timezone"
    )
    webhooks: Webhooks = Field(default=[], description=WEBHOOKS_EXPECTED)


@cache
def campaign_of(api: Kind) -> type[Campaign]:
    """Return the model of files whose calls go through an API: `call` has that API's keys."""
    named: Any = api.name
    provider: Any = Literal[named]
    which = "the one that there is" if len(PROVIDERS) == 1 else "whose account this is"
    call = Campaign.model_fields["call"].description
    insights = Campaign.model_fields["insights"]
    kept = insights.default if Collects in api.abilities else []
    return create_model(
        "Campaign",
        __base__=Campaign,
        __doc__=Campaign.__doc__,
        provider=(provider, Field(default=api.name, description=f"{api.name}, {which}")),
        call=(api.call, Field(default=api.call(), description=call)),
        insights=(
            Annotated[list[Insight], AfterValidator(_once)],
            Field(default=kept, description=insights.description),
        ),
    )


def read_campaign(
    root: document.Node | None,
    path: str,
    ceiling_seconds: float,
    templates: Templates,
    api: Kind,
) -> Campaign:
    """Check a file's keys and compile its templates. Raises CampaignError with places."""
    if not isinstance(root, document.Mapping):
        found = "got something else" if root else "the file is empty"
        message = f"expected keys and values, such as contacts: contacts.csv; {found}"
        raise CampaignError([Problem(path, message, *document.place_of(root), code="yaml")])
    context = {"ceiling_seconds": ceiling_seconds, "templates": templates, "api": api}
    keys = campaign_of(api)
    try:
        return keys.model_validate(_top(root), context={**context, "flow": document.flow})
    except ValidationError as error:
        problems = [_problem(detail, root, path, keys, api) for detail in error.errors()]
        problems.sort(key=lambda problem: (problem.line or 0, problem.column))
        raise CampaignError(problems[:KEPT], len(problems)) from None


def _top(root: document.Mapping) -> dict[str, object]:
    """Return the values for pydantic; contacts stay nodes, because these know their places."""
    top: dict[str, object] = {key: document.plain(node) for key, (_, node) in root.pairs.items()}
    if "contacts" in root.pairs:
        node = root.pairs["contacts"][1]
        top["contacts"] = (
            node.items if isinstance(node, document.Sequence) else document.plain(node)
        )
    return top


def _problem(
    detail: ErrorDetails, root: document.Mapping, path: str, keys: type[Campaign], api: Kind
) -> Problem:
    name, unknown = key_problems.dotted(detail["loc"]), detail["type"] == "extra_forbidden"
    place = document.place_of(root, *detail["loc"], at_key=unknown)
    if unknown:
        *way, key = detail["loc"]
        message = meant(way, str(key), keys, api) or key_problems.unknown(detail, keys)
        return Problem(path, message, *place, "unknown_key")
    message = f"{name}: {key_problems.expected(detail, keys)}"
    return Problem(path, message, *place, "invalid_value")
