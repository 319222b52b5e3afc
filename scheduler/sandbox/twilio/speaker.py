"""What is spoken on a call that was answered: its TwiML, verb by verb, in the API's time.

Nothing is synthesised, fetched or recorded; a verb takes the time that it would. After the last
one the call ends, as https://www.twilio.com/docs/voice/twiml says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from scheduler.sandbox.journal import Journal
from scheduler.sandbox.twilio import parties, twiml
from scheduler.sandbox.twilio.calls import Call
from scheduler.sandbox.twilio.clock import Clock
from scheduler.sandbox.twilio.exchange import Exchange
from scheduler.sandbox.twilio.form import Form
from scheduler.sandbox.twilio.knobs import Board
from scheduler.sandbox.twilio.magic import FinalStatus, Magic
from scheduler.sandbox.twilio.sender import Reply, Sender
from scheduler.sandbox.twilio.twiml import Verb
from scheduler.sandbox.twilio.wishes import known, wished_of
from scheduler.sandbox.twilio.words import Words

_NO_DOCUMENT, _UNKNOWN_VERB, _NO_NUMBER, _NOT_FETCHED = 12100, 12200, 13223, 11200
_FOREVER_SECONDS = 86400.0
_KEY_SECONDS = 0.5
_NOUNS = ("Number", "Sip", "Client")


class Speaker:
    """Walks the verbs of each call."""

    def __init__(
        self,
        board: Board,
        exchange: Exchange,
        journal: Journal,
        clock: Clock,
        magic: Magic,
        *,
        sender: Sender,
        words: Words,
    ) -> None:
        self._board = board
        self._exchange = exchange
        self._journal = journal
        self._clock = clock
        self._magic = magic
        self._sender = sender
        self._words = words
        self._left: dict[str, deque[Verb]] = {}
        self._special: dict[str, Callable[[Call, Verb], None]] = {
            "Dial": self._dial,
            "Gather": self._gather,
            "Start": self._start,
            "Hangup": self._hang_up,
            "Reject": self._hang_up,
            "Redirect": self._redirect,
        }
        exchange.when_answered(self._answered)
        exchange.when_ended(self._ended)

    def clear(self) -> None:
        """Forget what was still to be said."""
        self._left.clear()

    def speak(self, call: Call, document: str) -> None:
        """Speak a document from now on, in place of what is spoken by now."""
        call.timers.cancel("verb")
        self._end_children(call)
        try:
            self._left[call.sid] = deque(twiml.read(document))
        except twiml.NoTwiml as wrong:
            self._exchange.notify(call, _NO_DOCUMENT, str(wrong))
            self._exchange.end(call, "completed", "twiml")
            return
        self._go_on(call)

    def document(self, form: Form) -> str:
        """The TwiML that a form brings along, or the one behind every URL."""
        is_inline = form.has("Twiml") and not form.has("Url")
        return form.get("Twiml") if is_inline else self._board.knobs.url_twiml

    def _answered(self, call: Call) -> None:
        if call.parent:
            others = [child for child in call.parent.children if child is not call]
            for other in others:
                self._exchange.end(other, "canceled", "api")
        elif call.form.has("Twiml", "Url", "ApplicationSid"):
            self.speak(call, self.document(call.form))

    def _ended(self, call: Call) -> None:
        self._left.pop(call.sid, None)
        if not self._board.knobs.children_outlive_parents:
            self._end_children(call)
        parent = call.parent
        if parent is None or parent.is_over or call not in parent.children:
            return
        if all(child.is_over for child in parent.children):
            self._go_on(parent)

    def _end_children(self, call: Call) -> None:
        children, call.children = call.children, []
        for child in children:
            status: FinalStatus = "completed" if child.status == "in-progress" else "canceled"
            self._exchange.end(child, status, "parent")

    def _go_on(self, call: Call) -> None:
        """Speak the next verb; end the call after the last one."""
        left = self._left.get(call.sid)
        if left is None:
            return
        if not left:
            self._exchange.end(call, "completed", "twiml")
            return
        verb = left.popleft()
        self._journal.record("verb", verb=verb.name, text=verb.text, **call.ids())
        if verb.name not in twiml.VERBS:
            self._exchange.notify(call, _UNKNOWN_VERB, f"{verb.name}: no verb", is_warning=True)
        special = self._special.get(verb.name)
        if special:
            special(call, verb)
        else:
            if verb.name == "Say":
                self._words.said(call, "outbound_track", verb.text)
            self._wait(call, self._seconds(verb), partial(self._go_on, call))

    def _seconds(self, verb: Verb) -> float:
        knobs = self._board.knobs
        if verb.name == "Say":
            return _looped(verb, len(verb.text) / knobs.say_letters_per_second)
        if verb.name == "Play":
            keys = len(verb.attributes.get("digits", ""))
            return keys * _KEY_SECONDS if keys else _looped(verb, knobs.play_seconds)
        if verb.name == "Pause":
            return verb.number("length", 1.0)
        if verb.name == "Record":
            return min(verb.number("maxLength", 3600.0), knobs.record_seconds)
        return 0.0

    def _start(self, call: Call, verb: Verb) -> None:
        for noun in verb.inside:
            if noun.name == "Transcription":
                self._words.begin(call, noun)
        self._wait(call, 0.0, partial(self._go_on, call))

    # Keys ---------------------------------------------------------------------------------------

    def _gather(self, call: Call, verb: Verb) -> None:
        for noun in verb.inside:
            if noun.name == "Say":
                self._words.said(call, "outbound_track", noun.text)
        keys, finished_on = self._keys_of(call, verb)
        asked = sum(map(self._seconds, verb.inside))
        waits = self._board.knobs.key_seconds if keys else verb.number("timeout", 5.0)
        self._wait(call, asked + waits, partial(self._pressed, call, verb, keys, finished_on))

    def _keys_of(self, call: Call, verb: Verb) -> tuple[str, str]:
        """What the callee presses now, up to so many keys or the one that ends them, and that."""
        if call.answered_by in ("machine", "fax"):
            return "", ""
        scripted = call.outcome.keys
        lots = self._board.knobs.keys.split(",")
        keys = (
            scripted[min(call.askings, len(scripted) - 1)]
            if scripted is not None
            else self._exchange.lots.choice(lots)
        )
        call.askings += 1
        most = int(verb.number("numDigits", 32.0))
        finish = verb.attributes.get("finishOnKey", "#")
        before, ended, _ = keys.partition(finish) if finish else (keys, "", "")
        return (before, ended) if len(before) < most else (before[:most], "")

    def _pressed(self, call: Call, verb: Verb, keys: str, finished_on: str) -> None:
        self._journal.record("pressed", keys=keys, **call.ids())
        action = wished_of(verb, "action", "method")
        if action is None or not (keys or verb.attributes.get("actionOnEmptyResult") == "true"):
            self._go_on(call)
            return
        fields = [*known(call), ("CallStatus", call.status), ("Digits", keys)]
        fields += [("msg", "Gather End"), ("FinishedOnKey", finished_on)]
        follow = partial(self._follow, call, self._left.get(call.sid))
        self._sender.ask("steps", action, fields, follow)

    def _follow(self, call: Call, left: deque[Verb] | None, reply: Reply) -> None:
        """Go on with what an address has answered, unless something else is spoken by now."""
        if call.is_over or self._left.get(call.sid) is not left:
            return
        if reply.status != 200:
            self._exchange.notify(call, _NOT_FETCHED, f"got {reply.status or 'no answer'}")
            self._exchange.end(call, "completed", "twiml")
            return
        self.speak(call, reply.text)

    def _hang_up(self, call: Call, _: Verb) -> None:
        self._exchange.end(call, "completed", "twiml")

    def _redirect(self, call: Call, _: Verb) -> None:
        # A document that leads to itself must not do so at once.
        again = partial(self.speak, call, self._board.knobs.url_twiml)
        self._wait(call, 0.1, again)

    def _dial(self, call: Call, verb: Verb) -> None:
        nouns = [noun for noun in verb.inside if noun.name in _NOUNS]
        targets = [_target(noun) for noun in nouns] or [verb.text]
        call.children = [child for t in targets if (child := self._child(call, verb, t))]
        for child in list(call.children):
            self._exchange.place(child, "ringing")
        if not call.children:
            self._wait(call, 0.0, partial(self._go_on, call))

    def _child(self, call: Call, verb: Verb, target: str) -> Call | None:
        to = parties.callee(target)
        if to is None:
            self._exchange.notify(call, _NO_NUMBER, f"{target}: no number")
            return None
        return Call(
            account_sid=call.account_sid,
            to=to,
            caller=verb.attributes.get("callerId") or call.caller,
            form=Form(),
            created_at=self._clock.now(),
            outcome=self._magic.outcome(to),
            direction="outbound-dial",
            parent=call,
            ring_most_seconds=verb.number("timeout", 30.0),
            time_limit_seconds=verb.number("timeLimit", 14400.0),
        )

    def _wait(self, call: Call, seconds: float, act: Callable[[], None]) -> None:
        # Through the loop even for no time at all: documents of a thousand verbs do not nest.
        call.timers.set("verb", self._clock.real(min(seconds, _FOREVER_SECONDS)), act)


def _looped(verb: Verb, seconds: float) -> float:
    times = verb.number("loop", 1.0)
    return seconds * times if times else _FOREVER_SECONDS


def _target(noun: Verb) -> str:
    return f"client:{noun.text}" if noun.name == "Client" else noun.text
