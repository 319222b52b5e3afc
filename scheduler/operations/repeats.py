"""Finds the contacts of a file whom an earlier campaign of its name has called, before loading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from scheduler.campaign.checked import CheckedCampaign
from scheduler.ledger import repeats
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.repeats import Repeats
from scheduler.settings import Settings


class Because(Enum):
    """Why a campaign calls everybody, or leaves out people whom others have called."""

    CREATED_SO = auto()  #: the campaign exists, and keeps the window of its creation
    AGAIN = auto()  #: the operator wants everybody called again
    NAMED = auto()  #: the operator gave an id, so it is clear which campaign is meant


@dataclass(frozen=True, slots=True)
class Window:
    """For how long campaigns of one name leave out people whom another of them has called."""

    of_campaign: float | None  #: in seconds; None if this campaign calls everybody
    to_look: float  #: the window in which to look for them, in seconds; 0: don't look
    because: Because
    comes_late: bool = False  #: --again has no effect, because the campaign was created without it


@dataclass(frozen=True, slots=True)
class Earlier:
    """Which of the new rows of a campaign earlier campaigns have called, or have yet to call."""

    window: Window
    callable_count: int  #: contacts of the file that can be called
    found: tuple[Repeats, ...] = ()  #: the campaign with the most first

    @property
    def count(self) -> int:
        """How many contacts earlier campaigns have."""
        return sum(one.count for one in self.found)

    @property
    def left(self) -> int:
        """How many contacts are called."""
        is_exempt = self.window.of_campaign is None
        return self.callable_count - (0 if is_exempt else self.count)


def window_of(
    ledger: Ledger, campaign_id: str, settings: Settings, *, is_named: bool, again: bool
) -> Window:
    """Return the window of a campaign that exists, else the one that it would get.

    With a given id, as cron jobs have it, it is clear which campaign is meant: it has no window.
    """
    to_look = settings.repeat_window
    kept = repeats.window(ledger, campaign_id)
    if kept is not None:
        return Window(kept or None, kept or to_look, Because.CREATED_SO, again and kept > 0)
    is_exempt = again or is_named or not to_look
    because = Because.AGAIN if again else Because.NAMED
    return Window(None if is_exempt else to_look, to_look, because)


def look(
    ledger: Ledger,
    checked: CheckedCampaign,
    campaign_id: str,
    account: str,
    window: Window,
    on_progress: Callable[[int], None],
) -> Earlier:
    """Return whom earlier campaigns of this name have. `on_progress` gets the rows read so far."""
    if not window.to_look:
        return Earlier(window, checked.callable_count)
    chunks = _counted(checked.chunks(), on_progress)
    found = repeats.find(ledger, campaign_id, account, checked.name, window.to_look, chunks)
    return Earlier(window, checked.callable_count, tuple(found))


def _counted(
    chunks: Iterable[tuple[int, bytes]], on_progress: Callable[[int], None]
) -> Iterator[bytes]:
    read = 0
    for count, packed in chunks:
        yield packed
        read += count
        on_progress(read)
