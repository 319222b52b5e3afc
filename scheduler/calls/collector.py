"""Reads what was said in a finished call until it is complete, and keeps it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from tenacity.wait import wait_exponential

from scheduler.calls.duty import Duty
from scheduler.calls.exchanges import NOBODY, Exchange, Watchers
from scheduler.calls.pace import give_way, waited
from scheduler.clock import since_boot
from scheduler.errors import NotRecorded, ProviderError, Refused
from scheduler.heard import OPT_OUT, is_callees
from scheduler.ledger import callbacks, heard, insights, reports
from scheduler.ledger.insights import Collect, Collected
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.models import Insight, OptOuts
from scheduler.opt_outs import asks_not_to_be_called
from scheduler.providers import Collects, Provider, Records

logger = logging.getLogger(__name__)

#: Between the readings of one conversation, until two of them agree.
BETWEEN_READS = wait_exponential(multiplier=1, max=30)

#: A transcript that is still empty so long after the call counts as complete.
SILENT_SECONDS = 10.0

#: Words in callbacks may come so long after the call.
LATE_WORDS_SECONDS = 3.0

#: After so many readings that broke off, eight minutes in all, a conversation is given up: its
#: content may be what kills its readers.
MOST_UNFINISHED = 5


class Collector:
    """Reads one conversation after the other. Safe to use from many threads.

    Nothing here holds a slot, and nothing waits: a conversation that is not complete is due again
    later. If it is read twice, it is kept once.
    """

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        duty: Duty,
        *,
        patience_seconds: float,
        is_stopping: Callable[[], bool],
        watchers: Watchers = NOBODY,
    ) -> None:
        """`is_stopping` says whether this worker has stops to send first.

        `watchers` watch every reading.
        """
        self._ledger = ledger
        self._provider = provider
        self._duty = duty
        self._patience_seconds = patience_seconds
        self._is_stopping = is_stopping
        self._watchers = watchers
        self.closing = threading.Event()  #: set: begin no other conversation

    def collect(self, until: float) -> None:
        """Read what is due, until nothing is due or the time is `until`."""
        while not self.closing.is_set() and since_boot() < until:
            give_way(self._is_stopping, self.closing)
            due = insights.take(self._ledger, self._duty.account, only=self._duty.only)
            if due is None:
                return
            reading = _Reading(
                self._ledger, self._provider, self._duty.account, due, self._patience_seconds
            )
            reading.read(self._watchers)


class _Reading:
    """One reading of one conversation."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        account: str,
        due: Collect,
        patience_seconds: float,
    ) -> None:
        self._ledger = ledger
        self._provider = provider
        self._account = account
        self._due = due
        self._patience_seconds = patience_seconds
        self._taken_at = since_boot()

    def read(self, watchers: Watchers) -> None:
        """Read the conversation; keep it if it is complete, else have it read again."""
        if self._due.unfinished >= MOST_UNFINISHED:
            why = f"{self._due.unfinished} readings broke off"
            logger.error("%s: its conversation is given up: %s", self._due.attempt, why)
            insights.keep(self._ledger, self._account, self._due.attempt, None, error=why)
            return
        digest = self._due.digest
        try:
            with watchers.see(Exchange("collect", self._due.attempt)):
                if not self._due.conversation_id:
                    self._read_call()
                    return
                transcript = self._ask(Insight.TRANSCRIPT)
                digest = _digest(transcript)
                if self._is_complete(transcript, digest):
                    self._keep(transcript)
                else:
                    self._postpone(digest)
        except ProviderError as error:
            logger.info("%s: its conversation: %s", self._due.attempt, mask_text(str(error)))
            if self._is_late():
                self._give_up(error)
            else:
                self._postpone(digest, error.retry_after_seconds or 0.0)

    def _ask(self, insight: Insight) -> Any:
        if not isinstance(self._provider, Collects):
            raise Refused("this provider keeps nothing of what was said")
        return self._provider.collect(self._due.conversation_id, insight)

    def _is_complete(self, transcript: list[Any], digest: str) -> bool:
        if self._is_late():
            return True
        if digest != self._due.digest:
            return False
        return bool(transcript) or self._over_for() >= SILENT_SECONDS

    def _keep(self, transcript: list[Any]) -> None:
        record: Collected = {}
        missing = ""
        for insight in self._due.policy.insights:
            try:
                is_read = insight is Insight.TRANSCRIPT
                record[insight] = transcript if is_read else self._ask(insight)
            except NotRecorded:
                # The API answers so until it has made a summary; the others need not exist.
                if insight is Insight.SUMMARY and not self._is_late():
                    raise
            except ProviderError as error:
                if not self._is_late():
                    raise
                missing = f"{insight}: {mask_text(str(error))}"
        self._heed_wishes(transcript)
        insights.keep(self._ledger, self._account, self._due.attempt, record, error=missing)

    def _heed_wishes(self, transcript: list[Any]) -> None:
        """Put a callee who asks for it on the do-not-call list, even if nobody listened live."""
        attempt, policy = self._due.attempt, self._due.policy
        texts = (str(line.get("text") or "") for line in transcript if is_callees(line))
        if policy.opt_outs is OptOuts.OFF or not any(map(asks_not_to_be_called, texts)):
            return
        contact = reports.contact_of(self._ledger, attempt)
        if policy.hears_opt_outs(contact):
            heard.note(self._ledger, attempt, intents=(OPT_OUT,), bars=contact.address)

    # A call without a conversation ---------------------------------------------------------------

    def _read_call(self) -> None:
        """Keep the words that came while the call lived, and its recordings."""
        record: Collected = {}
        missing, is_whole, policy = "", True, self._due.policy
        if policy.transcribe:
            record[Insight.TRANSCRIPT] = self._words()
            is_whole = self._are_all(record[Insight.TRANSCRIPT])
        if policy.record:
            try:
                record["recordings"], is_recorded = self._recordings()
                is_whole = is_whole and is_recorded
            except ProviderError as error:
                if not self._is_late():
                    raise
                missing = f"recordings: {mask_text(str(error))}"
        if is_whole or self._is_late():
            self._heed_wishes(record.get(Insight.TRANSCRIPT, []))
            insights.keep(self._ledger, self._account, self._due.attempt, record, error=missing)
        else:
            self._postpone(_digest(record.get(Insight.TRANSCRIPT, [])))

    def _words(self) -> list[dict[str, Any]]:
        lines = callbacks.words(self._ledger, self._due.attempt)
        return [
            {"speaker": line.speaker, "text": line.text, "started_at": line.said_at}
            for line in lines
        ]

    def _are_all(self, words: list[Any]) -> bool:
        is_settled = self._over_for() >= LATE_WORDS_SECONDS
        return is_settled and self._is_complete(words, _digest(words))

    def _recordings(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the recordings of the call, and whether all of them are available by now."""
        if not isinstance(self._provider, Records):
            return [], True
        found = self._provider.recordings(self._due.connection_id)
        listed = [
            {
                "recording_id": each.recording_id,
                "duration_seconds": each.duration_seconds,
                "channels": each.channels,
            }
            for each in found
        ]
        return listed, bool(found) and all(each.is_complete for each in found)

    def _give_up(self, error: ProviderError) -> None:
        # If nothing was recorded, this is a result; anything else that prevents reading is an
        # error.
        why = "" if isinstance(error, NotRecorded) else mask_text(str(error))
        insights.keep(self._ledger, self._account, self._due.attempt, None, error=why)

    def _postpone(self, digest: str, least_seconds: float = 0.0) -> None:
        left = self._patience_seconds - self._over_for()
        wish = max(least_seconds, waited(BETWEEN_READS, self._due.reads + 1))
        delay = max(0.1, min(wish, left))
        attempt = self._due.attempt
        insights.postpone(self._ledger, self._account, attempt, digest=digest, delay_seconds=delay)

    def _is_late(self) -> bool:
        return self._over_for() >= self._patience_seconds

    def _over_for(self) -> float:
        return self._due.over_for_seconds + since_boot() - self._taken_at


def _digest(collected: list[Any]) -> str:
    return blake2b(json.dumps(collected, sort_keys=True).encode(), digest_size=8).hexdigest()
