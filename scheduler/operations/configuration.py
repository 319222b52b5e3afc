"""The settings of this process, and where each comes from. It shows no secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from scheduler.fields.dotenv import read_dotenv
from scheduler.fields.variables import PREFIX
from scheduler.masking import mask_text
from scheduler.operations import ledger_choice
from scheduler.settings import Settings, other_name

HIDDEN = "(hidden)"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One setting."""

    variable: str
    value: str  #: its value as callsched understands it; "" for none
    source: str  #: environment, .env, another variable, or default
    says: str  #: what it is for

    def as_record(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {"variable": self.variable, "value": self.value, "source": self.source}


def of(settings: Settings) -> Iterator[Chosen]:
    """Yield every setting."""
    environment = {name.upper() for name, value in os.environ.items() if value}
    file = {name.upper() for name, value in read_dotenv(Path(".env")).values.items() if value}
    for name, field in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}"
        value = getattr(settings, name)
        source = _source(variable, environment, file)
        if source == DEFAULT and value:
            source = other_name(name) or source
        yield Chosen(variable, _written(name, value, settings), source, field.description or "")


def _source(variable: str, environment: set[str], file: set[str]) -> str:
    if variable in environment:
        return "environment"
    return ".env" if variable in file else DEFAULT


def _written(name: str, value: Any, settings: Settings) -> str:
    if name == "redis_url":
        return ledger_choice.name_of(settings)
    if isinstance(value, SecretStr):
        return HIDDEN
    if value is None or value == ():
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(mask_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
