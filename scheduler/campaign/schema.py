"""Which keys a campaign file has, and what may stand in them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scheduler.campaign import document
from scheduler.campaign.numbers import regions
from scheduler.campaign.problems import KEPT
from scheduler.durations import Duration, written
from scheduler.errors import CampaignError, Problem
from scheduler.masking import mask_text, shown

CONTACTS_EXPECTED = "a list of contacts, or the path of a CSV file beside this one"
_PRINTABLE = r"^\P{Cc}*$"
DTMF = r"^[0-9*#,]{1,100}$"
DTMF_EXPECTED = "key presses of 0-9, * and #, with a comma for a pause"
#: Keys of the format that this release does not honour. To ignore one in silence could call
#: people at night, so it is refused.
NOT_YET = frozenset(
    {
        "columns",
        "max_starts_per_second",
        "priority",
        "weight",
        "calling_hours",
        "blackout_dates",
        "holidays",
        "do_not_call",
        "caps",
        "not_before",
        "not_after",
        "preset",
        "retry",
        "circuit_breaker",
        "canary",
        "budget",
        "schedule",
        "webhooks",
        "call.languages",
        "call.timezone",
        "call.summary_emails",
        "call.intents",
    }
)


def within_ceiling(length_seconds: float, ceiling_seconds: float) -> float:
    """Return a length that no setting forbids; ValueError names the setting."""
    if length_seconds > ceiling_seconds:
        raise ValueError(
            f"expected at most {written(ceiling_seconds)}, the ceiling that "
            "CALLSCHED_MAX_DURATION_CEILING sets"
        )
    return length_seconds


def _within_ceiling(length_seconds: float, info: ValidationInfo) -> float:
    return within_ceiling(length_seconds, (info.context or {})["ceiling_seconds"])


def _region(name: str) -> str:
    if name.upper() not in regions():
        raise ValueError(f"expected an ISO country such as US or GB, got {shown(name)}")
    return name.upper()


def _contacts(value: object) -> object:
    if value and isinstance(value, str | list):
        return value
    raise ValueError(f"expected {CONTACTS_EXPECTED}")


class Call(BaseModel):
    """What is sent with every call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    session_name: str = Field(
        default="",
        max_length=100,
        pattern=_PRINTABLE,
        description="a name of at most 100 printable characters",
    )
    dtmf: str = Field(default="", pattern=DTMF, description=DTMF_EXPECTED)


class Campaign(BaseModel):
    """A campaign file. A list of contacts is checked row by row, as a CSV is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        default="",
        min_length=1,
        max_length=200,
        pattern=_PRINTABLE,
        description="a name of 1 to 200 printable characters",
    )
    contacts: Annotated[Any, AfterValidator(_contacts)] = Field(description=CONTACTS_EXPECTED)
    default_region: Annotated[str, AfterValidator(_region)] | None = Field(
        default=None, description="an ISO country such as US or GB"
    )
    provider: Literal["symbl"] = Field(default="symbl", description="symbl, the one that there is")
    account: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="1 to 64 letters, digits, dots, dashes and underscores",
    )
    max_duration: Annotated[Duration, AfterValidator(_within_ceiling)] | None = Field(
        default=None, description="a duration such as 90s, 1500ms, 5m or 2h"
    )
    max_concurrency: int | None = Field(default=None, ge=1, description="a whole number from 1 on")
    call: Call = Field(default=Call(), description="session_name and dtmf under it")
    insights: list[str] = Field(
        default_factory=list, max_length=0, description="[]; no others in this release"
    )
    on_unknown: Literal["hold"] = Field(
        default="hold", description="hold, the only one that this release supports"
    )


def read_campaign(root: document.Node | None, path: str, ceiling_seconds: float) -> Campaign:
    """Check a file's keys; the CampaignError has every problem at its place."""
    if not isinstance(root, document.Mapping):
        found = "got something else" if root else "the file is empty"
        message = f"expected keys and values, such as contacts: contacts.csv; {found}"
        raise CampaignError([Problem(path, message, *document.place_of(root), code="yaml")])
    try:
        return Campaign.model_validate(_top(root), context={"ceiling_seconds": ceiling_seconds})
    except ValidationError as error:
        problems = [_problem(detail, root, path) for detail in error.errors()]
        problems.sort(key=lambda problem: (problem.line or 0, problem.column))
        raise CampaignError(problems[:KEPT], len(problems)) from None


def _top(root: document.Mapping) -> dict[str, object]:
    """Return what pydantic checks; contacts keep their nodes, which know their places."""
    top: dict[str, object] = {key: _plain(node) for key, (_, node) in root.pairs.items()}
    if "contacts" in root.pairs:
        node = root.pairs["contacts"][1]
        top["contacts"] = node.items if isinstance(node, document.Sequence) else _plain(node)
    return top


def _plain(node: document.Node) -> object:
    if isinstance(node, document.Scalar):
        return node.text or ""
    if isinstance(node, document.Sequence):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, (_, value) in node.pairs.items()}


def _problem(detail: ErrorDetails, root: document.Mapping, path: str) -> Problem:
    keys = [str(key) for key in detail["loc"]]
    name, unknown = ".".join(keys), detail["type"] == "extra_forbidden"
    place = document.place_of(root, *keys, at_key=unknown)
    if unknown:
        code = "unsupported_key" if name in NOT_YET else "unknown_key"
        return Problem(path, _unknown(name), *place, code)
    return Problem(path, f"{name}: {_expected(detail, keys)}", *place, "invalid_value")


def _unknown(name: str) -> str:
    if name in NOT_YET:
        return f"{name} is not supported by this release"
    parent, _, key = name.rpartition(".")
    known = sorted(_fields(parent))
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
    return f"unknown key {shown(key)}: {hint}"


def _expected(detail: ErrorDetails, keys: list[str]) -> str:
    if detail["type"] == "value_error":
        return mask_text(str(detail["ctx"]["error"]))
    field = _fields(".".join(keys[:-1])).get(keys[-1])
    expected = f"expected {field.description}" if field else detail["msg"]
    given = detail["input"]
    if detail["type"] == "missing" or given == "":
        return expected
    return f"{expected}, got {shown(given) if isinstance(given, str) else 'something else'}"


def _fields(parent: str) -> Mapping[str, FieldInfo]:
    return Call.model_fields if parent == "call" else Campaign.model_fields
