"""Symbl's Telephony API: `POST /v1/endpoint:connect`, with the operations start and stop.

There is no idempotency key, no status call and no callback. Success is any 2xx. Error bodies come
in three shapes (`message`; `statusCode` and `message`; `code`, `message` and `url`), empty, or not
in JSON at all. See https://github.com/symblai/symbl-docs, docs/telephony/reference/reference.md.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeGuard

import requests
from pydantic import SecretStr
from requests.auth import AuthBase
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    AtLimit,
    ConfigError,
    MaybeDone,
    NoSuchConnection,
    NotDone,
    Refused,
)
from scheduler.models import Connection
from scheduler.providers.base import Leave, Order, StopAnswer
from scheduler.providers.http import Line
from scheduler.settings import Settings

#: In wall time, for the whole of a start; the lease of a dialing attempt is longer.
START_SECONDS = 15.0
STOP_SECONDS = 10.0
TOKEN_SECONDS = 10.0

#: A `Retry-After` beyond this is a mistake or a maintenance: we look again by then.
LONGEST_RETRY_AFTER_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    renew_at: float  #: on the clock of `since_boot`


class _Bearer(AuthBase):
    """Sends a token in both documented forms. As `auth`, so that no .netrc overrides it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.headers["x-api-key"] = self._token
        return request


class Symbl:
    """One Symbl account."""

    def __init__(self, settings: Settings) -> None:
        """Raise ConfigError when the credentials are missing."""
        self._base_url = settings.symbl_base_url
        self._app_id = settings.symbl_app_id or ""
        self._secret = _revealed(settings.symbl_app_secret)
        by_id = self._app_id and self._secret
        self._given = "" if by_id else _revealed(settings.symbl_access_token)
        if not (self._given or by_id):
            raise ConfigError(
                "no credentials: set CALLSCHED_SYMBL_APP_ID and CALLSCHED_SYMBL_APP_SECRET,"
                " or CALLSCHED_SYMBL_ACCESS_TOKEN"
            )
        if self._given and not _can_be_sent(self._given):
            raise ConfigError(
                "CALLSCHED_SYMBL_ACCESS_TOKEN: has characters that no HTTP header can carry"
            )
        identity = "\n".join((self._base_url, self._app_id, self._secret, self._given))
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._line = Line()
        self._token = _Token(self._given, float("inf")) if self._given else None
        self._refused = False  #: the last token was answered 401, and none has been accepted since
        self._fetching = threading.Lock()  #: may take long: an answer never waits for it
        self._dropping = threading.Lock()

    def close(self) -> None:
        """Close the connections of this thread."""
        self._line.close()

    def authorize(self) -> None:
        """Make sure that a token is at hand, and one that does not end soon."""
        token = self._token
        if token is None or token.renew_at <= since_boot():
            self._replace(token)

    def start(self, order: Order, leave: Leave) -> Connection:
        """Send one start, once. A 401 drops the token and is NotDone; a second is AccountFault."""
        endpoint: dict[str, Any] = {"type": "pstn", "phoneNumber": order.phone_number}
        if order.dtmf:
            endpoint["dtmf"] = order.dtmf
        session = {"session": {"name": order.session_name}}
        body = {"operation": "start", "endpoint": endpoint, "data": session}
        answer = self._ask(body, START_SECONDS, leave)
        if not 200 <= answer.status_code < 300:
            _raise_for_start(answer)
        return _connection(answer)

    def stop(self, connection_id: str) -> StopAnswer:
        """Send a stop, and once more when the first did nothing. Only the API's own 2xx returns."""
        again = Retrying(
            retry=retry_if_exception_type(NotDone), stop=stop_after_attempt(2), reraise=True
        )
        answer: StopAnswer = again(self._stop, connection_id)
        return answer

    def _stop(self, connection_id: str) -> StopAnswer:
        body = {"operation": "stop", "connectionId": connection_id}
        answer = self._ask(body, STOP_SECONDS)
        said = _json(answer)
        if 200 <= answer.status_code < 300 and (said is not None or not answer.content.strip()):
            return StopAnswer(_text(said or {}, "conversationId"))
        if answer.status_code in (404, 410) and said is not None:
            raise NoSuchConnection(_message(answer))
        raise MaybeDone(f"a stop was not confirmed: {_message(answer)}")

    # Tokens -------------------------------------------------------------------------------------

    def _ask(
        self, body: dict[str, Any], seconds: float, leave: Leave | None = None
    ) -> requests.Response:
        # Here a token is not renewed before it is refused: a stop does not wait for that.
        token = self._token or self._replace(None)
        url = f"{self._base_url}/v1/endpoint:connect"
        answer = self._line.post(url, body, seconds=seconds, auth=_Bearer(token.value), leave=leave)
        if answer.status_code == 401:
            self._refuse(token, answer)
        if self._token is token:
            self._refused = False
        return answer

    def _replace(self, old: _Token | None) -> _Token:
        """Fetch a token; of many threads that find the old one wanting, one does."""
        with self._fetching:
            token = self._token
            if token is None or token is old:
                token = self._token = self._fetch()
            return token

    def _refuse(self, token: _Token, answer: requests.Response) -> NoReturn:
        """Drop a token that was answered 401; the next one is fetched before the next `begin`."""
        with self._dropping:
            second = self._given or (self._token is token and self._refused)
            if self._token is token and not self._given:
                self._token, self._refused = None, True
        if second:
            names = "ACCESS_TOKEN" if self._given else "APP_ID and CALLSCHED_SYMBL_APP_SECRET"
            raise AccountFault(
                f"the API refuses our token, check CALLSCHED_SYMBL_{names}: {_message(answer)}"
            )
        raise NotDone(f"the token was refused and will be renewed: {_message(answer)}")

    def _fetch(self) -> _Token:
        again = Retrying(
            retry=retry_if_exception_type(NotDone),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            stop=stop_after_attempt(3),
            reraise=True,
        )
        value, lifetime_seconds = again(self._generate)
        # Until near its end the service hands the same token out again, so not much earlier.
        margin = min(60.0, lifetime_seconds / 10)
        return _Token(value, since_boot() + lifetime_seconds - margin)

    def _generate(self) -> tuple[str, float]:
        body = {"type": "application", "appId": self._app_id, "appSecret": self._secret}
        url = f"{self._base_url}/oauth2/token:generate"
        try:
            answer = self._line.post(url, body, seconds=TOKEN_SECONDS)
        except MaybeDone as error:
            raise NotDone(f"no token: {error}", reached=False) from error
        said = _json(answer) or {}
        token, lifetime = _text(said, "accessToken"), said.get("expiresIn")
        if 200 <= answer.status_code < 300 and _can_be_sent(token) and _is_length(lifetime):
            return token, lifetime
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise NotDone(f"no token: {_message(answer)}", reached=answer.status_code == 429)
        if answer.status_code == 401:
            raise AccountFault(
                "the API refuses the credentials, check CALLSCHED_SYMBL_APP_ID and"
                f" CALLSCHED_SYMBL_APP_SECRET: {_message(answer)}"
            )
        raise AccountFault(
            f"{self._base_url} gave no token, check CALLSCHED_SYMBL_BASE_URL: {_message(answer)}"
        )


def _raise_for_start(answer: requests.Response) -> NoReturn:
    status, message = answer.status_code, _message(answer)
    if status == 429:
        raise AtLimit(message, retry_after_seconds=_retry_after(answer))
    if status >= 500 or status == 408:
        raise MaybeDone(message)
    if status == 402:
        raise AccountFault(f"the account can't pay: {message}")
    if status in (404, 405) or status < 400 or _is_page(answer):
        raise AccountFault(
            f"this is not the telephony API, check CALLSCHED_SYMBL_BASE_URL: {message}"
        )
    raise Refused(message)


def _connection(answer: requests.Response) -> Connection:
    said = _json(answer) or {}
    connection_id = _text(said, "connectionId")
    if not connection_id:
        raise AccountFault(
            "a start was answered without a connection, check CALLSCHED_SYMBL_BASE_URL:"
            f" {_message(answer)}",
            maybe_done=True,
        )
    return Connection(
        connection_id,
        _text(said, "conversationId"),
        _text(said, "eventUrl"),
        _text(said, "resultWebSocketUrl"),
    )


def _json(answer: requests.Response) -> dict[str, Any] | None:
    """Return the body when it is the API's own: a JSON object."""
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _is_page(answer: requests.Response) -> bool:
    return answer.content.lstrip()[:1] == b"<"


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _message(answer: requests.Response) -> str:
    """Return status and message of whatever the answer is."""
    said = _json(answer)
    words = _text(said, "message") if said is not None else ""
    if not words:
        words = "a page, not the API's JSON" if _is_page(answer) else answer.reason or ""
    return f"{answer.status_code} {words}".strip()[:300]


def _retry_after(answer: requests.Response) -> float | None:
    """Return the header's seconds; its other form, a date, is not worth a clock's error."""
    written = answer.headers.get("Retry-After", "")
    return min(float(written), LONGEST_RETRY_AFTER_SECONDS) if written.isdecimal() else None


def _revealed(secret: SecretStr | None) -> str:
    """Return a secret without the line break of the file that it may have been read from."""
    return secret.get_secret_value().strip() if secret is not None else ""


def _can_be_sent(token: str) -> bool:
    return token != "" and token.isascii() and token.isprintable()


def _is_length(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and value >= 0  # NaN, which json reads, is not
