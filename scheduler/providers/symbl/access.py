"""The access token: one worker fetches it for all, shortly before it ends or once it is refused.

The API returns the same token until it nearly ends, so a new one is requested only within the last
tenth of its life, at most 60 s. See
https://github.com/symblai/symbl-docs, docs/developer-tools/authentication.md.
"""

from __future__ import annotations

import base64
import binascii
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any, NoReturn

from tenacity import (
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from scheduler.clock import since_boot
from scheduler.errors import AccountFault, LedgerTrouble, MaybeDone, NotDone, NotSent
from scheduler.providers.answer import Answer
from scheduler.providers.answers import is_success, json_of, read_json, retry_after
from scheduler.providers.http import Line
from scheduler.providers.secrets import can_be_sent
from scheduler.providers.symbl.answers import TOKEN_LETTERS, address_in, message_of
from scheduler.providers.symbl.credentials import Proof
from scheduler.tokens import SharedToken, TokenShelf

logger = logging.getLogger(__name__)

#: Wall time for one request for a token.
TOKEN_SECONDS = 10.0

#: How long to wait for another worker that fetches: for its three requests and their pauses.
_RESERVED_SECONDS = 12.0
_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class Token:
    """A token that this process holds."""

    value: str = field(repr=False)
    ends_at: float  #: by the clock of `since_boot`, as all instants here
    renew_at: float
    on_trial: bool = False


def bearing(token: str) -> dict[str, str]:
    """Return the two documented headers that show a token."""
    return {"Authorization": f"Bearer {token}", "x-api-key": token}


class Access:
    """The token of one account. Safe to use from many threads."""

    def __init__(
        self, proof: Proof, fingerprint: str, line: Line, shelf: TokenShelf | None
    ) -> None:
        """Without a shelf every process fetches its own token."""
        self._proof = proof
        self._fingerprint = fingerprint
        self._line = line
        self._shelf = shelf
        self._token = _given(proof.given) if proof.given else None
        self._renewing = (
            threading.Lock()
        )  #: may be held for long: handling an answer never waits for it
        self._changing = threading.Lock()

    def authorize(self, max_duration_seconds: float) -> None:
        """Make sure that there is a token which is valid for longer than such a call.

        A token that can be renewed always is. Raises NotDone, MaybeDone or AccountFault.
        """
        token = self.fresh()
        if self._proof.given and token.ends_at < since_boot() + max_duration_seconds:
            left = max(0.0, token.ends_at - since_boot())
            raise AccountFault(
                f"the given token ends in {left:.0f} s, before a call of"
                f" {max_duration_seconds:.0f} s could be stopped: set a new"
                " CALLSCHED_SYMBL_ACCESS_TOKEN, or id and secret"
            )

    def token(self) -> Token:
        """Return the current token, even a stale one: a stop does not wait for a renewal."""
        return self._token or self._renew(None)

    def fresh(self) -> Token:
        """Return a token that does not end soon, and fetch one if need be.

        Raises NotDone or AccountFault.
        """
        token = self._token
        if token is not None and token.renew_at > since_boot():
            return token
        left = self._ask_at - since_boot()
        if left <= 0:
            return self._renew(token)
        if token is not None and token.ends_at > since_boot():
            return token
        raise NotSent("the API wants to be asked for a token later", retry_after_seconds=left)

    def accepted(self, token: Token) -> None:
        """Note that the API accepted a token: it is no longer on trial."""
        if token.on_trial:
            token.on_trial = False
            try:
                if self._shelf is not None:
                    self._shelf.accept(self._fingerprint, token.value)
            except LedgerTrouble as error:
                logger.warning("a token can't be shared: %s", error)

    def refused(self, token: Token, answer: Answer) -> NoReturn:
        """Drop a token that was answered 401; the next one is fetched before the next `begin`.

        Raises NotDone; AccountFault if this token had itself replaced a refused one.
        """
        given = self._proof.given
        with self._changing:
            ours = self._token is token
            if ours and not given:
                self._token = None
        second = bool(given) or (ours and self._refused_again(token))
        if second:
            names = "ACCESS_TOKEN" if given else "APP_ID and CALLSCHED_SYMBL_APP_SECRET"
            raise AccountFault(
                f"the API refuses our token, check CALLSCHED_SYMBL_{names}: {message_of(answer)}"
            )
        raise NotDone(f"the token was refused and will be renewed: {message_of(answer)}")

    def _refused_again(self, token: Token) -> bool:
        if self._shelf is not None:
            try:
                return self._shelf.refuse(self._fingerprint, token.value)
            except LedgerTrouble as error:
                logger.warning("a refused token can't be taken from the others: %s", error)
        self._trial = True
        return token.on_trial

    _ask_at = 0.0  #: no token is fetched for a dial before this; a stop does not wait for it
    _trial = False  #: without a shelf, the next token that is fetched is on trial

    # Renewal ------------------------------------------------------------------------------------

    def _renew(self, old: Token | None) -> Token:
        """Replace the old token; of many threads that want to, one does."""
        if self._proof.given:
            if old is None or old.ends_at <= since_boot():
                raise AccountFault("the given token has ended: set CALLSCHED_SYMBL_ACCESS_TOKEN")
            return old
        is_good = old is not None and old.ends_at > since_boot()
        if not self._renewing.acquire(blocking=not is_good):
            assert old is not None
            return old  # another thread renews it
        try:
            token = self._token
            if token is None or token is old:
                token = self._shared(old) if self._shelf is not None else self._own()
                with self._changing:
                    self._token = token
            return token
        finally:
            self._renewing.release()

    def _shared(self, old: Token | None) -> Token:
        assert self._shelf is not None
        give_up_at = since_boot() + _RESERVED_SECONDS
        try:
            while True:
                if (kept := self._on(self._shelf)) is not None:
                    return _held(kept)
                if self._shelf.reserve(self._fingerprint, _RESERVED_SECONDS):
                    return self._fetch_for_all(self._shelf)
                if old is not None and self._token is old and old.ends_at > since_boot():
                    return old  # another thread renews it; until then it is still valid
                if since_boot() >= give_up_at:
                    raise NotDone("no token: another worker has been fetching one for too long")
                time.sleep(_LOOK_SECONDS)
        except LedgerTrouble as error:
            # A stop must work without the ledger.
            logger.warning("the token that all workers share can't be reached: %s", error)
            return self._own()

    def _on(self, shelf: TokenShelf) -> SharedToken | None:
        kept = shelf.read(self._fingerprint)
        return kept if kept is not None and kept.seconds_left > kept.margin_seconds else None

    def _fetch_for_all(self, shelf: TokenShelf) -> Token:
        try:
            # Another worker may have fetched a token since this one looked.
            if (kept := self._on(shelf)) is not None:
                shelf.release(self._fingerprint)
                return _held(kept)
            fetched = self._fetch()
        except BaseException:
            shelf.release(self._fingerprint)
            raise
        try:
            return _held(shelf.put(self._fingerprint, fetched))
        except LedgerTrouble:
            return _held(fetched)

    def _own(self) -> Token:
        token = _held(self._fetch())
        token.on_trial, self._trial = self._trial, False
        return token

    def _fetch(self) -> SharedToken:
        again = Retrying(
            retry=retry_if_exception(_may_be_asked_again),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            stop=stop_after_attempt(3),
            reraise=True,
        )
        asked_at = since_boot()
        try:
            value, lifetime_seconds = again(self._generate)
        except NotDone as error:
            self._ask_at = since_boot() + (error.retry_after_seconds or 0.0)
            raise
        left = lifetime_seconds - (since_boot() - asked_at)
        return SharedToken(value, max(0.0, left), min(60.0, lifetime_seconds / 10))

    def _generate(self) -> tuple[str, float]:
        known = self._proof
        body = {"type": "application", "appId": known.app_id, "appSecret": known.secret}
        url = f"{known.base_url}/oauth2/token:generate"
        try:
            answer = self._line.send("POST", url, body, seconds=TOKEN_SECONDS)
        except MaybeDone as error:
            raise NotDone(f"no token: {error}", reached=False) from error
        document = json_of(answer) or {}
        token = address_in(document, "accessToken", TOKEN_LETTERS)
        lifetime = _length(document.get("expiresIn"))
        if is_success(answer) and can_be_sent(token) and lifetime is not None:
            return token, lifetime
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise NotDone(
                f"no token: {message_of(answer)}",
                retry_after_seconds=retry_after(answer),
                reached=answer.status_code == 429,
            )
        if answer.status_code == 401:
            raise AccountFault(
                "the API refuses the credentials, check CALLSCHED_SYMBL_APP_ID and"
                f" CALLSCHED_SYMBL_APP_SECRET: {message_of(answer)}"
            )
        raise AccountFault(
            f"{known.base_url} gave no token, check CALLSCHED_SYMBL_BASE_URL: {message_of(answer)}"
        )


def _held(shared: SharedToken) -> Token:
    ends_at = since_boot() + shared.seconds_left
    return Token(shared.value, ends_at, ends_at - shared.margin_seconds, shared.on_trial)


def _given(value: str) -> Token:
    """Return a token from the settings; if it is a JWT, with the end that it names."""
    ends_at = _end_of(value)
    left = float("inf") if ends_at is None else ends_at - time.time()
    return Token(value, since_boot() + left, since_boot() + left)


def _end_of(token: str) -> float | None:
    """Return the epoch second at which a JWT ends, from its payload, which is not verified."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = read_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return _length(payload.get("exp")) if isinstance(payload, dict) else None


def _may_be_asked_again(error: BaseException) -> bool:
    """Whether to ask again at once: not if the API has said when to ask."""
    return isinstance(error, NotDone) and not error.retry_after_seconds


def _length(value: Any) -> float | None:
    """Return a number of seconds, written as a number or as its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    # NaN, which Python reads as JSON, is no length; anything before the year 5138 is one.
    return seconds if 0 <= seconds < 1e11 else None
