"""The panels of the last events, a line each, and of how calls ended over the last minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from scheduler.cli.screen import chart
from scheduler.cli.screen.cells import BAD, FAINT, GOOD, POOR, Cut, grid, percent
from scheduler.cli.screen.drawing import spelled
from scheduler.fields.visible import visible
from scheduler.ledger.accounts import Happening
from scheduler.live.pace import clock
from scheduler.live.people import Person, Place
from scheduler.live.picture import ShownCampaign, place_of
from scheduler.masking import mask_text

_STYLES = {"refused": POOR, "limit": "cyan", "outage": BAD, "control": "magenta"}
#: Kinds of events that are shown by their detail, in words or as it is.
_SPELLED, _ALONE = ("ended", "amended"), ("ended", "control")
#: The width of an event; and from how many columns on an event names its campaign.
_WHAT, _NAMED = (19, 30), 72


def happenings(
    shown: Sequence[Happening],
    now: float,
    most: int,
    *,
    people: Mapping[Place, Person] | None = None,
    width: int = 80,
) -> Table:
    """Return the last events, the newest last."""
    newest = shown[-most:] if most > 0 else []
    many = len({place[0] for each in newest if (place := place_of(each))}) > 1
    many, what = many and width >= _NAMED, min(max(_WHAT[0], width // 4), _WHAT[1])
    columns = {"at": max([8, *(len(clock(each.at, now)) for each in newest)]), "what": what}
    columns |= {"who": -3} | ({"campaign": -2} if many else {})
    table = grid(columns, header=False)
    for each in newest:
        place = place_of(each)
        cells = [Text(clock(each.at, now), style=FAINT), _what(each), _who(each, place, people)]
        campaign = [Cut(place[0] if place else "")] if many else []
        table.add_row(*cells, *campaign)
    return table


def _what(each: Happening) -> Text:
    detail = visible(mask_text(each.detail))
    if each.what in _SPELLED:
        detail = spelled(detail)
    word = visible(each.what)
    between = ": " if each.what == "refused" else " "
    text = detail if each.what in _ALONE and detail else f"{word}{between * bool(detail)}{detail}"
    return Text(text, style=_STYLES.get(each.what, ""))


def _who(each: Happening, place: Place | None, people: Mapping[Place, Person] | None) -> Text | Cut:
    """Return a call's contact, by its row if no more is known; otherwise the event's campaign."""
    if place is None:
        return Cut(each.which)
    known = (people or {}).get(place)
    return Cut(known.who if known else f"#{place[1]}")


# Ends -------------------------------------------------------------------------------------------


def ends_title(shown: ShownCampaign | None) -> str:
    """Return whose ends they are."""
    return f"how calls of {visible(shown.view.campaign_id)} ended" if shown else "ends"


def ends(shown: ShownCampaign, seen: Sequence[Happening], now: float, width: int) -> Table:
    """Return a line for each way in which calls of a campaign ended, the commonest first."""
    view = shown.view
    labels = sorted(view.dispositions, key=lambda label: (-view.dispositions[label], label))
    words = max([12, *(len(spelled(label)) for label in labels)])
    words = min(words, max(12, width - 30))
    seconds = chart.known_span(seen[0].at if seen else now, now)
    columns = {"end": words, "calls": 8, "share": 6, f"last {seconds / 60:.0f} min": -1}
    table = grid(columns, right=("calls", "share"))
    room = max(1, width - words - sum((8, 6)) - len(columns))
    over_time = _over_time(seen, view.campaign_id, now, seconds, room)
    most = max((max(counts) for counts in over_time.values()), default=0)
    for label in labels:
        count = view.dispositions[label]
        line = chart.spark(over_time.get(label, []), most)
        share = Text(percent(count, sum(view.dispositions.values())))
        table.add_row(Cut(spelled(label)), Text(f"{count:,}"), share, Text(line, style=GOOD))
    return table


def _over_time(
    seen: Iterable[Happening], campaign_id: str, now: float, seconds: float, width: int
) -> dict[str, list[int]]:
    """Count the ends of a campaign's calls in each column of time, by disposition."""
    found: dict[str, list[int]] = {}
    for each in seen:
        if each.what == "ended" and each.which.startswith(f"{campaign_id}:"):
            column = chart.place(each.at, now, seconds, width)
            if column >= 0:
                found.setdefault(each.detail, [0] * width)[column] += 1
    return found
