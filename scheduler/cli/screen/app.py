"""The screen of `callsched watch`."""

from __future__ import annotations

import asyncio
import signal
import time
from functools import partial
from typing import ClassVar, Literal

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Footer, Static

from scheduler.cli.screen import control, drawing
from scheduler.cli.screen.control import Proposal
from scheduler.cli.screen.lists import Calls, Campaigns
from scheduler.cli.screen.question import Help, Question
from scheduler.cli.screen.rows import Rows
from scheduler.cli.screen.sized import Sized
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.live.picture import Picture
from scheduler.live.watcher import Focus, Watcher
from scheduler.live.watcher_thread import Trouble, WatcherThread
from scheduler.report.transcripts import one_line

_MOST_ALARMS = 3
#: Columns and lines from which on more is shown.
_WIDE, _LOW, _TALL = 130, 20, 36
_INTERRUPTED = 130


class Seen(Message):
    """The ledger was looked at."""

    def __init__(self, what: Picture | Trouble) -> None:
        super().__init__()
        self.what = what


class WatchApp(App[int]):
    """Shows what a watcher sees; the ledger is read in its thread alone."""

    CSS_PATH = "screen.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave", "quit"),
        Binding("ctrl+c", "leave(True)", "quit", show=False, priority=True),
        Binding("enter", "filter", "this campaign alone"),
        Binding("p", "pause", "pause"),
        Binding("r", "resume", "resume"),
        Binding("s", "stop", "stop call"),
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
        yield Static(id="top")
        yield Static(id="alarms")
        with Horizontal(id="body"):
            with Vertical(id="lists"):
                yield Campaigns(id="campaigns")
                yield Static(id="detail")
                yield Calls(id="calls")
            with Vertical(id="account"):
                yield Sized(id="slots")
                yield Sized(id="happenings")
                yield Static(id="workers")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to look."""
        # A connection that breaks off must not leave a private Redis behind, nor a kill a terminal
        # that is of no use.
        for kind in (signal.SIGTERM, signal.SIGHUP):
            leave = partial(self.exit, 128 + kind)
            asyncio.get_running_loop().add_signal_handler(kind, leave)
        self.theme = "ansi-dark"
        self._titles(Picture(0.0))
        self._campaigns.focus()
        self._watching.start()

    def on_unmount(self) -> None:
        """Look no more."""
        self._watching.stop()

    # What is seen -------------------------------------------------------------------------------

    @on(Seen)
    def _seen(self, message: Seen) -> None:
        if not self.is_running:
            return  # the screen is being taken down panel by panel, and this was on its way
        if isinstance(message.what, Trouble):
            self._say("#alarms", _nothing_new(message.what, self._picture))
            return
        self._picture = picture = message.what
        self._campaigns.show(picture.campaigns, picture.at)
        self._calls.show(picture.calls, picture.at)
        self._say("#alarms", drawing.alarms(picture.alarms, _MOST_ALARMS))
        self._say("#top", _top(picture))
        self._draw_account(picture)
        self._draw_detail()
        self._wish()

    def _say(self, where: str, text: Text) -> None:
        panel = self.query_one(where, Static)
        panel.display = bool(text.plain)
        panel.update(text)

    def _draw_account(self, picture: Picture) -> None:
        slots, listed = self.query_one("#slots", Sized), self.query_one("#happenings", Sized)
        slots.show(partial(drawing.slots, picture))
        slots.border_title = Content(drawing.slots_title(picture))
        listed.show(lambda _, height: drawing.happenings(picture.happenings, picture.at, height))
        self.query_one("#workers", Static).update(drawing.workers(picture.workers, picture.at))
        self._titles(picture)

    def _draw_detail(self) -> None:
        chosen = self._campaigns.cursor
        text = drawing.in_detail(chosen) if chosen is not None else Text("")
        self.query_one("#detail", Static).update(text)

    def _titles(self, picture: Picture) -> None:
        only = f" of {one_line(self._only)}" if self._only else ""
        hidden = f", {picture.others:,} others are not shown" if picture.others else ""
        self._campaigns.border_title = f"campaigns{hidden}"
        self._calls.border_title = Content(f"live calls{only}: {len(picture.calls):,}")
        self.query_one("#happenings", Sized).border_title = "last events"
        self.query_one("#workers", Static).border_title = drawing.workers_title(picture.workers)

    def _wish(self) -> None:
        """Tell the watcher what is on the screen, with the page that follows."""
        chosen, calls = self._campaigns.cursor, self._calls
        self._watching.wish = Focus(
            campaign_id="" if chosen is None else chosen.view.campaign_id,
            only=self._only,
            first_call=calls.top,
            calls=2 * calls.room,
        )

    @on(Rows.Moved)
    def _moved(self) -> None:
        self._draw_detail()
        self._wish()

    @property
    def _campaigns(self) -> Campaigns:
        return self.query_one("#campaigns", Campaigns)

    @property
    def _calls(self) -> Calls:
        return self.query_one("#calls", Calls)

    # What keys do -------------------------------------------------------------------------------

    def action_leave(self, interrupted: bool = False) -> None:
        """Leave; nothing that runs is changed by it."""
        self.exit(_INTERRUPTED if interrupted else 0)

    def action_filter(self) -> None:
        """Show the calls of the chosen campaign alone, or all again."""
        chosen = self._campaigns.cursor
        wanted = "" if chosen is None else chosen.view.campaign_id
        self._only = "" if self._only == wanted else wanted
        self._wish()

    def action_help(self) -> None:
        """Say what the keys do."""
        self.push_screen(Help())

    def action_pause(self) -> None:
        """Pause the chosen campaign, once the question is answered."""
        if (chosen := self._campaigns.cursor) is not None:
            self._ask(control.pause(chosen))

    def action_resume(self) -> None:
        """Have the chosen campaign go on, once the question is answered."""
        if (chosen := self._campaigns.cursor) is not None:
            self._ask(control.resume(chosen))

    def action_stop(self) -> None:
        """Stop the chosen live call, once the question is answered."""
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


def _top(picture: Picture) -> Text:
    at = time.strftime("%H:%M:%S", time.localtime(picture.at))
    text = Text.assemble(("callsched watch", "bold"), f"  {at}", no_wrap=True, overflow="ellipsis")
    if picture.account is not None:
        text.append(f"  account {one_line(picture.account.account)}")
    if picture.backlog is not None:
        waits = picture.backlog
        oldest = f", the oldest {waits.oldest_due_seconds:,.0f} s" if waits.due else ""
        words = f"  {waits.due:,} due{oldest}; {waits.collects:,} to read"
        text.append(words, style="dim")
    return text


def _nothing_new(trouble: Trouble, last: Picture | None) -> Text:
    since = f"as of {time.strftime('%H:%M:%S', time.localtime(last.at))}; " if last else ""
    return Text(since + one_line(trouble.text), style="bold red")
