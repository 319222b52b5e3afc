"""Which telephony APIs have a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from scheduler.sandbox import symbl, twilio
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.knobs import Knobs


@dataclass(frozen=True, slots=True)
class Box:
    """The sandbox of one API."""

    name: str
    knobs: type[Knobs]
    #: Makes the application that behaves as the API does; takes knobs of that type.
    app: Callable[[Any, Journal], ASGIApp]


_ALL = (
    Box("symbl", symbl.Knobs, symbl.create_app),
    Box("twilio", twilio.Knobs, twilio.create_app),
)
BOXES = {box.name: box for box in _ALL}
