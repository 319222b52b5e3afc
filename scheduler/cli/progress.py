"""What `run` shows while it runs: calls by state, slots in use, dials and stops, time left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scheduler.cli import console
from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.live import progress as live
from scheduler.models import CallState, Contact

#: Without a terminal, a line this often, in seconds.
LINE_SECONDS = 5.0

#: How often it is drawn, and how often it is looked whether there is a line to write.
DRAWN_SECONDS, UNDRAWN_SECONDS = 1.0, 2.0


class Progress:
    """Shows how a campaign stands."""

    def __init__(self, ceiling: int, began_at: float | None = None) -> None:
        """`ceiling` is the account's ceiling in the settings."""
        self.notice = ""  #: what it waits for, or what is wrong
        self._ceiling = ceiling
        self._known = live.Progress() if began_at is None else live.Progress(began_at)
        self._drawn: Live | None = None
        self._line_at = 0.0
        self._sample: Contact | None = None

    @property
    def look_seconds(self) -> float:
        """How often `show` can make use of a look."""
        return UNDRAWN_SECONDS if self._drawn is None else DRAWN_SECONDS

    def show(
        self, campaign: CampaignView, account: AccountView, sample: Contact | None = None
    ) -> None:
        """Show the state now; the hours of `sample` stand for those of all waiting contacts."""
        self._sample = sample
        self._known.note(campaign)
        if self._drawn is not None:
            self._drawn.update(self._picture(campaign, account), refresh=True)
        elif time.monotonic() >= self._line_at:
            self._line_at = time.monotonic() + LINE_SECONDS
            console.say(self._line(campaign, account))

    @contextmanager
    def on_screen(self) -> Iterator[None]:
        """Draw on a terminal; elsewhere write lines."""
        if not console.err.is_terminal or console.is_quiet():
            yield
            return
        with Live(console=console.err, auto_refresh=False, transient=True) as self._drawn:
            yield
        self._drawn = None

    def _line(self, campaign: CampaignView, account: AccountView) -> str:
        calls = campaign.calls
        parts = [f"{calls[CallState.ENDED]}/{campaign.total} ended", f"{campaign.open} open"]
        parts.append(counted(campaign.dials, "dial"))
        parts += [
            f"{account.slots} of {counted(self._limit(account), 'slot')}",
            self._time_left(campaign, self._limit(account)),
        ]
        if self.notice:
            parts.append(self.notice)
        return "; ".join(part for part in parts if part)

    def _limit(self, account: AccountView) -> int:
        return min(account.learned, self._ceiling)

    def _picture(self, campaign: CampaignView, account: AccountView) -> RenderableType:
        calls, limit = campaign.calls, self._limit(account)
        ended = calls[CallState.ENDED]
        bars = Table.grid(padding=(0, 1))
        bars.add_row(
            Text(visible(campaign.campaign_id), style="bold"),
            ProgressBar(total=max(1, campaign.total), completed=ended, width=24),
            f"{ended}/{campaign.total}",
            self._time_left(campaign, limit),
        )
        bars.add_row(
            "slots in use",
            ProgressBar(total=max(1, limit), completed=account.slots, width=24),
            f"{account.slots} of {limit}",
            counted(campaign.dials, "dial"),
        )
        states = Table.grid(padding=(0, 2))
        states.add_row(*(Text(state, style="dim") for state in CallState))
        states.add_row(*(str(calls[state]) for state in CallState))
        return Group(bars, "", states, "", Text(visible(self.notice), style="yellow"))

    def _time_left(self, campaign: CampaignView, limit: int) -> str:
        return _about(self._known.seconds_left(campaign, limit, self._sample))


def _about(seconds: float) -> str:
    if seconds < 120:
        return f"about {seconds:.0f} s left"
    if seconds < 120 * 60:
        return f"about {seconds / 60:.0f} min left"
    hours = seconds / 3600
    return f"about {hours:.0f} h left" if hours < 48 else f"about {hours / 24:.0f} days left"
