"""Tells webhooks how calls and campaigns have ended: late rather than never, delaying no call."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Event, Semaphore, Thread
from traceback import format_tb
from typing import Any
from urllib.parse import urlsplit

from tenacity import wait_chain, wait_fixed, wait_random

from scheduler.calls.pace import waited
from scheduler.clock import since_boot
from scheduler.complaints import Complaints
from scheduler.errors import LedgerError, LedgerFault, LedgerTrouble, SchedulerError
from scheduler.ledger import accounts, deliveries, views
from scheduler.ledger.deliveries import SENDING_DELAYS, Delivery
from scheduler.ledger.ledger import Ledger
from scheduler.providers.posting import GONE, Poster

logger = logging.getLogger(__name__)

_AGAIN = wait_chain(*map(wait_fixed, SENDING_DELAYS)) + wait_random(0, 1)

#: Senders of one worker. A slow receiver delays only other messages.
THREADS = 4

#: How long a worker that leaves waits for receivers.
LEAVE_SECONDS = 2.0

#: How often it looks whether there is news.
LOOK_SECONDS = 1.0


class Teller:
    """Sends what webhooks are owed, on threads of its own.

    Any number of workers may do it. News is sent at least once: if a worker dies after it took the
    news and before the result is on record, another one sends it again, under the same id.
    """

    def __init__(self, ledger: Ledger, names: Callable[[], Sequence[str]], poster: Poster) -> None:
        """`names` returns the accounts whose news it sends: it is asked at each look."""
        self._ledger = ledger
        self._names = names
        self._poster = poster
        self._complaints = Complaints(logger, "webhooks: ")
        self._over = Event()
        self._free = Semaphore(THREADS)
        self._thread = Thread(target=self._keep, name="webhooks", daemon=True)

    def start(self) -> None:
        """Look for news, from now on."""
        self._thread.start()

    def close(self) -> None:
        """Send no more. Wait a moment for what is under way; else it is sent again."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        leave_at = since_boot() + LEAVE_SECONDS
        for _ in range(THREADS):
            self._free.acquire(timeout=max(0.0, leave_at - since_boot()))

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                for account in accounts.with_entries(self._ledger, self._names(), "webhooks"):
                    self._look_safely(account)
            except LedgerTrouble as error:
                logger.warning("webhooks: %s", error)
            except Exception:
                logger.exception("webhooks: looking for messages failed")
            self._over.wait(LOOK_SECONDS)

    def _look_safely(self, account: str) -> None:
        """Send the news of an account; if Redis refuses that, log it, so that others go on."""
        try:
            self._send_what_is_due(account)
        except LedgerFault as error:
            self._complaints.say(account, error)

    def _send_what_is_due(self, account: str) -> None:
        while not self._over.is_set() and self._free.acquire(timeout=LOOK_SECONDS):
            news = None
            try:
                news = deliveries.take(self._ledger, account)
            finally:
                if news is None:
                    self._free.release()
            if news is None:
                return
            Thread(
                target=self._send_safely, args=(account, news), name="webhook", daemon=True
            ).start()

    def _send_safely(self, account: str, news: Delivery) -> None:
        try:
            self._send(account, news)
        except SchedulerError as error:
            # The news is taken only for a while: a worker sends it again.
            logger.warning("webhooks: %s: %s", news.text, error)
        except Exception as error:
            # Log where, not what: an error's own words may contain the address.
            place = "".join(format_tb(error.__traceback__))
            logger.error("webhooks: %s: %s\n%s", news.text, type(error).__name__, place)
        finally:
            self._free.release()

    def _send(self, account: str, news: Delivery) -> None:
        if news.is_used_up:
            # Before making the message, because that may be what killed its senders.
            logger.error("webhooks: %s: given up: its last sender died", news.text)
            deliveries.delivered(self._ledger, account, news, delivered=False)
            return
        body = self._body(news)
        if news.webhook is None or body is None:
            deliveries.delivered(self._ledger, account, news, delivered=False)
            return
        url = news.webhook.url
        status = self._poster.post(url, news.message_id, datetime.now(UTC), body)
        if 200 <= status < 300:
            deliveries.delivered(self._ledger, account, news, delivered=True)
        elif status == GONE or news.is_last_sending:
            logger.error(
                "webhooks: %s: %s: given up: %s", news.text, _host(url), _answer_in_words(status)
            )
            deliveries.delivered(self._ledger, account, news, delivered=False)
        else:
            logger.warning("webhooks: %s: %s: %s", news.text, _host(url), _answer_in_words(status))
            deliveries.postpone(self._ledger, account, news, waited(_AGAIN, news.sendings))

    def _body(self, news: Delivery) -> bytes | None:
        """Return the message with what is known now; None if the ledger no longer keeps it."""
        try:
            data = self._data(news)
        except LedgerError:
            return None
        message = {"type": news.event, "timestamp": _now(), "data": data}
        return json.dumps(message, ensure_ascii=False).encode(errors="replace")

    def _data(self, news: Delivery) -> dict[str, Any]:
        if news.attempt is not None:
            return views.result(self._ledger, news.campaign_id, news.attempt.row)
        return views.campaign(self._ledger, news.campaign_id).as_record()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer_in_words(status: int) -> str:
    return f"it answered {status}" if status else "no answer"


def _host(url: str) -> str:
    # The rest of an address is often as good as a password.
    return urlsplit(url).netloc
