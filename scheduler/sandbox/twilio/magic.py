"""Which numbers script what becomes of a call to them.

Twilio's own, which its test credentials know
(https://www.twilio.com/docs/iam/test-credentials):

    +1 500 555 0001   21217 as a callee, 21212 as a caller
    +1 500 555 0002   21214
    +1 500 555 0003   21215
    +1 500 555 0004   21216
    +1 500 555 0006   a caller that is valid

Ours are reserved for fiction, +1 867 555 01NN, so that a mistake rings nobody:

    NN   what happens
    00   accepted
    03   403, not placed
    04   400 with 21211, not placed
    10   answered, and the far end hangs up after 1 s
    11   answered, and the far end hangs up after 3 s
    20   placed, then the TCP connection is reset
    27   10004 as a failed call the first two times, then accepted
    28   10004 as an answer the first two times, then accepted
    29   429 with 20429 the first two times, then accepted
    30   presses 1 whenever it is asked
    31   presses 2
    32   presses 9
    33   presses nothing
    34   presses 7, then 1
    40   an answering machine answers
    41   a human answers
    42   a fax answers
    43   nobody can tell who answers
    50   500, and placed
    51   500, not placed
    53   503, and placed
    54   400 with 21204, and placed
    60   the first two stops are answered 500 and not done
    61   every stop is answered 404 and not done, until the call is 10 s old
    62   the first stop is done, then the TCP connection is reset
    63   every stop is answered 21220 and not done, until the call is 10 s old
    70   busy
    71   rings until `Timeout`: no-answer
    72   failed, with 32009 in its notifications
    73   failed, with 32017
    74   failed, with 13224
    75   failed, with 13225
    76   failed, with 13227
    77   failed, with 21216
    78   rejected where another callee would answer: no-answer
    80   stays in the queue
    81   cancelled in the queue by the API after 1 s
    82   shows a status that no document has, as long as it lives
    84   answered, and ended after 1 s with 32014
    95   never in a list
    96   not found by any read for its first 2 s
    99   placed, never answered

Every other number is dialled, and what becomes of the call is drawn by lot as the knobs say.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from scheduler.sandbox.faults import Fault

FinalStatus = Literal["completed", "busy", "no-answer", "failed", "canceled"]
Who = Literal["human", "machine", "fax", "unknown"]

_MAGIC = re.compile(r"\+186755501([0-9]{2})")
_REFUSALS = 2

#: By a callee of Twilio's test credentials: the code of the refusal.
REFUSED_CALLEES = {
    "+15005550001": 21217,
    "+15005550002": 21214,
    "+15005550003": 21215,
    "+15005550004": 21216,
}
REFUSED_CALLER = "+15005550001"
VALID_CALLER = "+15005550006"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a number wants to happen."""

    fault: Fault | None = None
    code: int | None = None  #: of the answer to the start
    is_placed: bool = True  #: where there is such a code
    ends_as: FinalStatus | None = None  #: in place of being answered
    is_rejected: bool = False  #: whether that comes before `Timeout` is over
    notification: int | None = None  #: the code that the end leaves
    hangup_after_seconds: float | None = None
    answered_by: Who | None = None
    keys: tuple[str, ...] | None = None  #: at each asking; the last stays
    stop_faults: tuple[Fault, ...] = ()
    stop_code: int | None = None
    stop_code_for_seconds: float = 0.0
    stays_queued: bool = False
    cancelled_after_seconds: float | None = None  #: in the queue
    is_odd: bool = False  #: whether it shows a status that no document has
    is_unlisted: bool = False
    unseen_for_seconds: float = 0.0


_OUTCOMES = {
    "03": Outcome(code=20403, is_placed=False),
    "04": Outcome(code=21211, is_placed=False),
    "10": Outcome(hangup_after_seconds=1.0),
    "11": Outcome(hangup_after_seconds=3.0),
    "20": Outcome(Fault.RESET_AFTER),
    "27": Outcome(ends_as="failed", notification=10004),
    "28": Outcome(code=10004, is_placed=False),
    "29": Outcome(code=20429, is_placed=False),
    "30": Outcome(keys=("1",), answered_by="human"),
    "31": Outcome(keys=("2",), answered_by="human"),
    "32": Outcome(keys=("9",), answered_by="human"),
    "33": Outcome(keys=("",), answered_by="human"),
    "34": Outcome(keys=("7", "1"), answered_by="human"),
    "40": Outcome(answered_by="machine"),
    "41": Outcome(answered_by="human"),
    "42": Outcome(answered_by="fax"),
    "43": Outcome(answered_by="unknown"),
    "50": Outcome(Fault.SERVER_ERROR),
    "51": Outcome(Fault.SERVER_ERROR_NOT_PLACED),
    "53": Outcome(code=20503),
    "54": Outcome(code=21204),
    "60": Outcome(stop_faults=(Fault.SERVER_ERROR_NOT_PLACED,) * 2),
    "61": Outcome(stop_code=20404, stop_code_for_seconds=10.0),
    "62": Outcome(stop_faults=(Fault.RESET_AFTER,)),
    "63": Outcome(stop_code=21220, stop_code_for_seconds=10.0),
    "70": Outcome(ends_as="busy"),
    "71": Outcome(ends_as="no-answer"),
    "72": Outcome(ends_as="failed", notification=32009),
    "73": Outcome(ends_as="failed", notification=32017),
    "74": Outcome(ends_as="failed", notification=13224),
    "75": Outcome(ends_as="failed", notification=13225),
    "76": Outcome(ends_as="failed", notification=13227),
    "77": Outcome(ends_as="failed", notification=21216),
    "78": Outcome(ends_as="no-answer", is_rejected=True),
    "80": Outcome(stays_queued=True),
    "81": Outcome(stays_queued=True, cancelled_after_seconds=1.0),
    "82": Outcome(is_odd=True),
    "84": Outcome(hangup_after_seconds=1.0, notification=32014),
    "95": Outcome(is_unlisted=True),
    "96": Outcome(unseen_for_seconds=2.0),
    "99": Outcome(Fault.HANG),
}
_CHANGING = ("27", "28", "29")
NOTHING = Outcome()


class Magic:
    """The outcomes, and how often those that change their mind were asked."""

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()

    def outcome(self, number: str) -> Outcome:
        """The outcome of a call to a number; counts the refusals that it hands out."""
        match = _MAGIC.fullmatch(number)
        if match is None:
            return NOTHING
        ending = match[1]
        if ending in _CHANGING:
            self._refused[ending] += 1
            if self._refused[ending] > _REFUSALS:
                return NOTHING
        return _OUTCOMES.get(ending, NOTHING)

    def clear(self) -> None:
        """Begin again."""
        self._refused.clear()
