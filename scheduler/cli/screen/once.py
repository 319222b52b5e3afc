"""What `callsched watch` prints once, if it has no screen to draw on."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from scheduler.cli import access, console
from scheduler.cli.screen import drawing, events
from scheduler.cli.screen.slots import slots, slots_title
from scheduler.fields.visible import visible
from scheduler.live.picture import Picture
from scheduler.live.snapshot import CALLS

#: How many lines of each list are printed.
_CAMPAIGNS, HAPPENINGS, _CHART = 20, 8, (60, 5)

#: The widest line that is printed: a file allows any width, but nobody can read that.
_WIDTH = 100


def show(picture: Picture) -> None:
    """Print the picture."""
    for part in text(picture):
        console.out.print(part, width=_width())


def _width() -> int:
    return min(console.out.width, _WIDTH)


def text(picture: Picture) -> Iterator[RenderableType]:
    """Yield the parts of the picture."""
    if picture.account is None:
        yield Text(access.nothing_yet())
        return
    if picture.alarms:
        yield drawing.alarms(picture.alarms, len(picture.alarms))
    shown = picture.campaigns[:_CAMPAIGNS]
    yield drawing.campaigns(shown, width=_width())
    yield from _more(len(picture.campaigns) + picture.others - len(shown), "campaigns")
    for each in shown[:1]:
        yield drawing.in_detail(each)
    yield Text(f"\naccount {visible(picture.account.account)}: {slots_title(picture)}")
    yield slots(picture, *_CHART)
    yield from _calls(picture)
    yield Text("\nlast events")
    yield events.happenings(
        picture.happenings, picture.at, HAPPENINGS, people=picture.people, width=_width()
    )
    yield Text("\nworkers")
    yield drawing.workers(picture, _width())


def _calls(picture: Picture) -> Iterator[RenderableType]:
    yield Text(f"\nlive calls: {len(picture.calls):,}")
    if picture.calls:
        many = len({call.attempt.campaign_id for call in picture.calls}) > 1
        yield drawing.calls(picture.calls[:CALLS], picture.at, many=many)
    yield from _more(len(picture.calls) - CALLS, "live calls")


def _more(count: int, what: str) -> Iterator[RenderableType]:
    if count > 0:
        yield Text(f"… and {count:,} more {what}")
