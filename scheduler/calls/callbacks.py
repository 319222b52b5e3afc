"""What a provider's request means for its call, and what it is answered with."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from scheduler import logs
from scheduler.calls.acts import keep, order
from scheduler.calls.callback_counts import CallbackCounts
from scheduler.calls.frozen import Frozen, Latest
from scheduler.calls.keys import Keys
from scheduler.calls.news import Act, Meaning, line_of, meaning
from scheduler.calls.outcomes import Standing
from scheduler.errors import Forged, LedgerTrouble, Unreadable
from scheduler.heard import OURS
from scheduler.ledger import callbacks, listeners
from scheduler.ledger.callbacks import Known
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.models import Attempt
from scheduler.providers import Callback, CallsBack, Heard, News, Provider, Reply, Stage, Topic

logger = logging.getLogger(__name__)

#: Connections of which it is remembered that the ledger has them.
MOST_CONNECTIONS = 10_000

#: What the ledger is told of how far a call has come.
_STAGES = {Stage.RINGING: "ringing", Stage.ANSWERED: "answered", Stage.OVER: "over"}

#: While these are asked the callee waits for what comes next, which is nothing after a recording.
_ON_THE_LINE = (Topic.STEPS, Topic.RECORDING)

_NEWS = Standing()  #: of a call of which nothing is known but what it tells


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request is answered with."""

    status: int  #: 204, or 200 with a reply; 403: not signed; 503: to be sent again
    reply: Reply | None = None  #: None: nothing


_NOTHING, _AGAIN = Answered(204), Answered(503)


class CallbackDesk:
    """Hears the requests of one account's provider. Safe to use from many threads.

    It writes to the ledger, asks the provider nothing, and never dials anybody.
    """

    def __init__(self, ledger: Ledger, provider: Provider, account: str, public_url: str) -> None:
        """`provider` is one that `CallsBack`."""
        assert isinstance(provider, CallsBack)
        self._ledger = ledger
        self._provider: CallsBack = provider
        self._account = account
        self._frozen = Frozen(ledger)
        self._keys = Keys(ledger, provider, account, public_url, self._frozen)
        self._counts = CallbackCounts(ledger, account)
        self._known: Latest[Attempt, str] = Latest(MOST_CONNECTIONS)

    def take(self, callback: Callback) -> Answered:
        """Verify a request, put on record what it tells, and say what it is answered with.

        Raises nothing: a ledger that is away is a 503, for STEPS and RECORDING, whose callees wait
        on the line, a reply that hangs up.
        """
        with logs.about(self._account):
            return self._take(callback)

    def _take(self, callback: Callback) -> Answered:
        outcome, answered = "failed", _AGAIN
        try:
            outcome, answered = self._hear(callback)
        except Forged as error:
            logger.warning(
                "%s: a callback without a valid signature: %s",
                callback.attempt,
                mask_text(str(error)),
            )
            outcome, answered = "forged", Answered(403)
        except Unreadable as error:
            logger.warning("%s: %s: %s", callback.attempt, callback.topic, mask_text(str(error)))
            outcome, answered = "unreadable", _NOTHING
        except LedgerTrouble as error:
            logger.warning("%s: %s: %s", callback.attempt, callback.topic, mask_text(str(error)))
        except Exception:
            logger.exception(
                "%s: the callback %s can't be handled", callback.attempt, callback.topic
            )
        self._counts.count(outcome)
        if callback.topic in _ON_THE_LINE and answered in (_NOTHING, _AGAIN):
            return Answered(200, self._keys.hang_up(callback.attempt))
        return answered

    def _hear(self, callback: Callback) -> tuple[str, Answered]:
        heard = self._provider.hear(callback)
        if callback.topic is Topic.STEPS:
            return self._hear_keys(callback, heard)
        if heard.report is not None and not heard.report.is_ours:
            return "others", _NOTHING  # whom the call was transferred to is no second connection
        attempt = callback.attempt
        found = meaning(heard, self._standing(attempt, heard))
        known = self._arrived(attempt, heard, found)
        if known in (Known.NOBODYS, Known.SECOND):
            return str(known), _NOTHING
        self._keep_words(attempt, heard)
        if found.intents:  # also of a call that is over: words come late
            contact = self._frozen.contact(attempt, heard.connection_id)
            keep(self._ledger, attempt, replace(found, answered_by=""), contact.address)
        if found.act is not None and known is not Known.OVER:
            self._do(attempt, found.act)
        return str(known), _NOTHING

    def _hear_keys(self, callback: Callback, heard: Heard) -> tuple[str, Answered]:
        attempt, known = callback.attempt, Known.KNOWN
        # Once the ledger has its connection there is nothing to say of it: who waits is on a phone.
        if self._known.get(attempt) != heard.connection_id:
            try:
                known = self._arrived(attempt, heard, Meaning())
            except LedgerTrouble:
                self._keys.keep(callback, heard)
                raise
        if known in (Known.NOBODYS, Known.SECOND):
            return str(known), _NOTHING
        return str(known), Answered(200, self._keys.take(callback, heard))

    def _standing(self, attempt: Attempt, heard: Heard) -> Standing:
        """Return how a call stands; its campaign is asked only where that matters.

        That is of a machine that has answered, and of whole sentences of the callee.
        """
        report = heard.report
        if any(each.kind == "message" and each.speaker != OURS for each in heard.news):
            contact = self._frozen.contact(attempt, heard.connection_id)
            return Standing.under(self._frozen.policy(attempt, heard.connection_id), contact)
        if "machine" not in (heard.answered_by, report.answered_by if report else ""):
            return _NEWS
        return Standing.under(self._frozen.policy(attempt, heard.connection_id))

    def _arrived(self, attempt: Attempt, heard: Heard, found: Meaning) -> Known:
        known = callbacks.arrived(
            self._ledger,
            self._account,
            attempt,
            heard.connection_id,
            sequence=heard.sequence,
            stage=_STAGES.get(found.stage, "") if found.stage else "",
            told_at=heard.report.read_at if heard.report else None,
            answered_by=found.answered_by,
        )
        if known is Known.SECOND:
            logger.error("%s: has another connection already; both are stopped", attempt)
        elif known is Known.ATTACHED:
            logger.info("%s: a callback named its connection before the answer", attempt)
        if known in (Known.KNOWN, Known.ATTACHED):
            self._known.put(attempt, heard.connection_id)
        return known

    def _do(self, attempt: Attempt, act: Act) -> None:
        match act:
            case Act.READ | Act.DO_NOT_CALL:
                return  # it is on record: that it is to be read, and who is on the list
            case _:
                order(self._ledger, self._account, attempt, act)

    def _keep_words(self, attempt: Attempt, heard: Heard) -> None:
        """Show words to whoever follows, and keep sentences for the transcript, each once."""
        new = [
            line
            for number, news in enumerate(heard.news)
            if (line := line_of(attempt, news)) is not None
            and self._is_new(f"{heard.news_id}:{number}", news, line)
        ]
        if new:
            listeners.note(self._ledger, new)

    def _is_new(self, news_id: str, news: News, line: listeners.LiveLine) -> bool:
        # What is recognised of a sentence that is not over is shown, and not kept.
        return news.kind != "message" or callbacks.keep_words(self._ledger, news_id, line)
