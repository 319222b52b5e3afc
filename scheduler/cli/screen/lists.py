"""The two lists of the screen: campaigns, and live calls."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from scheduler.cli.access import nothing_yet
from scheduler.cli.screen import drawing
from scheduler.cli.screen.rows import Rows
from scheduler.live.picture import ShownCall, ShownCampaign
from scheduler.models import Attempt


class Campaigns(Rows[ShownCampaign, str]):
    """Campaigns, those that are not finished first."""

    @property
    def nothing(self) -> str:
        """What is shown when there is nothing to list."""
        return nothing_yet()

    def key(self, line: ShownCampaign) -> str:
        """Return the campaign's id."""
        return line.view.campaign_id

    def drawn(
        self, lines: Sequence[ShownCampaign], cursor: str | None, now: float
    ) -> RenderableType:
        """Draw a line for each."""
        return drawing.campaigns(lines, cursor)


class Calls(Rows[ShownCall, Attempt]):
    """Live calls, the nearest deadline first."""

    @property
    def nothing(self) -> str:
        """What is shown when there is nothing to list."""
        return "no call is live"

    def key(self, line: ShownCall) -> Attempt:
        """Return the attempt."""
        return line.attempt

    def drawn(
        self, lines: Sequence[ShownCall], cursor: Attempt | None, now: float
    ) -> RenderableType:
        """Draw a line for each."""
        return drawing.calls(lines, now, cursor)
