"""What a campaign file may say of every start: the keys under `call`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import CoreSchema

from scheduler.campaign import texts
from scheduler.campaign.file import document
from scheduler.errors import CampaignError
from scheduler.fields.durations import DURATION_SCHEMA, positive_seconds
from scheduler.fields.templates import is_template
from scheduler.models import OnMachine

#: Keys that a contact can't have of its own, and what it has instead.
CAMPAIGNS_ONLY = {
    "dtmf": "give the contact's key presses under dtmf",
    "on_machine": "it is the campaign's alone: set it under call: in the YAML file",
}
_MOST_ITEMS = 100
_BETWEEN_ITEMS = re.compile(r"[;,\s]+")


def _filled_later(value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Compile a template instead of checking it; what it renders to is checked row by row."""
    templates = (info.context or {}).get("templates")
    if templates is None or not is_template(value):
        return check(value)
    templates.add(value)
    return value


def _items(value: object, info: ValidationInfo) -> object:
    """Make a list of what is written as one text, or as one mapping."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, str):
        return value
    if is_template(value) and "templates" in (info.context or {}):
        return [value]  # one hole is one item, whatever the cell has in it
    if value.lstrip().startswith(("[", "{")):
        return _items(_flow(value), info)
    return _BETWEEN_ITEMS.split(value.strip("; ,\t\r\n"))


def _flow(value: object) -> object:
    """Read the lists and mappings of a cell, written as in YAML or JSON."""
    if not isinstance(value, str):
        return value
    try:
        root = document.compose(value, "")
    except CampaignError as error:
        raise ValueError(f"expected YAML or JSON; {error.problems[0].message}") from None
    return "" if root is None else document.plain(root)


def _intent(value: object) -> object:
    return {"intent": value} if isinstance(value, str) else value


def _idle_timeout(value: object) -> float:
    return -1.0 if value == "never" else positive_seconds(value)


class _Template(WrapValidator):
    """Lets a text be filled with the columns of a contact."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": r"\{\{|\{%"}]}


_TEMPLATE = _Template(_filled_later)
_Short = Annotated[texts.Short, _TEMPLATE]
_Language = Annotated[texts.Language, _TEMPLATE]
_Url = Annotated[texts.Url, _TEMPLATE]
_Seconds = Annotated[float, BeforeValidator(positive_seconds), WithJsonSchema(DURATION_SCHEMA)]
_List = (Field(max_length=_MOST_ITEMS), BeforeValidator(_items))
_INTENTS = "answering_machine, interested, not_interested or do_not_call"
_SHORT = "at most 100 printable characters"
_LANGUAGE = "a language code such as en-US"


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Intent(_Keys):
    """Something that the API listens for."""

    intent: Literal["answering_machine", "interested", "not_interested", "do_not_call"] = Field(
        description=_INTENTS
    )
    silence_timeout: _Seconds | None = Field(
        default=None, serialization_alias="silence_seconds", description="a duration such as 30s"
    )


class User(_Keys):
    """Somebody who takes part."""

    user_id: Annotated[texts.Name, _TEMPLATE] = Field(
        description="1 to 200 printable characters, often a mail address"
    )
    name: _Short | None = Field(default=None, description=_SHORT)
    role: _Short | None = Field(default=None, description=_SHORT)


class Audio(_Keys):
    """How a SIP leg is encoded."""

    encoding: Literal["OPUS", "SPEEX", "LINEAR16", "MULAW", "PCMU"] | None = Field(
        default=None, description="OPUS, SPEEX, LINEAR16, MULAW or PCMU"
    )
    sample_rate: int | None = Field(
        default=None, ge=1000, le=384_000, description="a rate in Hz such as 16000"
    )
    sample_size: int | None = Field(default=None, ge=4, le=64, description="bits such as 16")
    payload_type: int | None = Field(default=None, ge=0, le=127, description="0 to 127")


class Call(_Keys):
    """What is sent with every call, or what one contact has instead."""

    session_name: _Short | None = Field(default=None, description=f"a name of {_SHORT}")
    dtmf: Annotated[texts.Dtmf, _TEMPLATE] | None = Field(
        default=None, description=texts.DTMF_EXPECTED
    )
    languages: Annotated[list[_Language], *_List] | None = Field(
        default=None, description=f"{_LANGUAGE}, or a list of them"
    )
    timezone: Annotated[texts.Timezone, _TEMPLATE] | None = Field(
        default=None, description=texts.TIMEZONE_EXPECTED
    )
    summary_emails: Annotated[list[Annotated[texts.Email, _TEMPLATE]], *_List] | None = Field(
        default=None, description="a mail address such as ana@example.org, or a list of them"
    )
    summary_on: Literal["start", "stop"] | None = Field(default=None, description="start or stop")
    intents: Annotated[list[Annotated[Intent, BeforeValidator(_intent)]], *_List] | None = Field(
        default=None, description=f"a list of {_INTENTS}"
    )
    insight_types: Annotated[list[texts.Word], *_List] | None = Field(
        default=None, description="a list of words such as action_item and question"
    )
    users: Annotated[list[User], *_List] | None = Field(
        default=None, description="a list such as [{user_id: ana@example.org, name: Ana}]"
    )
    audio: Annotated[Audio, BeforeValidator(_flow)] | None = Field(
        default=None, description="keys such as {encoding: PCMU, sample_rate: 16000}"
    )
    idle_timeout: (
        Annotated[
            float,
            BeforeValidator(_idle_timeout),
            WithJsonSchema({"anyOf": [DURATION_SCHEMA, {"const": "never"}]}),
        ]
        | None
    ) = Field(
        default=None,
        serialization_alias="idle_timeout_seconds",
        description="a duration such as 10m, or never",
    )
    webhook_url: _Url | None = Field(default=None, description=texts.URL_EXPECTED)
    callback_url: _Url | None = Field(default=None, description=texts.URL_EXPECTED)
    provider_name: _Short | None = Field(default=None, description=f"a name of {_SHORT}")
    transport: texts.Transport | None = Field(
        default=None, description="settings such as transport=UDP;audioTransport=RTP"
    )
    endpoint_language: _Language | None = Field(default=None, description=_LANGUAGE)
    timezone_offset: int | None = Field(
        default=None,
        ge=-720,
        le=840,
        serialization_alias="timezone_offset_minutes",
        description="whole minutes from UTC, such as -480",
    )
    push_speaker_events: bool | None = Field(default=None, description="true or false")
    on_machine: OnMachine | None = Field(default=None, description="go_on, stop or not_reached")
