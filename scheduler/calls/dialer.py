"""What happens to a call from its claim to the answer to its start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from uuid import uuid4

from tenacity import wait_exponential_jitter

from scheduler import limit
from scheduler.calls.demand import Demand
from scheduler.calls.duty import Duty
from scheduler.calls.exchanges import NOBODY, Exchange, Watchers
from scheduler.calls.insist import block, block_caller, insist
from scheduler.calls.pace import give_way, waited
from scheduler.calls.recorder import Recorder
from scheduler.clock import since_boot
from scheduler.errors import (
    AccountFault,
    AtLimit,
    CallerIdFault,
    LedgerTrouble,
    NotDone,
    NotSent,
    ProviderError,
    Refused,
    StaleAttempt,
    Throttled,
)
from scheduler.fields.scripts import targets
from scheduler.hours.openings import opening
from scheduler.ledger import calls, limits
from scheduler.ledger.calls import Claim, Ringing, Wait
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.limits import LimitView
from scheduler.masking import mask_text
from scheduler.models import Disposition, Reason
from scheduler.providers import Provider, StartOrder, Sweeps, Traits

logger = logging.getLogger(__name__)

#: From before `begin` to the first byte of the start. A worker that was frozen for longer gives
#: the attempt back instead of dialling on old knowledge.
LEAVE_WITHIN_SECONDS = 2.0

#: The wait after a 429, if the API does not say how long to wait.
AFTER_429 = wait_exponential_jitter(multiplier=0.5, max=30, jitter=0.5)

#: The wait after answers that there were too many requests at once: most pass in a moment.
AFTER_THROTTLED = wait_exponential_jitter(multiplier=0.1, max=30, jitter=0.1)

#: How long a call may ring, if the campaign does not say.
RING_SECONDS = 60.0

#: An API of which nothing special is known.
ALIKE = Traits()

#: How long until a call is due again if its start did not reach the API.
AFTER_NOT_REACHED_SECONDS = 1.0

_NOT_ALLOWED = "transfer: not among CALLSCHED_ALLOWED_NUMBERS"


class Dialer:
    """Dials what is due on one account. Safe to use from many threads."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        duty: Duty,
        *,
        recorder: Recorder,
        demand: Demand,
        is_behind: Callable[[], bool],
        watchers: Watchers = NOBODY,
        traits: Traits = ALIKE,
    ) -> None:
        """`recorder` takes over with the answer, and `demand` says when to go on.

        `is_behind` says whether stops wait for this process. `watchers` watch every start.
        """
        self._ledger = ledger
        self._provider = provider
        self._duty = duty
        self._recorder = recorder
        self._demand = demand
        self._is_behind = is_behind
        self._watchers = watchers
        self._traits = traits
        self._can_search = isinstance(provider, Sweeps)
        self._queue_seconds = 0.0  #: of the last start that was accepted
        self._throttled = 0  #: how many answers in a row said that there were too many requests

    # Dialling -----------------------------------------------------------------------------------

    def dial(self, until: float | None = None) -> None:
        """Claim and dial one call after the other, until none may be claimed or `until`.

        With an `until` it lingers a moment for the next slot that this process frees: so a slot is
        handed on without a message.
        """
        with self._demand.one_more():
            found: Claim | bool = True
            while self._may_dial(found):
                give_way(self._is_behind, self._demand.closing)
                claim = found if isinstance(found, Claim) else self._claim()
                found = self._next(claim, until)

    def _may_dial(self, found: Claim | bool) -> bool:
        """Whether to go on; a claim that was handed on to a worker that leaves is given back."""
        if self._demand.is_closing and isinstance(found, Claim):
            self._give_back(found, "")
        return bool(found) and not self._demand.is_closing

    def _next(self, claim: Claim | float | None, until: float | None) -> Claim | bool:
        """Dial what was claimed; return the next claim, True to claim anew, or False to leave."""
        is_full = isinstance(claim, Claim) and self.dial_one(claim)
        if until is None:
            return isinstance(claim, Claim)
        if since_boot() >= until:
            return False  # before it lingers, or claims might be handed on to it for ever
        if is_full:
            return self._demand.linger()
        return isinstance(claim, Claim) or self._demand.wait_for(claim)

    def _claim(self) -> Claim | float | None:
        bid = self._duty.bid(self._provider.fingerprint)
        return calls.claim(self._ledger, self._duty.account, bid)

    def dial_one(self, claim: Claim) -> bool:
        """Dial one claimed call, and record its connection or how else it ends.

        True: with its connection the account was full, so that a claim would be in vain.
        """
        try:
            closes_at = self._open_until(claim)
            order = None if closes_at is None else self._order(claim)
            if closes_at is not None and order is not None:
                return self._dial(claim, order, closes_at)
        except StaleAttempt as error:
            logger.info("%s", error)
        return False

    def _open_until(self, claim: Claim) -> float | None:
        """Decide by the facts of the claim; `begin` decides by other facts in Redis.

        Returns until when the contact may be called; None if it may not be called now.
        """
        address = claim.contact.address
        if self._duty.allowed and address not in self._duty.allowed:
            self._finish(claim, Disposition.SKIPPED, reason=Reason.NOT_ALLOWED)
            return None
        found = opening(claim.policy, claim.contact, claim.now)
        if found.reason is not None:
            self._finish(claim, Disposition.SKIPPED, reason=found.reason)
        elif found.at > claim.now:
            self._give_back(claim, "", found.at - claim.now)
        else:
            return found.until
        return None

    def _order(self, claim: Claim) -> StartOrder | None:
        """Make the order for the start from facts that never change; None if the call ends here.

        A party to whom its script may transfer is checked like the one that it calls: here, and in
        `begin`.
        """
        try:
            order = StartOrder.of(
                claim.attempt,
                claim.policy,
                claim.contact,
                caller_ids=self._duty.caller_ids,
                blocked=claim.blocked_callers,
                callbacks=self._duty.callbacks,
                account=self._duty.account,
            )
        except ValueError as error:
            reason, message = Reason.INVALID_ROW, mask_text(str(error))
            self._finish(claim, Disposition.SKIPPED, reason=reason, message=message)
            return None
        allowed = self._duty.allowed
        if allowed and not allowed.issuperset(targets(order.script)):
            self._finish(
                claim, Disposition.SKIPPED, reason=Reason.NOT_ALLOWED, message=_NOT_ALLOWED
            )
            return None
        return order

    def _dial(self, claim: Claim, order: StartOrder, closes_at: float) -> bool:
        token = ""
        try:
            # First, because getting a token may take seconds, and from `begin` on time is short.
            self._provider.authorize(claim.max_duration_seconds)
            ringing = self._ringing(claim, order)
            token = uuid4().hex
            asked_at = since_boot()
            if not self._begin(claim, token, closes_at, targets(order.script), ringing):
                return False
            with self._watchers.see(Exchange("start", claim.attempt)):
                connection = self._provider.start(order, partial(_leave, asked_at))
        except ProviderError as error:
            logger.warning("%s: %s", claim.attempt, mask_text(str(error)))
            self._settle(claim, order, token, error)
            return False
        self._queue_seconds, self._throttled = connection.queue_seconds, 0
        return self._recorder.keep(claim, connection, since_boot(), ringing)

    def _ringing(self, claim: Claim, order: StartOrder) -> Ringing | None:
        """Return how long the call may ring and live; None if its start waits for the callee."""
        if not self._traits.rings:
            return None
        ring = order.ring_seconds or RING_SECONDS
        # Nobody knows yet how long it will wait in the queue: perhaps as long as the last one.
        lives = self._traits.ends_after(claim.max_duration_seconds)
        longest = self._queue_seconds + ring + Wait.MARGIN_SECONDS + lives
        return Ringing(ring, longest, order.caller_id, self._can_search)

    def _begin(
        self,
        claim: Claim,
        token: str,
        closes_at: float,
        transfers: tuple[str, ...],
        ringing: Ringing | None,
    ) -> bool:
        begin = partial(calls.begin, self._ledger, self._duty.account, claim.attempt, token)
        try:
            # The first byte may leave that much later, and still has to leave in time.
            return begin(
                max_duration_seconds=claim.max_duration_seconds,
                closes_at=closes_at - LEAVE_WITHIN_SECONDS,
                targets=transfers,
                ringing=ringing,
            )
        except LedgerTrouble:
            # The attempt may be on record as dialing. Nothing has been sent, so give it back.
            self._give_back(claim, token)
            return False

    def _settle(self, claim: Claim, order: StartOrder, token: str, error: ProviderError) -> None:
        """Record how a start ended that gave no connection."""
        message = str(error)
        match error:
            case AccountFault():
                self._block(order, error)
                if error.maybe_done:
                    self._lose(claim, order, message)
                else:
                    self._give_back(claim, token, signal="answered", message=message)
            case AtLimit() | Throttled():
                self._back_off(claim, token, error)
            case NotSent():
                delay = error.retry_after_seconds or AFTER_NOT_REACHED_SECONDS
                self._give_back(claim, token, delay)
            case NotDone(reached=False):
                delay = error.retry_after_seconds or AFTER_NOT_REACHED_SECONDS
                self._give_back(claim, token, delay, signal="failed", message=message)
            case NotDone():
                delay = error.retry_after_seconds or 0.0
                self._give_back(claim, token, delay, signal="answered", message=message)
            case Refused():
                self._finish(claim, Disposition.REJECTED, message=message, signal="answered")
            case _:
                self._lose(claim, order, message)

    def _block(self, order: StartOrder, error: AccountFault) -> None:
        """Have nobody dial with this caller id, if there are others, or else at all."""
        if isinstance(error, CallerIdFault) and order.other_caller_ids:
            block_caller(self._ledger, self._duty.account, error)
        else:
            block(self._ledger, self._duty.account, self._provider.fingerprint, error)

    def _give_back(
        self,
        claim: Claim,
        token: str,
        delay_seconds: float = 0.0,
        *,
        signal: str = "",
        message: str = "",
    ) -> None:
        give_back = partial(calls.give_back, self._ledger, self._duty.account, claim.attempt, token)
        insist(partial(give_back, delay_seconds=delay_seconds, signal=signal, message=message))

    def _back_off(self, claim: Claim, token: str, error: AtLimit | Throttled) -> None:
        """After a 429 the call has not failed. It is due again later, and the limit falls."""
        if isinstance(error, Throttled):
            self._ease_off(claim, token, error)
            return
        account = self._duty.account
        seen: LimitView = insist(partial(limits.read, self._ledger, account))
        lowered = limit.after_refusal(
            seen.limit,
            fits=seen.slots - 1,
            now=seen.now,
            reserve=self._duty.reserve,
            proven=seen.proven,
        )
        delay = error.retry_after_seconds or waited(AFTER_429, seen.refused_in_row + 1)
        give_back = partial(calls.give_back_at_limit, self._ledger, account, claim.attempt, token)
        insist(
            partial(give_back, delay_seconds=delay, message=str(error), seen=seen, lowered=lowered)
        )

    def _ease_off(self, claim: Claim, token: str, error: Throttled) -> None:
        """After too many requests the call has not failed, and the account's limit stays."""
        self._throttled += 1
        delay = error.retry_after_seconds or waited(AFTER_THROTTLED, self._throttled)
        insist(partial(limits.throttle, self._ledger, self._duty.account, delay))
        self._give_back(claim, token, delay, signal="answered", message=str(error))

    def _lose(self, claim: Claim, order: StartOrder, message: str) -> None:
        # A phone may be ringing, and nobody can stop that call: its slot stays taken.
        ringing = self._ringing(claim, order)
        hold = ringing.hold_seconds if ringing else claim.max_duration_seconds
        self._finish(
            claim,
            Disposition.UNKNOWN,
            reason=Reason.ANSWER_LOST,
            message=message,
            hold_seconds=hold,
            signal="failed",
        )

    def _finish(
        self,
        claim: Claim,
        disposition: Disposition,
        *,
        reason: Reason | None = None,
        message: str = "",
        hold_seconds: float = 0.0,
        signal: str = "",
    ) -> None:
        finish = partial(calls.finish, self._ledger, self._duty.account, claim.attempt, disposition)
        insist(
            partial(
                finish, reason=reason, message=message, hold_seconds=hold_seconds, signal=signal
            )
        )


def _leave(asked_at: float) -> None:
    passed = since_boot() - asked_at
    if passed > LEAVE_WITHIN_SECONDS:
        raise NotSent(f"held back: {passed:.1f} s have passed since it was begun")
