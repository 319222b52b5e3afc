"""Parameters and answers of the routes that launch or plan a campaign."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError, Problem
from scheduler.web.api.campaigns_models import CAMPAIGN_EXAMPLE, Campaign, Served
from scheduler.web.problems import Fault, Kind

CampaignId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="The id that the campaign has, or is to have.",
    ),
]

_NUMBER = "+12025550123"
_EXAMPLE = {
    "name": "reminders",
    "max_duration": "2m",
    "contacts": [{"phone_number": _NUMBER, "id": "a-1", "timezone": "America/New_York"}],
}

#: A request body with a campaign, for the OpenAPI description.
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": (
        "The campaign as JSON, with every key of a campaign file and its contacts inside; or its"
        " contacts alone as CSV or JSON Lines, with the policy in the query. It may be packed with"
        " gzip (`Content-Encoding: gzip`). `schedule`, and `do_not_call` with files of the server,"
        " are refused."
    ),
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["contacts"],
                "properties": {
                    "contacts": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "object", "additionalProperties": True},
                        "description": "Each with phone_number or sip_uri, and what else it has.",
                    }
                },
                "additionalProperties": True,
            },
            "example": _EXAMPLE,
        },
        "text/csv": {
            "schema": {"type": "string"},
            "example": f"phone_number,name\n{_NUMBER},Ada\n",
        },
        "application/x-ndjson": {
            "schema": {"type": "string"},
            "example": json.dumps({"phone_number": _NUMBER}) + "\n",
        },
    },
}


class PolicyParameters(BaseModel):
    """The policy of contacts that come as CSV or JSON Lines. What is named twice is refused."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=200, description="The campaign's name.")
    account: str | None = Field(
        default=None, max_length=64, description="The account that it is dialled on."
    )
    max_duration: str | None = Field(
        default=None, max_length=40, description="End each call after this long.", examples=["2m"]
    )
    default_region: str | None = Field(
        default=None, max_length=2, description="The country of national numbers.", examples=["US"]
    )
    policy: str | None = Field(
        default=None,
        max_length=65_536,
        description="A JSON object of any other keys of a campaign file.",
        examples=['{"priority": 5}'],
    )
    first: int | None = Field(default=None, ge=1, description="Call only the first so many rows.")
    strict: bool = Field(
        default=False, description="Refuse the whole campaign when one of its rows is refused."
    )

    def given(self) -> dict[str, object]:
        """Return the policy's keys that the query gives. Raises CampaignError."""
        named = {
            "name": self.name,
            "account": self.account,
            "max_duration": self.max_duration,
            "default_region": self.default_region,
        }
        return together(
            _object(self.policy) if self.policy is not None else {},
            {key: value for key, value in named.items() if value is not None},
        )

    def reading(self, account: str | None, encoding: str) -> Reading:
        """Return how the contacts are read."""
        return Reading(encoding, self.strict, self.first, account=account, beside=True)


class PutParameters(PolicyParameters):
    """What is asked of a campaign that is put."""

    plan: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{16}$",
        description="Start it only if it is what a plan has this hash of.",
    )
    again: bool = Field(
        default=False,
        description="A campaign of this id that is finished is followed by a new one.",
    )


class PlanParameters(PolicyParameters):
    """What is asked of a plan."""

    at: str | None = Field(
        default=None,
        max_length=64,
        description="When it would begin; absent: now.",
        examples=["2026-12-24T09:00-05:00"],
    )
    expect_duration: str | None = Field(
        default=None, max_length=40, description="How long a call is likely to take."
    )
    max_concurrency: int | None = Field(
        default=None, ge=1, description="Slots to count with; absent: the account's ceiling."
    )


def together(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """Merge two policies. Raises CampaignError for a key that both have."""
    twice = sorted(one.keys() & other.keys())
    if twice:
        raise CampaignError(
            [Problem("query", f"{key}: it is given twice", column=key) for key in twice]
        )
    return {**one, **other}


def _object(written: str) -> dict[str, object]:
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "contacts" in found:
        message = "policy: expected a JSON object of keys of a campaign file, without contacts"
        raise CampaignError([Problem("query", message, column="policy")])
    return found


class Refusals(BaseModel):
    """The rows that are not called because of what is in them."""

    refused: int = Field(description="Rows that are refused; the others are called.")
    errors: list[Fault] = Field(
        description="What is wrong with them, the first hundred. The line of a contact in JSON is"
        " its place in the list, from 1 on."
    )
    kinds: list[Kind] = Field(
        description="The same by their kind, all of them: a hundred kinds at most."
    )


class Launched(Campaign, Served, Refusals):
    """A campaign that came in, as it stands. Its total has the refused rows, too."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                CAMPAIGN_EXAMPLE
                | {"nobody_dials": "no worker serves account main: `callsched worker` starts one"}
                | {"refused": 0, "errors": [], "kinds": [], "content": "5f2b", "warnings": []}
            ]
        }
    )

    content: str = Field(description="A hash of all that decides whom it calls, and how.")
    warnings: list[str] = Field(description="What an operator should know, and refuses nothing.")


class Count(BaseModel):
    """Calls of one hour of a forecast."""

    at: float
    dials: int
    in_use: float = Field(description="Slots, on average.")
    left: int = Field(description="Calls that wait at the end of it.")


class Column(BaseModel):
    """A column as it is written, or a key of contacts in JSON."""

    column: str = Field(examples=["Mobile Phone"])
    taken_for: str = Field(description="Ours, or variable.", examples=["phone_number"])


class Duplicate(BaseModel):
    """A row that is not called, for another one of the file is called instead."""

    row: int
    line: int
    contact_id: str
    phone_number: str | None
    sip_uri: str | None
    dtmf: str
    of_row: int
    of_line: int
    shares: str = Field(description="id or party: what both have in common.")


class Planned(Refusals):
    """What a campaign would do. Nobody is called, and nothing is written."""

    model_config = ConfigDict(extra="allow")

    plan: str = Field(
        description="The hash that `PUT …?plan=` takes.", examples=["0f1e2d3c4b5a6978"]
    )
    name: str
    account: str
    address: str = Field(description="The provider's, or a sandbox's.")
    is_sandbox: bool = Field(description="A sandbox answers there: no phone rings.")
    campaign_id: str = Field(description="The id that it would have.")
    columns: list[Column] = Field(description="What each column of the contacts was taken for.")
    duplicates: list[Duplicate] = Field(description="Rows that repeat another one, the first ten.")
    rows: int = Field(description="`contacts` and all of `skipped` together.")
    contacts: int = Field(description="Contacts that would be called.")
    skipped: dict[str, int] = Field(description="Rows that would not be, by reason.")
    worst_case_minutes: float = Field(description="Each call at its longest.")
    worst_case_minutes_with_retries: float
    dials: int
    never: dict[str, int] = Field(description="Calls that no opening is left for, by reason.")
    first_dial_at: float | None
    ends_at: float | None
    hours: list[Count]
    caller_ids: list[str]
    rules: list[Any] = Field(description="The rules in force.")
    first: list[dict[str, Any]] = Field(description="The first starts: what is sent and said.")
    warnings: list[str]
    cleaned: dict[str, Any] = Field(description="Numbers that are dialled otherwise than written.")


class Reject(BaseModel):
    """One refused row, a line of JSON Lines or CSV."""

    row: int
    line: int = Field(description="Where it stood; of a contact in JSON its place in the list.")
    contact_id: str
    phone_number: str
    sip_uri: str
    name: str
    reason: str = Field(examples=["invalid_number"])
    column: str
    message: str
