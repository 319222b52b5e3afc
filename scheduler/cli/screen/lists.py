"""The two lists of the screen: campaigns, and live calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import RenderableType
from textual.binding import Binding, BindingType

from scheduler.cli.access import nothing_yet
from scheduler.cli.screen import drawing
from scheduler.cli.screen.rows import Rows
from scheduler.live.picture import ShownCall, ShownCampaign
from scheduler.models import Attempt


class Campaigns(Rows[ShownCampaign, str]):
    """Campaigns, those that are not finished first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "app.filter", "calls")]
    search_hint = "find campaigns by id"

    @property
    def nothing(self) -> str:
        """What is shown when there is nothing to list."""
        return nothing_yet()

    def key(self, line: ShownCampaign) -> str:
        """Return the campaign's id."""
        return line.view.campaign_id

    def matches(self, line: ShownCampaign, text: str) -> bool:
        """Whether its id has the text in it."""
        return text in line.view.campaign_id.casefold()

    def drawn(
        self, lines: Sequence[ShownCampaign], cursor: str | None, now: float
    ) -> RenderableType:
        """Draw a line for each."""
        chosen = drawing.chosen_style(self.has_focus)
        return drawing.campaigns(lines, cursor, width=self.size.width, chosen=chosen)


class Calls(Rows[ShownCall, Attempt]):
    """Live calls, the nearest deadline first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "app.details", "call")]
    search_hint = "find live calls by name, id or number"

    @property
    def nothing(self) -> str:
        """What is shown when there is nothing to list."""
        return "no call is live"

    def key(self, line: ShownCall) -> Attempt:
        """Return the attempt."""
        return line.attempt

    def matches(self, line: ShownCall, text: str) -> bool:
        """Return True: only the watcher knows whom each call reaches, and it does the search."""
        return True

    def drawn(
        self, lines: Sequence[ShownCall], cursor: Attempt | None, now: float
    ) -> RenderableType:
        """Draw a line for each."""
        many = len({line.attempt.campaign_id for line in self.lines}) > 1
        chosen = drawing.chosen_style(self.has_focus)
        return drawing.calls(lines, now, cursor, many=many, chosen=chosen)
