"""What a call does next after keys were pressed: first recorded, then sent to the provider."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass

from scheduler import logs
from scheduler.calls.frozen import Frozen
from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble
from scheduler.fields.script_steps import NextSteps, next_steps
from scheduler.fields.scripts import targets
from scheduler.ledger import callbacks, do_not_call
from scheduler.ledger.callbacks import Pressed
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt
from scheduler.providers import Callback, CallbackPlace, CallsBack, Heard, Reply
from scheduler.script import Hangup, Script

logger = logging.getLogger(__name__)

#: How many keys wait for a ledger that is away, and for how long we try to record them.
MOST_KEPT, KEEP_SECONDS = 10_000, 900.0
TRY_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """Keys that are not on record yet."""

    callback: Callback
    heard: Heard
    since: float


class Keys:
    """Answers the keys of one account's calls. Safe to use from many threads.

    The same asking of a step gets the same answer, however often the provider repeats it and with
    whatever keys: the first keys on record count, and all else was frozen when the call began.
    """

    def __init__(
        self,
        ledger: Ledger,
        provider: CallsBack,
        account: str,
        public_url: str,
        frozen: Frozen,
    ) -> None:
        self._ledger = ledger
        self._provider = provider
        self._account = account
        self._public_url = public_url
        self._frozen = frozen
        self._kept: deque[_Kept] = deque(maxlen=MOST_KEPT)
        self._lock = threading.Lock()
        self._is_telling = False

    def take(self, callback: Callback, heard: Heard) -> Reply:
        """Record keys, and return what the call does next.

        Raises LedgerTrouble if that fails; then they are recorded later. Raises ValueError,
        LookupError or ScriptError if the next step can't be made.
        """
        try:
            pressed, following = self._record(callback, heard)
        except LedgerTrouble:
            self.keep(callback, heard)
            raise
        left = _left(pressed)
        if left <= 0 or self._is_barred(following.script):
            return self.hang_up(callback.attempt)
        return self._provider.reply(
            following.script,
            self._place(callback.attempt),
            max_duration_seconds=left,
            caller_id=pressed.caller_id,
        )

    def hang_up(self, attempt: Attempt) -> Reply:
        """Return what ends a call."""
        return self._provider.reply((Hangup(),), self._place(attempt), max_duration_seconds=1.0)

    def _place(self, attempt: Attempt) -> CallbackPlace:
        return CallbackPlace(self._public_url, self._account, attempt)

    def _record(self, callback: Callback, heard: Heard) -> tuple[Pressed, NextSteps]:
        """Record keys; a callee who asks never to be called again is on the list after it."""
        ledger, attempt = self._ledger, callback.attempt
        step, asked = callback.step, callback.asked
        call = self._frozen.call(attempt, heard.connection_id)
        next_steps(call.script, step, asked, "")  # keys of a step that does not exist are not kept
        pressed = callbacks.pressed(ledger, attempt, step, asked, heard.pressed)
        following = next_steps(call.script, step, asked, pressed.keys)
        if following.answer is not None:
            bars = call.contact.address if following.bars else ""
            callbacks.answer(ledger, attempt, step, following.answer, bars=bars)
        return pressed, following

    def _is_barred(self, script: Script) -> bool:
        """Whether the party that the call would reach next is now on the do-not-call list."""
        return any(do_not_call.barred(self._ledger, target) for target in targets(script))

    # A ledger that is away -----------------------------------------------------------------------

    def keep(self, callback: Callback, heard: Heard) -> None:
        """Record keys once the ledger takes them, because no provider sends them again."""
        if not heard.pressed:
            return
        kept = _Kept(callback, heard, since_boot())
        with self._lock:
            self._kept.append(kept)
            if self._is_telling:
                return
            self._is_telling = True
        threading.Thread(target=self._tell, name="keys", daemon=True).start()

    def _tell(self) -> None:
        logs.be_about(self._account)
        pause = threading.Event()
        while not pause.wait(TRY_AGAIN_SECONDS):
            with self._lock:
                if not self._kept:
                    self._is_telling = False
                    return
                first = self._kept[0]
            if self._is_settled(first):
                with self._lock:
                    if self._kept and self._kept[0] is first:  # else it was dropped to make room
                        self._kept.popleft()

    def _is_settled(self, kept: _Kept) -> bool:
        """Whether nothing is left to do about keys."""
        try:
            self._record(kept.callback, kept.heard)
        except LedgerTrouble as error:
            if since_boot() - kept.since < KEEP_SECONDS:
                return False
            logger.error(
                "%s: the keys that were pressed are lost: %s", kept.callback.attempt, error
            )
        except Exception:
            logger.exception(
                "%s: the keys that were pressed can't be recorded", kept.callback.attempt
            )
        return True


def _left(pressed: Pressed) -> float:
    """Return how long a call may last from its keys on, whatever the time is now."""
    if pressed.answered_at is None:
        return pressed.max_duration_seconds
    return pressed.max_duration_seconds - max(0.0, pressed.at - pressed.answered_at)
