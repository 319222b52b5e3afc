"""What the closing of sockets means: the end of their calls, or an outage of the sockets."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Hashable
from itertools import islice
from operator import itemgetter

#: Closings within this time are looked at together.
WINDOW_SECONDS = 1.0

#: So many calls do not hang up within it: a server, a proxy or the network closed the sockets.
TOGETHER = 3

#: A socket that was opened again and closes within this time has closed again.
AGAIN_SECONDS = 5.0

#: If a socket closes within this time, its call is probably over.
AT_ONCE_SECONDS = 0.2

#: Longer than a call waits between two looks at its closings, see `CallClosings.settle`.
_REMEMBERED_SECONDS = 120.0

_at = itemgetter(0)


class Closings:
    """The recent closings without a reason, of all calls that one listener follows.

    It compares with no usual rate of hang-ups, because an outage now and then would raise that rate
    and make the next one look usual. The caller gives instants in seconds on a steady clock.
    """

    def __init__(self) -> None:
        self._closed: list[tuple[float, Hashable]] = []

    def add(self, call: Hashable, at: float) -> None:
        """Count a socket of this call that closed without a reason."""
        del self._closed[: bisect_left(self._closed, at - _REMEMBERED_SECONDS, key=_at)]
        insort(self._closed, (at, call), key=_at)

    def withdraw(self, call: Hashable, at: float) -> None:
        """Count that closing no longer, because our own stop closed the socket."""
        for place in range(bisect_left(self._closed, at, key=_at), len(self._closed)):
            if self._closed[place] == (at, call):
                del self._closed[place]
                return

    def are_together(self, at: float) -> bool:
        """Whether sockets of too many calls closed within some second around this instant.

        The answer is final a second after the instant: by then no other closing can join.
        """
        begin = bisect_left(self._closed, at - WINDOW_SECONDS, key=_at)
        for place in range(begin, len(self._closed)):
            if self._closed[place][0] > at:
                return False
            if self._are_many_from(place):
                return True
        return False

    def _are_many_from(self, place: int) -> bool:
        until = self._closed[place][0] + WINDOW_SECONDS
        calls: set[Hashable] = set()
        for closed_at, call in islice(self._closed, place, None):
            if closed_at > until or len(calls) == TOGETHER:
                break
            calls.add(call)
        return len(calls) >= TOGETHER


class CallClosings:
    """The closings of one call's sockets without a reason.

    After the first one the socket is only opened again, because a socket closes for many reasons.
    If that one closes soon too, the far end has hung up, unless one of the closings came together
    with those of other calls: then only the API's own answer ends the call.
    """

    def __init__(self, call: Hashable, of_all: Closings) -> None:
        self._call = call
        self._of_all = of_all
        self._instants: list[float] = []
        self.is_in_doubt = False  #: certainly in doubt, until a socket stays open

    def closed(self, opened_at: float, now: float) -> bool:
        """Note a socket that closed without a reason; return whether it has closed again."""
        is_first = not self._instants or now - opened_at > AGAIN_SECONDS
        if is_first:
            self._instants, self.is_in_doubt = [], False
        self._instants.append(now)
        # Else each call in doubt would put others in doubt, again at every new try.
        if is_first or now - opened_at > AT_ONCE_SECONDS:
            self._of_all.add(self._call, now)
        return not is_first

    def withdraw(self) -> None:
        """Have the last closing put no other call in doubt: our own stop caused it."""
        self._of_all.withdraw(self._call, self._instants[-1])

    def settle(self, now: float) -> None:
        """Judge the closings that no other can join any more: at least every two minutes."""
        self._judge([at for at in self._instants if at + WINDOW_SECONDS < now])

    def _judge(self, instants: list[float]) -> None:
        self.is_in_doubt |= any(map(self._of_all.are_together, instants))

    @property
    def known_at(self) -> float:
        """When `is_hang_up` may be called: until then other closings may join the last one."""
        return self._instants[-1] + WINDOW_SECONDS

    def is_hang_up(self) -> bool:
        """Whether a socket that has closed again means that its call is over."""
        self._judge(self._instants)
        return not self.is_in_doubt
