"""The keys under `call` of a campaign file that callsched itself heeds, whatever the API is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scheduler.fields import texts
from scheduler.fields.starts import TEMPLATE
from scheduler.models import OnMachine

#: Keys that a contact can't have of its own, and what it has instead.
CAMPAIGNS_ONLY = {
    "dtmf": "give the contact's key presses under dtmf",
    "on_machine": "it is the campaign's alone: set it under call: in the YAML file",
}


class CallKeys(BaseModel):
    """What is sent with every call; each API adds what it can be told besides.

    All its other keys may be a contact's own, and go as they are into the options of the start.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    session_name: Annotated[texts.Short, TEMPLATE] | None = Field(
        default=None, description="a name of at most 100 printable characters"
    )
    dtmf: Annotated[texts.Dtmf, TEMPLATE] | None = Field(
        default=None, description=texts.DTMF_EXPECTED
    )
    on_machine: OnMachine | None = Field(default=None, description="go_on, stop or not_reached")

    @classmethod
    def of_contacts(cls) -> list[str]:
        """Return the keys that a contact may have of its own."""
        return [key for key in cls.model_fields if key not in CAMPAIGNS_ONLY]
