"""What `run` shows while it runs: calls by state, slots in use, dials and stops, time left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scheduler.cli import console
from scheduler.fields.visible import visible
from scheduler.ledger.reading import AccountView, CampaignView
from scheduler.models import CallState

#: Off a terminal, a line this often.
LINE_SECONDS = 5.0


@dataclass(slots=True)
class Progress:
    """Shows how a campaign stands; remembers what a view alone can't tell."""

    ceiling: int
    began_at: float = field(default_factory=time.monotonic)
    notice: str = ""  #: what it waits for, or what is wrong
    _live: Live | None = None
    _line_at: float = 0.0
    _ended_before: int | None = None
    _looked_at: float | None = None
    _idle_seconds: float = 0.0  #: of waiting for calls to fall due: no measure of the pace

    def show(self, campaign: CampaignView, account: AccountView) -> None:
        """Show how it stands now."""
        if self._ended_before is None:
            self._ended_before = campaign.calls[CallState.ENDED]
        self._note_waiting(campaign)
        if self._live is not None:
            self._live.update(self._picture(campaign, account), refresh=True)
        elif time.monotonic() >= self._line_at:
            self._line_at = time.monotonic() + LINE_SECONDS
            console.say(self._line(campaign, account))

    @contextmanager
    def on_screen(self) -> Iterator[None]:
        """Draw on a terminal; elsewhere lines are written."""
        if not console.err.is_terminal or console.is_quiet():
            yield
            return
        with Live(console=console.err, auto_refresh=False, transient=True) as self._live:
            yield
        self._live = None

    def _line(self, campaign: CampaignView, account: AccountView) -> str:
        calls = campaign.calls
        parts = [f"{calls[CallState.ENDED]}/{campaign.total} ended", f"{campaign.open} open"]
        parts.append(f"{campaign.dials} dials, {campaign.stops} stops")
        parts += [
            f"{account.slots} of {self._limit(account)} slots",
            self._time_left(campaign, self._limit(account)),
        ]
        if self.notice:
            parts.append(self.notice)
        return "; ".join(part for part in parts if part)

    def _limit(self, account: AccountView) -> int:
        return min(account.learned, self.ceiling)

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
            f"{campaign.dials} dials, {campaign.stops} stops",
        )
        states = Table.grid(padding=(0, 2))
        states.add_row(*(Text(state, style="dim") for state in CallState))
        states.add_row(*(str(calls[state]) for state in CallState))
        return Group(bars, "", states, "", Text(visible(self.notice), style="yellow"))

    def _time_left(self, campaign: CampaignView, limit: int) -> str:
        """Guess from the pace so far; before there is one, from the longest that calls may take.

        Until the next call falls due nothing is done, so that wait comes on top.
        """
        left = campaign.total - campaign.calls[CallState.ENDED]
        ended = campaign.calls[CallState.ENDED] - (self._ended_before or 0)
        passed = time.monotonic() - self.began_at - self._idle_seconds
        if ended > 0 and passed > 2:
            return _about(_wait(campaign) + left * passed / ended)
        at_once = min(limit, campaign.policy.max_concurrency or limit)
        return _about(_wait(campaign) + left * campaign.policy.max_duration_seconds / at_once)

    def _note_waiting(self, campaign: CampaignView) -> None:
        now = time.monotonic()
        if self._looked_at is not None and not campaign.open and _wait(campaign) > 0:
            self._idle_seconds += now - self._looked_at
        self._looked_at = now


def _wait(campaign: CampaignView) -> float:
    """Return the seconds until the next call falls due."""
    return max(0.0, (campaign.next_due_at or 0.0) - time.time())


def _about(seconds: float) -> str:
    if seconds < 120:
        return f"about {seconds:.0f} s left"
    if seconds < 120 * 60:
        return f"about {seconds / 60:.0f} min left"
    hours = seconds / 3600
    return f"about {hours:.0f} h left" if hours < 48 else f"about {hours / 24:.0f} days left"
