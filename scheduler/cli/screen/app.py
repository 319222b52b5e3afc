"""The screen of `callsched watch`."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from typing import Any, ClassVar, Literal

from rich.console import RenderableType
from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Footer, Static

from scheduler.cli.screen import control, drawing, events
from scheduler.cli.screen.control import Proposal
from scheduler.cli.screen.details import Details
from scheduler.cli.screen.lists import Calls, Campaigns
from scheduler.cli.screen.question import Help, Question
from scheduler.cli.screen.rows import Rows
from scheduler.cli.screen.search_box import SearchBox
from scheduler.cli.screen.sized import Sized
from scheduler.cli.screen.slots import slots, slots_title
from scheduler.fields.visible import one_line
from scheduler.hours import reader
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.live.picture import Picture
from scheduler.live.watcher import Focus, Watcher
from scheduler.live.watcher_thread import Trouble, WatcherThread

_MOST_ALARMS = 3
_OF_ACCOUNT = ("top", "slots", "happenings", "workers")
#: From how many columns and lines on the screen shows more.
_WIDE, _LOW, _TALL = 130, 20, 36
_INTERRUPTED = 130
#: From how many columns on the top line says what this is.
_TITLED = 100
#: Up to this height, the panel of ends is one sentence.
_BRIEF = 2


class Seen(Message):
    """The watcher has read the ledger."""

    def __init__(self, what: Picture | Trouble) -> None:
        super().__init__()
        self.what = what


class WatchApp(App[int]):
    """Shows what a watcher has read; only the watcher's thread reads the ledger."""

    CSS_PATH = "screen.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave", "quit"),
        Binding("ctrl+c", "leave(True)", "quit", show=False, priority=True),
        Binding("slash", "search", "find", key_display="/"),
        Binding("escape", "all", "all", show=False),
        Binding("p", "pause", "pause"),
        Binding("r", "resume", "resume"),
        Binding("s", "stop", "stop"),
        Binding("question_mark", "help", "help", key_display="?"),
    ]

    def __init__(
        self,
        ledger: Ledger,
        watcher: Watcher,
        embedded: EmbeddedRedis | None,
        refresh_seconds: float,
    ) -> None:
        # The terminal's own colours, on its own background: light or dark, as its owner has it, and
        # none with NO_COLOR, which is looked at here.
        super().__init__(ansi_color=True)
        # Two columns of panels where there is room for them; the names are those of screen.tcss.
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-tiny"), (_LOW, "-low"), (_TALL, "-tall")]
        self._ledger = ledger
        self._watching = WatcherThread(
            watcher, embedded, refresh_seconds, lambda seen: self.post_message(Seen(seen))
        )
        self._picture: Picture | None = None
        self._only = ""

    def compose(self) -> ComposeResult:
        """Lay the panels out; screen.tcss says where they go."""
        yield Sized(id="top")
        yield Static(id="alarms")
        with Horizontal(id="body"):
            with Vertical(id="lists"):
                yield Campaigns(id="campaigns")
                yield Sized(id="ends")
                yield Calls(id="calls")
            with Vertical(id="account"):
                yield Sized(id="slots")
                yield Sized(id="happenings")
                yield Sized(id="workers")
        yield SearchBox(id="search")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to look."""
        # A broken connection must not leave a private Redis behind, and a kill must not leave the
        # terminal unusable.
        for kind in (signal.SIGTERM, signal.SIGHUP):
            leave = partial(self.exit, 128 + kind)
            asyncio.get_running_loop().add_signal_handler(kind, leave)
        self.theme = "ansi-dark"
        self._titles(Picture(0.0))
        self._campaigns.focus()
        self._watching.start()

    def on_unmount(self) -> None:
        """Stop looking."""
        self._watching.stop()

    # What is seen -------------------------------------------------------------------------------

    @on(Seen)
    def _seen(self, message: Seen) -> None:
        if not self.is_running:
            return  # the app is closing: its panels are already gone
        if isinstance(message.what, Trouble):
            self._say("#alarms", _nothing_new(message.what, self._picture))
            return
        self._picture = picture = message.what
        self._campaigns.show(picture.campaigns, picture.at)
        self._calls.show(picture.calls, picture.at)
        self._say("#alarms", drawing.alarms(picture.alarms, _MOST_ALARMS))
        self._draw_account(picture)
        self._draw_ends()
        self._set_focus()

    def _say(self, where: str, text: Text) -> None:
        panel = self.query_one(where, Static)
        panel.display = bool(text.plain)
        panel.update(text)

    def _draw_account(self, picture: Picture) -> None:
        panels = {name: self.query_one(f"#{name}", Sized) for name in _OF_ACCOUNT}
        panels["top"].show(lambda width, _: _top(picture, width))
        panels["slots"].show(partial(slots, picture))
        panels["slots"].border_title = Content(slots_title(picture))
        panels["happenings"].show(
            lambda width, height: events.happenings(
                picture.happenings, picture.at, height, people=picture.people, width=width
            )
        )
        panels["workers"].show(
            lambda width, _: drawing.workers(picture, width),
            lines=1 + max(1, len(picture.workers)),
        )
        self._titles(picture)

    def _draw_ends(self) -> None:
        chosen, picture = self._campaigns.cursor, self._picture
        panel = self.query_one("#ends", Sized)
        panel.border_title = Content(events.ends_title(chosen))
        if chosen is None or picture is None:
            panel.show(lambda width, height: Text(""))
            return

        def drawn(width: int, height: int) -> RenderableType:
            if height <= _BRIEF:
                return drawing.in_detail(chosen)
            return events.ends(chosen, picture.happenings, picture.at, width)

        panel.show(drawn, lines=max(_BRIEF + 1, len(chosen.view.dispositions) + 1))

    def _titles(self, picture: Picture) -> None:
        only = f" of {one_line(self._only)}" if self._only else ""
        hidden = f", {picture.others:,} others are not shown" if picture.others else ""
        self._campaigns.border_title = Content(f"campaigns{_with(self._campaigns)}{hidden}")
        live = f"live calls{only}{_with(self._calls)}: {len(picture.calls):,}"
        self._calls.border_title = Content(live)
        self.query_one("#happenings", Sized).border_title = "last events"
        self.query_one("#workers", Sized).border_title = drawing.workers_title(picture.workers)

    def _set_focus(self) -> None:
        """Tell the watcher what is on the screen and on the page after it."""
        chosen, calls = self._campaigns.cursor, self._calls
        self._watching.focus = Focus(
            campaign_id="" if chosen is None else chosen.view.campaign_id,
            only=self._only,
            first_call=calls.top,
            calls=2 * calls.room,
            search=calls.search_text,
            happenings=self.query_one("#happenings", Sized).size.height,
        )

    @on(Rows.Moved)
    def _moved(self) -> None:
        self._draw_ends()
        self._set_focus()

    @property
    def _campaigns(self) -> Campaigns:
        return self.query_one("#campaigns", Campaigns)

    @property
    def _calls(self) -> Calls:
        return self.query_one("#calls", Calls)

    # What keys do -------------------------------------------------------------------------------

    def action_leave(self, interrupted: bool = False) -> None:
        """Quit; everything that runs goes on."""
        self.exit(_INTERRUPTED if interrupted else 0)

    def action_filter(self) -> None:
        """Show only the calls of the chosen campaign, or all again."""
        chosen = self._campaigns.cursor
        wanted = "" if chosen is None else chosen.view.campaign_id
        self._only = "" if self._only == wanted else wanted
        self._set_focus()

    def action_details(self) -> None:
        """Show the chosen live call in full."""
        if (call := self._calls.cursor) is not None:
            self.push_screen(Details(self._ledger, call.attempt))

    def action_search(self) -> None:
        """Open the search box for the list that has the focus."""
        self.query_one(SearchBox).ask(self._calls if self._calls.has_focus else self._campaigns)

    def action_all(self) -> None:
        """List everything again."""
        self._only = ""
        for each in (self._campaigns, self._calls):
            each.search("")
        self._on_search()

    @on(SearchBox.Searched)
    def _on_search(self) -> None:
        self._titles(self._picture or Picture(0.0))
        self._draw_ends()
        self._set_focus()

    def action_help(self) -> None:
        """Say what the keys do."""
        self.push_screen(Help())

    def action_pause(self) -> None:
        """Pause the chosen campaign, after a yes to the question."""
        if (chosen := self._campaigns.cursor) is not None:
            self._ask(control.pause(chosen))

    def action_resume(self) -> None:
        """Resume the chosen campaign, after a yes to the question."""
        if (chosen := self._campaigns.cursor) is not None:
            self._ask(control.resume(chosen))

    def action_stop(self) -> None:
        """Stop the chosen live call, after a yes to the question."""
        call, picture = self._calls.cursor, self._picture
        if call is None or picture is None or picture.account is None:
            self._tell("no call is live", True)
            return
        self._ask(control.stop(call, picture.account.account))

    def _ask(self, order: Proposal | str) -> None:
        if isinstance(order, str):
            self._tell(order, True)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(partial(self._give, order), thread=True, group="orders")

        self.push_screen(Question(order.question), answered)

    def _give(self, order: Proposal) -> None:
        text, went_well = control.given(order, self._ledger)
        self.call_from_thread(self._tell, text, went_well)

    def _tell(self, text: str, went_well: bool) -> None:
        how: Literal["information", "error"] = "information" if went_well else "error"
        self.notify(one_line(text), severity=how, timeout=8, markup=False)


def _with(listed: Rows[Any, Any]) -> str:
    return f" with {one_line(listed.search_text)!r}" if listed.search_text else ""


def _top(picture: Picture, width: int) -> Text:
    at = reader.written(picture.at, "%H:%M:%S %Z")
    text = Text(no_wrap=True, overflow="ellipsis")
    if width >= _TITLED:
        text.append("callsched watch  ", "bold")
    text.append(at)
    if picture.account is not None:
        text.append(f"  account {one_line(picture.account.account)}")
    return text.append(f"  {drawing.waiting(picture)}")


def _nothing_new(trouble: Trouble, last: Picture | None) -> Text:
    since = f"as of {reader.written(last.at, '%H:%M:%S')}; " if last else ""
    return Text(since + one_line(trouble.text), style="bold red")
