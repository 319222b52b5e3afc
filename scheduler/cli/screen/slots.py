"""The panel of slots in use over the last minutes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from scheduler.cli.screen import chart
from scheduler.cli.screen.cells import FAINT, GOOD
from scheduler.fields.counts import counted
from scheduler.ledger.accounts import Load
from scheduler.live.picture import Picture


def slots(picture: Picture, width: int, height: int) -> Text:
    """Return the slots in use over the last minutes, under the limit."""
    seconds = chart.span(picture.loads, picture.at)
    # As wide as the scale can get, so that it does not change.
    wide = len(str(max([picture.ceiling, *(max(x.slots, x.learned) for x in picture.loads)]))) + 2
    shown = chart.columns(picture.loads, picture.at, seconds, max(1, width - wide))
    lines, left = chart.with_axes(shown, seconds, height)
    drawn = []
    for line in lines:
        text = Text(line, no_wrap=True)
        text.stylize(FAINT, 0, len(line) if "└" in line else left)
        text.stylize(GOOD if "└" not in line else "", left)
        text.highlight_regex(f"{chart.LIMIT_MARK}+", style="cyan")
        drawn.append(text)
    return Text("\n", no_wrap=True).join(drawn)


def slots_title(picture: Picture) -> str:
    """Return how full the account is, in words."""
    account = picture.account
    if account is None:
        return "slots"
    refused = _refused(picture.loads)
    parts = [f"{account.slots} of {counted(account.learned, 'slot')} in use"]
    # If the learned limit is above it, the workers have another ceiling than this machine.
    if account.learned <= picture.ceiling:
        parts.append(f"ceiling {picture.ceiling}")
    parts.append(f"{chart.LIMIT_MARK} limit")
    parts.append(f"last {chart.span(picture.loads, picture.at) / 60:.0f} min")
    if refused:
        parts.append(f"{refused:,} refused")
    return ", ".join(parts)


def _refused(loads: Sequence[Load]) -> int:
    return loads[-1].refused - loads[0].refused if loads else 0
