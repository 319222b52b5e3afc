"""One Symbl account: start and stop, speaker events, subscriptions, and what was said."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import quote

from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    AtLimit,
    MaybeDone,
    NoSuchConnection,
    NotDone,
    NotRecorded,
    Refused,
)
from scheduler.models import Connection, Insight
from scheduler.providers.answer import Answer
from scheduler.providers.answers import (
    any_json,
    has_no_body,
    is_success,
    json_of,
    most_values,
    retry_after,
)
from scheduler.providers.api_clock import ApiClock, ApiTime
from scheduler.providers.base import (
    FoundConversation,
    Leave,
    News,
    SpeakerEvent,
    StartOrder,
    StopAnswer,
    Subscription,
)
from scheduler.providers.bodies import READING_BYTES, SHORT_BYTES, TRANSCRIPT_BYTES
from scheduler.providers.http import Line
from scheduler.providers.places import host_in, is_ours
from scheduler.providers.symbl.access import Access, bearing
from scheduler.providers.symbl.answers import DOMAINS, message_of, raise_for_start, stop_answer
from scheduler.providers.symbl.connection import Details, connection_in
from scheduler.providers.symbl.conversations import (
    PATHS,
    conversation_url,
    list_url,
    read_insight,
    read_list,
)
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.providers.symbl.instants import written
from scheduler.providers.symbl.sockets import knows_no_such, read_frame, subscriptions
from scheduler.providers.symbl.start import start_body
from scheduler.tokens import TokenShelf

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Wall time for a whole start; the lease of a dialing attempt is longer.
START_SECONDS = 15.0
STOP_SECONDS = 10.0
EVENT_SECONDS = 5.0
READ_SECONDS = 10.0


class Symbl:
    """One Symbl account. Safe to use from many threads."""

    def __init__(self, credentials: SymblCredentials, shelf: TokenShelf | None = None) -> None:
        """Raise ConfigError when the credentials are missing. Workers share a token by `shelf`."""
        self._base_url = credentials.base_url
        self._digits_only = credentials.number_format == "digits"
        proof = credentials.proof()
        identity = "\n".join((proof.base_url, proof.app_id, proof.secret, proof.given))
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._clock = ApiClock(proof.base_url)
        self._line = Line(self._clock)
        self._access = Access(proof, self.fingerprint, self._line, shelf)

    def close(self) -> None:
        """Close the connections of this thread."""
        self._line.close()

    def authorize(self, max_duration_seconds: float) -> None:
        """Make sure that there is a token which is valid for longer than a call of this length."""
        self._access.authorize(max_duration_seconds)

    # What time it is ----------------------------------------------------------------------------

    @property
    def shown_time(self) -> ApiTime | None:
        """Return the time in the API's last answer."""
        return self._clock.last

    def ask_time(self, seconds: float) -> ApiTime | None:
        """Ask for the conversations of the last second, and read nothing but the headers."""
        asked_at, now = since_boot(), time.time()
        url = list_url(self._base_url, now - 1.0, now, 0)
        self._ask("GET", url, seconds=seconds, most_bytes=0)
        return self._clock.since(asked_at)

    # Telephony ----------------------------------------------------------------------------------

    def start(self, order: StartOrder, leave: Leave) -> Connection:
        """Send one start, once. A 401 drops the token and is NotDone; a second is AccountFault."""
        body = start_body(order, digits_only=self._digits_only)
        answer = self._connect(body, START_SECONDS, leave)
        if not is_success(answer):
            raise_for_start(answer)
        connection = connection_in(answer)
        # Each address is checked again before it is used: from here on it comes from the ledger.
        for name, given in asdict(Details.of(connection)).items():
            if given and not self._is_ours(given):
                logger.warning("%s of a start's answer gets no token: %s", name, host_in(given))
        return connection

    def _is_ours(self, url: str) -> bool:
        return is_ours(url, self._base_url, DOMAINS)

    def stop(self, connection_id: str) -> StopAnswer:
        """Send a stop, and again if the first did nothing. Returns only after the API's own 2xx."""
        return _once_more(self._stop, connection_id)

    def _stop(self, connection_id: str) -> StopAnswer:
        body = {"operation": "stop", "connectionId": connection_id}
        answer = self._connect(body, STOP_SECONDS)
        document = json_of(answer)
        if is_success(answer) and (document is not None or has_no_body(answer)):
            return stop_answer(document or {})
        if answer.status_code in (404, 410) and document is not None:
            raise NoSuchConnection(message_of(answer))
        raise MaybeDone(f"a stop was not confirmed: {message_of(answer)}")

    def tell(self, connection: Connection, event: SpeakerEvent) -> None:
        """Send a speaker event to the connection's `eventUrl`, if that address is the API's own."""
        user = {"userId": event.user_id} | ({"name": event.name} if event.name else {})
        body: dict[str, Any] = {"topic": "speaker", "type": event.kind, "user": user}
        if event.at is not None:
            body["timestamp"] = written(event.at)
        name = quote(connection.connection_id, safe="")
        given = Details.of(connection).event_url
        if given and not (self._is_ours(given) and given.lower().startswith("http")):
            raise Refused(f"its address is not the API's: {host_in(given)} gets no token")
        _once_more(self._tell, given or f"{self._base_url}/v1/event/{name}", body)

    def _tell(self, url: str, body: dict[str, Any]) -> None:
        answer = self._ask("POST", url, body, seconds=EVENT_SECONDS)
        if answer.status_code in (404, 410):
            raise NoSuchConnection(message_of(answer))
        _expect_success(answer)

    # News of live connections -------------------------------------------------------------------

    def subscriptions(self, connection: Connection) -> Sequence[Subscription]:
        """Return where to listen to a connection, the best place first. May fetch a token."""
        return subscriptions(self._base_url, connection, self._access.fresh().value)

    def knows_no_such(self, status: int, body: bytes) -> bool:
        """Whether an answer to a subscription is the API's own, and says that the call is over."""
        return knows_no_such(status, body)

    def read(self, frame: str | bytes) -> list[News]:
        """Return the news in one frame of a subscription; none if the frame is not understood."""
        return read_frame(frame)

    # What was said ------------------------------------------------------------------------------

    def collect(self, conversation_id: str, insight: Insight) -> Any:
        """Read one insight of a conversation. Raises NotRecorded on 404, or any ProviderError."""
        return _once_more(self._collect, conversation_id, insight)

    def _collect(self, conversation_id: str, insight: Insight) -> Any:
        url = f"{conversation_url(self._base_url, conversation_id)}/{PATHS[insight]}"
        most = TRANSCRIPT_BYTES if insight is Insight.TRANSCRIPT else READING_BYTES
        answer = self._ask("GET", url, seconds=READ_SECONDS, most_bytes=most)
        if answer.status_code == 404:
            raise NotRecorded(message_of(answer))
        _expect_success(answer)
        try:
            return read_insight(insight, any_json(answer, most_values(most)))
        except ValueError as error:
            raise MaybeDone(f"{insight}: {error}") from error

    def find(
        self, names: Collection[str], since: float, until: float
    ) -> Sequence[FoundConversation]:
        """Look through the list of conversations, page by page, for those with these names."""
        seen: dict[str, FoundConversation] = {}
        while True:
            read = len(seen)
            page = _once_more(self._list, since, until, read)
            seen |= {each.conversation_id: each for each in page}
            # Until a page is empty: the API may return fewer than it was asked for.
            if len(seen) == read:
                return [each for each in seen.values() if each.name in names]

    def _list(self, since: float, until: float, offset: int) -> list[FoundConversation]:
        url = list_url(self._base_url, since, until, offset)
        answer = self._ask("GET", url, seconds=READ_SECONDS, most_bytes=READING_BYTES)
        _expect_success(answer)
        try:
            return read_list(any_json(answer, most_values(READING_BYTES)))
        except ValueError as error:
            raise MaybeDone(f"the list of conversations: {error}") from error

    def erase(self, conversation_id: str) -> None:
        """Have the API delete a conversation; an unknown conversation is no error."""
        url = conversation_url(self._base_url, conversation_id)
        answer = _once_more(self._ask, "DELETE", url, seconds=READ_SECONDS)
        if answer.status_code != 404:
            _expect_success(answer)

    # Requests -----------------------------------------------------------------------------------

    def _connect(self, body: dict[str, Any], seconds: float, leave: Leave | None = None) -> Answer:
        url = f"{self._base_url}/v1/endpoint:connect"
        return self._ask("POST", url, body, seconds=seconds, leave=leave)

    def _ask(
        self,
        method: str,
        url: str,
        body: dict[str, Any] | None = None,
        *,
        seconds: float,
        leave: Leave | None = None,
        most_bytes: int = SHORT_BYTES,
    ) -> Answer:
        token = self._access.token()
        answer = self._line.send(
            method,
            url,
            body,
            seconds=seconds,
            leave=leave,
            headers=bearing(token.value),
            most_bytes=most_bytes,
        )
        if answer.status_code == 401:
            self._access.refused(token, answer)
        self._access.accepted(token)
        return answer


def _once_more(ask: Callable[..., T], *args: Any, **named: Any) -> T:
    """Ask, and once more if the request did nothing: after a 401 with a new token.

    After a 429 it is not sent again at once.
    """
    try:
        return ask(*args, **named)
    except AtLimit:
        raise
    except NotDone:
        return ask(*args, **named)


def _expect_success(answer: Answer) -> None:
    """Raise the error that the refusal of a harmless request means."""
    if is_success(answer):
        return
    wish = retry_after(answer)
    if answer.status_code == 429:
        raise AtLimit(message_of(answer), retry_after_seconds=wish)
    if answer.status_code >= 500 or answer.status_code == 408:
        raise MaybeDone(message_of(answer), retry_after_seconds=wish)
    if answer.status_code in (400, 403, 404, 410):
        raise Refused(message_of(answer))
    raise AccountFault(message_of(answer))
