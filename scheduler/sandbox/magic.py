"""Which numbers script what becomes of a call to them.

All are reserved for fiction, +1 867 555 01NN, so that a mistake rings nobody:

    NN   what happens
    00   accepted
    03   403, not placed
    04   400, not placed
    10   accepted, and the far end hangs up after 1 s
    20   placed, then the TCP connection is reset
    29   429 the first two times, then accepted
    50   500, and placed
    51   500, not placed
    99   placed, never answered

Every other number is simply accepted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from scheduler.sandbox.knobs import Fault

_MAGIC = re.compile(r"\+?186755501([0-9]{2})")
_REFUSALS_OF_29 = 2


@dataclass(frozen=True, slots=True)
class Script:
    """What a number wants to happen."""

    fault: Fault | None = None
    hangup_after_seconds: float | None = None


_SCRIPTS = {
    "03": Script(Fault.FORBIDDEN),
    "04": Script(Fault.BAD_REQUEST),
    "10": Script(hangup_after_seconds=1.0),
    "20": Script(Fault.RESET_AFTER),
    "29": Script(Fault.AT_LIMIT),
    "50": Script(Fault.SERVER_ERROR),
    "51": Script(Fault.SERVER_ERROR_NOT_PLACED),
    "99": Script(Fault.HANG),
}
NOTHING = Script()


class Magic:
    """The scripts, and how often the one that changes its mind was asked."""

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()

    def script(self, number: object) -> Script:
        """The script of a number; counts the refusals that it hands out."""
        match = _MAGIC.fullmatch(number) if isinstance(number, str) else None
        if match is None:
            return NOTHING
        ending = match[1]
        if ending == "29":
            self._refused[ending] += 1
            if self._refused[ending] > _REFUSALS_OF_29:
                return NOTHING
        return _SCRIPTS.get(ending, NOTHING)

    def clear(self) -> None:
        """Begin again."""
        self._refused.clear()
