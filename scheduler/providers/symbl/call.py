"""The keys under `call` that only Symbl has: what a start says."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from scheduler.fields import texts
from scheduler.fields.durations import DURATION_SCHEMA, positive_seconds
from scheduler.fields.starts import LIST, TEMPLATE, flow
from scheduler.heard import OPT_OUT
from scheduler.hours.named_zones import TIMEZONE_EXPECTED, Timezone
from scheduler.providers.call_keys import CallKeys


def _intent(value: object) -> object:
    return {"intent": value} if isinstance(value, str) else value


def _idle_timeout(value: object) -> float:
    return -1.0 if value == "never" else positive_seconds(value)


_Short = Annotated[texts.Short, TEMPLATE]
_Language = Annotated[texts.Language, TEMPLATE]
_Url = Annotated[texts.Url, TEMPLATE]
_Seconds = Annotated[float, BeforeValidator(positive_seconds), WithJsonSchema(DURATION_SCHEMA)]
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

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let an editor also accept the intent's name alone."""
        named = handler(core_schema)
        keys = handler.resolve_ref_schema(named)
        whole = dict(keys)
        keys.clear()
        keys["anyOf"] = [whole["properties"]["intent"], whole]
        return named


class User(_Keys):
    """Somebody who takes part."""

    user_id: Annotated[texts.Name, TEMPLATE] = Field(
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


class Call(CallKeys):
    """What callsched sends with every call; a contact may have other values."""

    languages: Annotated[list[_Language], *LIST] | None = Field(
        default=None, description=f"{_LANGUAGE}, or a list of them"
    )
    timezone: Annotated[Timezone, TEMPLATE] | None = Field(
        default=None, description=TIMEZONE_EXPECTED
    )
    summary_emails: Annotated[list[Annotated[texts.Email, TEMPLATE]], *LIST] | None = Field(
        default=None, description="a mail address such as ana@example.org, or a list of them"
    )
    summary_on: Literal["start", "stop"] | None = Field(default=None, description="start or stop")
    intents: Annotated[list[Annotated[Intent, BeforeValidator(_intent)]], *LIST] | None = Field(
        default=None, description=f"a list of {_INTENTS}"
    )
    insight_types: Annotated[list[texts.Word], *LIST] | None = Field(
        default=None, description="a list of words such as action_item and question"
    )
    users: Annotated[list[User], *LIST] | None = Field(
        default=None, description="a list such as [{user_id: ana@example.org, name: Ana}]"
    )
    audio: Annotated[Audio, BeforeValidator(flow)] | None = Field(
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

    @model_validator(mode="after")
    def _expect_one_mind(self) -> Self:
        if self.opt_outs is False and self._asks_for(OPT_OUT):
            raise ValueError(f"opt_outs turns off what intents asks for: leave out {OPT_OUT}")
        return self

    def listens_to_nothing(self) -> bool:
        """Whether `intents: []` turns all detection of intents off."""
        return self.intents == []

    def heeds_opt_outs(self) -> bool | None:
        """Whether it turns the detection of opt-outs on or off; `intents` may do so, too."""
        if self.opt_outs is not None:
            return self.opt_outs
        if self.listens_to_nothing():
            return False
        return True if self._asks_for(OPT_OUT) else None

    def _asks_for(self, intent: str) -> bool:
        return any(each.intent == intent for each in self.intents or ())
