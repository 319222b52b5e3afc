"""The keys under `call` of a campaign file that are the same for every provider."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from scheduler.fields import texts
from scheduler.fields.caller_ids import EXPECTED as CALLER_IDS_EXPECTED
from scheduler.fields.caller_ids import CallerIds
from scheduler.fields.durations import Duration
from scheduler.fields.starts import TEMPLATE
from scheduler.fields.steps import STEPS_EXPECTED, StepKeys, Steps
from scheduler.masking import shown
from scheduler.models import OnMachine

#: Keys that a contact can't have itself, and what it has instead.
CAMPAIGNS_ONLY = {
    "dtmf": "give the contact's key presses under dtmf",
    **dict.fromkeys(
        ("on_machine", "opt_outs", "script", "ring_time", "record", "transcribe"),
        "it is the campaign's alone: set it under call: in the YAML file",
    ),
}

#: Keys that only some APIs support; each kind lists its own (`Kind.call_keys`).
NOT_EVERYWHERE = ("caller_id", "ring_time", "record", "transcribe")

ON_MACHINE_EXPECTED = f"{', '.join(OnMachine)}, or a list of steps"


_Some: TypeAlias = Annotated[Steps, Field(min_length=1)]


class _WordOrSteps:
    """Reads a word as an OnMachine, a list as steps; a problem keeps the place of its step."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            _word_or_steps,
            handler.generate_schema(_Some),
            serialization=core_schema.plain_serializer_function_ser_schema(_written),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(OnMachine)}, handler(schema)]}


def _word_or_steps(value: object, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
    if not isinstance(value, str):
        return check(value)
    if value not in set(OnMachine):
        raise ValueError(f"expected {ON_MACHINE_EXPECTED}, got {shown(value)}")
    return OnMachine(value)


def _written(value: OnMachine | list[StepKeys]) -> object:
    if isinstance(value, OnMachine):
        return value
    return [each.model_dump(exclude_unset=True) for each in value]


class CallKeys(BaseModel):
    """What callsched sends with every call; each API adds keys of its own.

    A contact may override any of these keys; they go unchanged into the options of the start.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    session_name: Annotated[texts.Short, TEMPLATE] | None = Field(
        default=None, description="a name of at most 100 printable characters"
    )
    caller_id: CallerIds | None = Field(default=None, description=CALLER_IDS_EXPECTED)
    ring_time: Duration | None = Field(
        default=None, ge=5.0, le=600.0, description="a duration such as 30s, 5s to 10m"
    )
    dtmf: Annotated[texts.Dtmf, TEMPLATE] | None = Field(
        default=None, description=texts.DTMF_EXPECTED
    )
    script: Steps | None = Field(default=None, min_length=1, description=STEPS_EXPECTED)
    record: bool | None = Field(default=None, description="true or false: the whole call")
    on_machine: Annotated[OnMachine | list[StepKeys], _WordOrSteps()] | None = Field(
        default=None, description=ON_MACHINE_EXPECTED
    )
    transcribe: bool | None = Field(default=None, description="true or false: the whole call")
    opt_outs: bool | None = Field(
        default=None,
        description="true or false: listen for callees who ask not to be called again",
    )

    def listens_to_nothing(self) -> bool:
        """Whether it turns all detection of intents off."""
        return False

    def heeds_opt_outs(self) -> bool | None:
        """Whether it turns the detection of opt-outs on or off; None: neither."""
        return self.opt_outs

    @classmethod
    def of_contacts(cls) -> list[str]:
        """Return the keys that a contact may override."""
        return [key for key in cls.model_fields if key not in CAMPAIGNS_ONLY]
