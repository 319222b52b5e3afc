"""How the steps of a script are written in a file, and which nouns they become."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema

from scheduler.fields import texts
from scheduler.fields.counts import counted
from scheduler.fields.durations import Duration
from scheduler.fields.starts import TEMPLATE
from scheduler.masking import shown
from scheduler.script import (
    DoNotCall,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Say,
    Script,
    Step,
    Transfer,
)

STEPS_EXPECTED = "a list of steps, such as [{say: Hello.}, {pause: 1s}, hangup]"
TARGET_EXPECTED = "a number such as +12125550143, or a SIP address"
LONGEST_SPEECH = 1000  #: characters of one text
_LONGEST_PAUSE_SECONDS = 600.0
_LONGEST_RECORD_SECONDS = 3600.0
_KEY = re.compile(r"[0-9*#]{1,32}")
#: Characters that no spoken text may have, because no markup can contain them.
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

#: Steps without keys: their name is all.
BARE = ("hangup", "do_not_call")


def speech(written: str) -> str:
    """Return a text to be spoken, on one line; ValueError says why it can't be spoken."""
    text = " ".join(written.split())
    if not text or len(text) > LONGEST_SPEECH or _UNSPEAKABLE.search(text):
        got = shown(text) if text else "nothing"
        raise ValueError(f"expected a text of 1 to {LONGEST_SPEECH:,} characters, got {got}")
    return text


def voice_name(written: str) -> str:
    """Return the name of a voice; ValueError says how one looks."""
    if not re.fullmatch(r"[A-Za-z0-9._:/-]{1,100}", written):
        raise ValueError(f"expected the name of a voice, without blanks, got {shown(written)}")
    return written


def _bare(value: object) -> bool:
    if value in ("", "true", True):
        return True
    raise ValueError("expected nothing behind it")


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str | dict) and value else value


class _OneOrMore(BeforeValidator):
    """Lets a list be written as its only item."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        listed = handler(schema)
        return {"anyOf": [listed, handler.resolve_ref_schema(listed)["items"]]}


_ONE_OR_MORE = _OneOrMore(_one_or_more)


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class SayKeys(_Keys):
    """What is spoken, and how; may also be written as the text alone."""

    text: Annotated[str, AfterValidator(speech), TEMPLATE] = Field(
        description=f"a text of 1 to {LONGEST_SPEECH:,} characters"
    )
    voice: Annotated[str, AfterValidator(voice_name), TEMPLATE] | None = Field(
        default=None, description="a voice, by the provider's name for it"
    )
    language: Annotated[texts.Language, TEMPLATE] | None = Field(
        default=None, description="a language code such as en-US"
    )

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, written: object) -> object:
        return {"text": written} if isinstance(written, str) else written

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let an editor also accept the text alone."""
        return _or_written(handler, core_schema, {"type": "string", "minLength": 1})

    def step(self) -> Say:
        """Return what it says."""
        return Say(self.text, self.voice or "", self.language or "")


class RecordKeys(_Keys):
    """The longest time for which the callee is recorded."""

    max: Duration = Field(
        le=_LONGEST_RECORD_SECONDS, description="a duration such as 30s, at most 1h"
    )


class GatherKeys(_Keys):
    """What is asked, which keys are awaited, and what follows them."""

    name: texts.Word = Field(
        description="a letter, then letters, digits and underscores: the key in `answers`"
    )
    say: Annotated[list[SayKeys], Field(max_length=10), _ONE_OR_MORE] = Field(
        default=[], description="what is asked: a text, or a list of texts"
    )
    digits: int | None = Field(default=None, ge=1, le=32, description="how many keys, 1 to 32")
    finish: Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")] | None = Field(
        default=None, description='the key that ends what is pressed, such as "#"'
    )
    timeout: Duration = Field(
        default=5.0, le=60.0, description="how long the next key is awaited, at most 60s"
    )
    tries: int = Field(default=1, ge=1, le=5, description="how often it is asked, 1 to 5")
    branches: dict[str, Steps] = Field(
        default={}, description='steps by what was pressed, such as {"1": [{say: Thanks.}]}'
    )
    otherwise: Steps = Field(
        default=[], description="steps where nothing was pressed, or another key"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if (self.digits is None) == (self.finish is None):
            raise ValueError("expected digits or finish, one of the two")
        for pressed in self.branches:
            if not _KEY.fullmatch(pressed):
                raise ValueError(
                    f"branches: expected keys such as 1, 42 or *, got {shown(pressed)}"
                )
            if self.digits is not None and len(pressed) != self.digits:
                raise ValueError(
                    f"branches: expected {counted(self.digits, 'key')}, got {shown(pressed)}"
                )
            if self.finish is not None and self.finish in pressed:
                raise ValueError(f"branches: {self.finish} ends what is pressed: leave it out")
        return self

    def step(self) -> Gather:
        """Return what it asks."""
        return Gather(
            name=self.name,
            say=tuple(each.step() for each in self.say),
            digits=self.digits,
            finish=self.finish or "",
            timeout_seconds=self.timeout,
            tries=self.tries,
            branches={pressed: script_of(steps) for pressed, steps in self.branches.items()},
            otherwise=script_of(self.otherwise),
        )


_Bare = Annotated[bool | None, BeforeValidator(_bare)]


class StepKeys(_Keys):
    """One step: exactly one of these keys."""

    say: SayKeys | None = Field(default=None, description="a text, or text, voice and language")
    play: Annotated[texts.Url, TEMPLATE] | None = Field(
        default=None, description="the web address of a sound file"
    )
    pause: Duration | None = Field(
        default=None, le=_LONGEST_PAUSE_SECONDS, description="a duration such as 2s, at most 10m"
    )
    gather: GatherKeys | None = Field(
        default=None, description="name, say, and digits or finish under it"
    )
    record: RecordKeys | None = Field(default=None, description="max under it, such as {max: 30s}")
    transfer: Annotated[str, StringConstraints(min_length=1, max_length=500), TEMPLATE] | None = (
        Field(default=None, description=TARGET_EXPECTED)
    )
    hangup: _Bare = Field(default=None, description="nothing behind it")
    do_not_call: _Bare = Field(default=None, description="nothing behind it")

    @model_validator(mode="before")
    @classmethod
    def _one_key(cls, written: object) -> object:
        if isinstance(written, str):
            written = _named(written)
        if not isinstance(written, dict):
            raise ValueError(f"expected a step: one of {', '.join(cls.model_fields)}")
        if len(written) != 1:
            got = " and ".join(map(shown, written)) or "nothing"
            listed = ", ".join(cls.model_fields)
            raise ValueError(f"expected one of {listed} in each step, got {got}")
        return written

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let an editor also accept the step's name alone."""
        once = {"minProperties": 1, "maxProperties": 1}
        return _or_written(handler, core_schema, {"enum": list(BARE)}, once)

    def step(self) -> Step:
        """Return the step."""
        if self.say is not None:
            return self.say.step()
        if self.play is not None:
            return Play(self.play)
        if self.pause is not None:
            return Pause(self.pause)
        if self.gather is not None:
            return self.gather.step()
        return self._last()

    def _last(self) -> Step:
        if self.record is not None:
            return Record(self.record.max)
        if self.transfer is not None:
            return Transfer(self.transfer)
        return DoNotCall() if self.do_not_call else Hangup()


#: A field of pydantic: a list of steps, or one.
Steps: TypeAlias = Annotated[list[StepKeys], _ONE_OR_MORE]

#: The name of each step in a file.
NAMES: dict[type, str] = {
    Say: "say",
    Play: "play",
    Pause: "pause",
    Gather: "gather",
    Record: "record",
    Transfer: "transfer",
    Hangup: "hangup",
    DoNotCall: "do_not_call",
}


def script_of(steps: Iterable[StepKeys]) -> Script:
    """Return the nouns of the written steps, in their order."""
    return tuple(each.step() for each in steps)


def _named(written: str) -> dict[str, str]:
    """Read a step that is written as its name alone; ValueError says which names there are."""
    if written in BARE:
        return {written: ""}
    raise ValueError(f"expected a step such as {{say: Hello.}} or hangup, got {shown(written)}")


def _or_written(
    handler: GetJsonSchemaHandler,
    core_schema: CoreSchema,
    otherwise: dict[str, Any],
    more: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the schema of a model that may also be written in another way."""
    named = handler(core_schema)
    keys = handler.resolve_ref_schema(named)
    whole = {**keys, **(more or {})}
    keys.clear()
    keys["anyOf"] = [otherwise, whole]
    return named
