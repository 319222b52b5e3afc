"""The options for reading a campaign file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reading:
    """Options of `loader.load` that the file itself does not have."""

    encoding: str = "utf-8"
    strict: bool = False  #: whether one refused row refuses the whole file
    first: int | None = None  #: how many rows to keep; None: all
    rejects: Path | None = None  #: where to write refused rows, in the shape of the file
    account: str | None = None  #: on which to dial, whatever the file says; None: the file's
    in_sandbox: bool = False  #: whether the sandbox is called, which needs no public address
    region: str | None = None  #: ISO country of national numbers, if the file names none
    any_hour: bool = False  #: ignore calling hours and `not_before`, for a trial
    #: Whether the sender of the document also sent the file of contacts: then messages may show
    #: what is in it.
    beside: bool = False
    processes: int | None = None  #: 1 or 2; None: by the number of cores


AS_IT_IS = Reading()
