"""How somebody wants a campaign file read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file itself can't say about how it is read; it goes whole to `loader.load`."""

    encoding: str = "utf-8"
    strict: bool = False  #: one refused row refuses the whole file
    first: int | None = None  #: only that many rows are kept; None: all
    rejects: Path | None = None  #: where refused rows are written, in the shape of the file
    account: str | None = None  #: on which it is dialled, whatever the file says; None: the file's
    in_sandbox: bool = False  #: it is called there, where callbacks need no public address
    region: str | None = None  #: ISO country of national numbers of a file that names none
    any_hour: bool = False  #: nobody waits for calling hours, nor for `not_before`: a trial
    #: The file of contacts was handed over with the document that names it: what is in it is theirs
    #: to see, and may stand in messages.
    beside: bool = False
    processes: int | None = None  #: 1 or 2; None: what the machine is worth


AS_IT_IS = Reading()
