"""The two lists of the screen: campaigns, and live calls."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from scheduler.cli.screen import drawing
from scheduler.cli.screen.once import NOTHING
from scheduler.cli.screen.rows import Rows
from scheduler.live.picture import ShownCall, ShownCampaign
from scheduler.models import Attempt


class Campaigns(Rows[ShownCampaign, str]):
    """Campaigns, those that are not finished first."""

    nothing = NOTHING

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

    nothing = "no call is live"

    def key(self, line: ShownCall) -> Attempt:
        """Return the attempt."""
        return line.attempt

    def drawn(
        self, lines: Sequence[ShownCall], cursor: Attempt | None, now: float
    ) -> RenderableType:
        """Draw a line for each."""
        return drawing.calls(lines, now, cursor)
