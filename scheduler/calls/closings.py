"""What the closing of sockets means: the end of their calls, or an outage of the sockets."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Hashable
from itertools import islice
from operator import itemgetter

#: Closings within this time are looked at together.
WINDOW_SECONDS = 1.0

#: The closings of so many calls within it are no hang-ups: a server, a proxy or the network did it.
TOGETHER = 3

#: A socket that was opened again and closes within this time has closed again.
AGAIN_SECONDS = 5.0

#: A socket that closes within this time is one of a call that is over, though not for certain.
AT_ONCE_SECONDS = 0.2

#: Longer than a call waits between two looks at its closings, see `CallClosings.settle`.
_REMEMBERED_SECONDS = 120.0

_at = itemgetter(0)


class Closings:
    """The bare closings of late, of all calls that one listener follows.

    There is no pace of hang-ups to compare with: whatever would be counted into it, an outage now
    and then makes the next one look usual. Instants are the caller's, in seconds on a steady clock.
    """

    def __init__(self) -> None:
        self._closed: list[tuple[float, Hashable]] = []

    def add(self, call: Hashable, at: float) -> None:
        """Count a socket of this call that closed without a word."""
        del self._closed[: bisect_left(self._closed, at - _REMEMBERED_SECONDS, key=_at)]
        insort(self._closed, (at, call), key=_at)

    def withdraw(self, call: Hashable, at: float) -> None:
        """Count that closing no longer: it was our own stop that closed the socket."""
        for place in range(bisect_left(self._closed, at, key=_at), len(self._closed)):
            if self._closed[place] == (at, call):
                del self._closed[place]
                return

    def are_together(self, at: float) -> bool:
        """Whether sockets of too many calls closed within one second that has this instant in it.

        Certain from a second after the instant on: by then nobody can join any more.
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
    """The bare closings of one call's sockets.

    The first one only has the socket opened again, since a socket closes for many reasons. When
    that one closes soon as well, the far end has hung up, unless a closing on the way came together
    with those of other calls: then nothing but the API's own word ends the call.
    """

    def __init__(self, call: Hashable, of_all: Closings) -> None:
        self._call = call
        self._of_all = of_all
        self._instants: list[float] = []
        self.is_in_doubt = False  #: for certain, and until a socket stays open

    def closed(self, opened_at: float, now: float) -> bool:
        """Hear of a socket that closed without a word; return whether it has closed again."""
        is_first = not self._instants or now - opened_at > AGAIN_SECONDS
        if is_first:
            self._instants, self.is_in_doubt = [], False
        self._instants.append(now)
        # Else each call that is left in doubt would cast it on others, again at every new try.
        if is_first or now - opened_at > AT_ONCE_SECONDS:
            self._of_all.add(self._call, now)
        return not is_first

    def withdraw(self) -> None:
        """Have the last closing cast no doubt on other calls: our own stop made it."""
        self._of_all.withdraw(self._call, self._instants[-1])

    def settle(self, now: float) -> None:
        """Look at the closings that none can join any more: at least once in every two minutes."""
        self._judge([at for at in self._instants if at + WINDOW_SECONDS < now])

    def _judge(self, instants: list[float]) -> None:
        self.is_in_doubt |= any(map(self._of_all.are_together, instants))

    @property
    def known_at(self) -> float:
        """When `is_hang_up` can be asked: until then others may join the last closing."""
        return self._instants[-1] + WINDOW_SECONDS

    def is_hang_up(self) -> bool:
        """Whether a socket that has closed again means that its call is over."""
        self._judge(self._instants)
        return not self.is_in_doubt
