"""Which numbers script what becomes of a call to them.

All are reserved for fiction, +1 867 555 01NN, so that a mistake rings nobody:

    NN   what happens
    00   accepted
    03   403, not placed
    04   400, not placed
    10   accepted, and the far end hangs up after 1 s
    11   accepted, and the far end hangs up after 3 s
    20   placed, then the TCP connection is reset
    29   429 the first two times, then accepted
    30   Spanish is spoken, whatever was asked for
    31   French
    32   German
    33   Portuguese
    40   an answering machine answers, and nobody else speaks
    41   a human answers, and the intent says so
    42   somebody asks not to be called
    43   nobody speaks
    44   nothing is recorded: the conversation is never found
    45   its sockets are refused
    46   its first socket is closed after 1 s, while the call lives
    47   the far end hangs up after 1 s, and the sockets are closed without a word
    48   the far end hangs up after 1 s, and the sockets neither say so nor close
    50   500, and placed
    51   500, not placed
    60   the first two stops are answered 500 and not done
    61   every stop is answered 404 and not done, until the call is 10 s old
    62   the first stop is done, then the TCP connection is reset
    99   placed, never answered

Every other number is simply accepted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from scheduler.sandbox.faults import Fault
from scheduler.sandbox.symbl.knobs import HangupSignal
from scheduler.sandbox.symbl.scripts import ScriptName

_MAGIC = re.compile(r"\+?186755501([0-9]{2})")
_REFUSALS_OF_29 = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a number wants to happen."""

    fault: Fault | None = None
    hangup_after_seconds: float | None = None
    hangup_signal: HangupSignal | None = None
    language: str | None = None
    script: ScriptName = "appointment"
    answered_by: Literal["human", "machine"] | None = None
    is_recorded: bool = True
    refuses_sockets: bool = False
    closes_first_socket_after_seconds: float | None = None
    stop_faults: tuple[Fault, ...] = ()
    unknown_to_stops_for_seconds: float = 0.0

    def stop_fault(self, stops: int, age_seconds: float) -> Fault | None:
        """The fault of a stop: how many there have been, and how old the call is."""
        if age_seconds < self.unknown_to_stops_for_seconds:
            return Fault.NOT_FOUND
        return self.stop_faults[stops - 1] if stops <= len(self.stop_faults) else None


_OUTCOMES = {
    "03": Outcome(Fault.FORBIDDEN),
    "04": Outcome(Fault.BAD_REQUEST),
    "10": Outcome(hangup_after_seconds=1.0),
    "11": Outcome(hangup_after_seconds=3.0),
    "20": Outcome(Fault.RESET_AFTER),
    "29": Outcome(Fault.AT_LIMIT),
    "30": Outcome(language="es"),
    "31": Outcome(language="fr"),
    "32": Outcome(language="de"),
    "33": Outcome(language="pt"),
    "40": Outcome(script="machine", answered_by="machine"),
    "41": Outcome(answered_by="human"),
    "42": Outcome(script="do_not_call"),
    "43": Outcome(script="nobody"),
    "44": Outcome(is_recorded=False),
    "45": Outcome(refuses_sockets=True),
    "46": Outcome(closes_first_socket_after_seconds=1.0),
    "47": Outcome(hangup_after_seconds=1.0, hangup_signal="close"),
    "48": Outcome(hangup_after_seconds=1.0, hangup_signal="silent"),
    "50": Outcome(Fault.SERVER_ERROR),
    "51": Outcome(Fault.SERVER_ERROR_NOT_PLACED),
    "60": Outcome(stop_faults=(Fault.SERVER_ERROR_NOT_PLACED,) * 2),
    "61": Outcome(unknown_to_stops_for_seconds=10.0),
    "62": Outcome(stop_faults=(Fault.RESET_AFTER,)),
    "99": Outcome(Fault.HANG),
}
NOTHING = Outcome()


class Magic:
    """The outcomes, and how often the one that changes its mind was asked."""

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()

    def outcome(self, number: object) -> Outcome:
        """The outcome of a call to a number; counts the refusals that it hands out."""
        match = _MAGIC.fullmatch(number) if isinstance(number, str) else None
        if match is None:
            return NOTHING
        ending = match[1]
        if ending == "29":
            self._refused[ending] += 1
            if self._refused[ending] > _REFUSALS_OF_29:
                return NOTHING
        return _OUTCOMES.get(ending, NOTHING)

    def clear(self) -> None:
        """Begin again."""
        self._refused.clear()
