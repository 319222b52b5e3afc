"""What a provider's request means for its call, and how it is answered."""

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

#: How many connections to remember of which the ledger is known to have them.
MOST_CONNECTIONS = 10_000

#: The stages of a call as the ledger names them.
_STAGES = {Stage.RINGING: "ringing", Stage.ANSWERED: "answered", Stage.OVER: "over"}

#: During these requests the callee waits for the next step; after a recording there is none.
_ON_THE_LINE = (Topic.STEPS, Topic.RECORDING)

_NEWS = Standing()  #: for news that mean the same however the call stands


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a request."""

    status: int  #: 204, or 200 with a reply; 403: not signed; 503: send it again
    reply: Reply | None = None  #: None: nothing


_NOTHING, _AGAIN = Answered(204), Answered(503)


class CallbackDesk:
    """Takes the callbacks of one account's provider. Safe to use from many threads.

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
        """Verify a request, record what it tells, and return its answer.

        Raises nothing. If the ledger is away, the answer is a 503; for STEPS and RECORDING, where
        the callee waits on the line, it is a reply that hangs up.
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
            return "others", _NOTHING  # the leg of a transfer is no second connection
        attempt = callback.attempt
        found = meaning(heard, self._standing(attempt, heard))
        known = self._arrived(attempt, heard, found)
        if known in (Known.NO_ATTEMPT, Known.SECOND):
            return str(known), _NOTHING
        self._keep_words(attempt, heard)
        if found.intents:  # also if the call is over, because words come late
            contact = self._frozen.contact(attempt, heard.connection_id)
            keep(self._ledger, attempt, replace(found, answered_by=""), contact.address)
        if found.act is not None and known is not Known.OVER:
            self._do(attempt, found.act)
        return str(known), _NOTHING

    def _hear_keys(self, callback: Callback, heard: Heard) -> tuple[str, Answered]:
        attempt, known = callback.attempt, Known.KNOWN
        # Skip this once the ledger has the connection: somebody waits on the phone.
        if self._known.get(attempt) != heard.connection_id:
            try:
                known = self._arrived(attempt, heard, Meaning())
            except LedgerTrouble:
                self._keys.keep(callback, heard)
                raise
        if known in (Known.NO_ATTEMPT, Known.SECOND):
            return str(known), _NOTHING
        return str(known), Answered(200, self._keys.take(callback, heard))

    def _standing(self, attempt: Attempt, heard: Heard) -> Standing:
        """Return how a call stands; ask for its campaign only if that matters.

        It matters if a machine has answered, and for whole sentences of the callee.
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
                return  # recorded already: a worker reads the call, the callee is on the list
            case _:
                order(self._ledger, self._account, attempt, act)

    def _keep_words(self, attempt: Attempt, heard: Heard) -> None:
        """Show words to those who follow live, and keep each sentence once for the transcript."""
        new = [
            line
            for number, news in enumerate(heard.news)
            if (line := line_of(attempt, news)) is not None
            and self._is_new(f"{heard.news_id}:{number}", news, line)
        ]
        if new:
            listeners.note(self._ledger, new)

    def _is_new(self, news_id: str, news: News, line: listeners.LiveLine) -> bool:
        # A part of a sentence that is not over is shown, but not kept.
        return news.kind != "message" or callbacks.keep_words(self._ledger, news_id, line)
