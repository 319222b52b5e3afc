"""How calls go: from the queue to the phone, and to their end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial

from scheduler.sandbox import exchange
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.twilio.calls import By, Call, Notification, Status
from scheduler.sandbox.twilio.clock import Clock
from scheduler.sandbox.twilio.errors import text_of
from scheduler.sandbox.twilio.knobs import Board
from scheduler.sandbox.twilio.magic import FinalStatus, Who

_LIMIT, _MOST_LASTED = 10004, 32015
_A_MOMENT_SECONDS = 0.001
_COUNTED: dict[str, tuple[Status, ...]] = {
    "open": ("queued", "ringing", "in-progress"),
    "dialed": ("ringing", "in-progress"),
    "answered": ("in-progress",),
}


class Exchange(exchange.Exchange[Call]):
    """Dials calls at the pace of the account, lets far ends answer or not, and ends calls."""

    _board: Board

    def __init__(self, board: Board, journal: Journal, clock: Clock) -> None:
        self._queue: deque[Call] = deque()
        self._last_dial_at = 0.0
        self._pump: asyncio.TimerHandle | None = None
        super().__init__(board)
        self._journal = journal
        self._clock = clock
        self._when_changed: list[Callable[[Call, str], None]] = []
        self._when_answered: list[Callable[[Call], None]] = []
        self._when_ended: list[Callable[[Call], None]] = []

    def reset(self) -> None:
        """Forget every call, and the queue."""
        super().reset()
        self._queue.clear()
        self._last_dial_at = 0.0
        if self._pump:
            self._pump.cancel()
        self._pump = None

    def when_changed(self, watcher: Callable[[Call, str], None]) -> None:
        """Call this with each status that a call reaches; "initiated" when it is dialled."""
        self._when_changed.append(watcher)

    def when_answered(self, watcher: Callable[[Call], None]) -> None:
        """Call this after each answer of a far end."""
        self._when_answered.append(watcher)

    def when_ended(self, watcher: Callable[[Call], None]) -> None:
        """Call this after each end of a call, once it is in the journal."""
        self._when_ended.append(watcher)

    @property
    def is_full(self) -> bool:
        """Whether one more call is over the hidden limit."""
        knobs = self._board.knobs
        counted = _COUNTED[knobs.limit_counts]
        held = sum(1 for call in self._live.values() if call.status in counted)
        return held >= int(knobs.limit)

    def queue(self, call: Call) -> None:
        """Take a call; `dial_next` dials it when it is its turn."""
        knobs = self._board.knobs
        call.note_look(call.created_at)
        self.enter(call)
        self._after(call, "queue", knobs.queue_most_seconds, self._give_up)
        if call.outcome.stays_queued:
            seconds = call.outcome.cancelled_after_seconds
            if seconds is not None:
                self._after(call, "queue", seconds, self._give_up)
            return
        self._queue.append(call)
        call.queue_milliseconds = self._estimated_milliseconds()

    def place(self, call: Call, status: Status) -> None:
        """Take a call that never was in the queue: a foreign one, or a child."""
        call.note_look(call.created_at)
        self.enter(call)
        if status == "queued":
            return
        if not call.is_foreign:
            self._journal.record("dialed", **call.ids())
        self._ring(call)
        if status == "in-progress":
            self.answer(call)

    def answer(self, call: Call) -> None:
        """Let the far end answer now. A call that does not ring stays as it is."""
        if call.status != "ringing":
            return
        knobs = self._board.knobs
        call.answered_at = self._clock.now()
        call.answered_by = call.outcome.answered_by or self._drawn_who()
        call.timers.cancel("ring")
        self._change(call, "in-progress")
        self._arm_hangup(call)
        if knobs.time_limit_from == "answer":
            self.limit(call)
        for watcher in self._when_answered:
            watcher(call)

    def limit(self, call: Call) -> None:
        """Have the call end when its longest time is over, as that stands now."""
        knobs = self._board.knobs
        since = call.answered_at if knobs.time_limit_from == "answer" else call.started_at
        if since is None:
            return
        most = knobs.account_time_limit_seconds
        asked = call.time_limit_seconds
        seconds = most if asked is None else min(asked, most)
        left = since + seconds - self._clock.now()
        self._after(call, "time_limit", left, self._run_out)

    def hang_up(self, call: Call, by: By = "hangup") -> None:
        """Let a call that was answered be over."""
        self.end(call, "completed", by, call.outcome.notification)

    def end(self, call: Call, status: FinalStatus, by: By, code: int | None = None) -> None:
        """End a call, and free its slot. One that has ended stays as it is."""
        if not self.leave(call):
            return
        if call.status == "queued" and call in self._queue:
            self._queue.remove(call)
        call.ended_at, call.ended_by = self._clock.now(), by
        if code is not None:
            self.notify(call, code)
        self._change(call, status)
        self._journal.record(
            "ended",
            by=by,
            call_status=status,
            length_seconds=self._clock.real(call.ended_at - call.created_at),
            duration=call.duration_seconds,
            code=code,
            **call.ids(),
            **self.load(),
        )
        for watcher in self._when_ended:
            watcher(call)

    def notify(self, call: Call, code: int, text: str = "", *, is_warning: bool = False) -> None:
        """Leave an error or a warning about a call."""
        text = text or text_of(code)
        call.notifications.append(Notification(self._clock.now(), code, text, is_warning))

    def _estimated_milliseconds(self) -> int:
        pace = self._board.knobs.calls_per_second
        others_seconds = (len(self._queue) - 1) / pace if pace else 0.0
        return round(1000 * (self._until_turn() + others_seconds))

    def _until_turn(self) -> float:
        """How long until the next call may be dialled."""
        pace = self._board.knobs.calls_per_second
        if not pace:
            return 0.0
        return max(0.0, self._last_dial_at + 1 / pace - self._clock.now())

    def dial_next(self) -> None:
        """Dial whoever's turn it is by now, and come again for the next one."""
        if self._pump:
            self._pump.cancel()
        self._pump = None
        while self._queue and not self._until_turn():
            call = self._queue.popleft()
            self._last_dial_at = self._clock.now()
            self._dial(call)
        if self._queue:
            seconds = self._clock.real(self._until_turn()) + _A_MOMENT_SECONDS
            self._pump = asyncio.get_running_loop().call_later(seconds, self.dial_next)

    def _dial(self, call: Call) -> None:
        call.timers.cancel("queue")
        if call.outcome.notification == _LIMIT or self._fails_for_limit():
            self.end(call, "failed", "api", _LIMIT)
            return
        call.started_at = self._clock.now()
        call.note_look(call.started_at)
        self._journal.record("dialed", **call.ids())
        for watcher in self._when_changed:
            watcher(call, "initiated")
        self._after(call, "ring", self._board.knobs.dialing_seconds, self._ring)

    def _fails_for_limit(self) -> bool:
        knobs = self._board.knobs
        dialed = sum(1 for call in self._live.values() if call.started_at is not None)
        return knobs.limit_answer == "failed" and dialed >= knobs.limit

    def _ring(self, call: Call) -> None:
        knobs = self._board.knobs
        call.started_at = call.started_at or self._clock.now()
        self._change(call, "ringing")
        if knobs.time_limit_from == "dial":
            self.limit(call)
        status = call.outcome.ends_as or self._drawn_status()
        seconds = self.lots.uniform(*knobs.ring_seconds)
        most = call.ring_most_seconds + knobs.ring_slack_seconds
        is_ignored = status == "no-answer" and not call.outcome.is_rejected
        if is_ignored or seconds >= most:
            self._after(call, "ring", most, partial(self._ring_out, "no-answer", "timeout"))
        elif status:
            self._after(call, "ring", seconds, partial(self._ring_out, status, "hangup"))
        else:
            self._after(call, "ring", seconds, self.answer)

    def _ring_out(self, status: FinalStatus, by: By, call: Call) -> None:
        self.end(call, status, by, call.outcome.notification)

    def _run_out(self, call: Call) -> None:
        status: FinalStatus = "no-answer" if call.answered_at is None else "completed"
        self.end(call, status, "time_limit", _MOST_LASTED)

    def _give_up(self, call: Call) -> None:
        self.end(call, "canceled", "api")

    def _arm_hangup(self, call: Call) -> None:
        seconds = call.outcome.hangup_after_seconds
        seconds = self.drawn_hangup() if seconds is None else seconds
        if seconds is not None:
            self._after(call, "hangup", seconds, self.hang_up)

    def _drawn_status(self) -> FinalStatus | None:
        knobs, lot = self._board.knobs, self.lots.random()
        shares: tuple[tuple[FinalStatus, float], ...] = (
            ("busy", knobs.busy_share),
            ("no-answer", knobs.no_answer_share),
            ("failed", knobs.failed_share),
        )
        for status, share in shares:
            if lot < share:
                return status
            lot -= share
        return None

    def _drawn_who(self) -> Who:
        return "machine" if self.lots.random() < self._board.knobs.machine_share else "human"

    def _change(self, call: Call, status: Status) -> None:
        call.status = status
        at = self._clock.now()
        call.note_look(at)
        self._journal.record("status", call_status=status, api_time=at, **call.ids())
        for watcher in self._when_changed:
            watcher(call, status)

    def _after(self, call: Call, name: str, seconds: float, act: Callable[[Call], None]) -> None:
        real_seconds = max(0.0, self._clock.real(seconds))
        call.timers.set(name, real_seconds, partial(act, call))
