"""What each of Twilio's error codes means for a call: the one table of them.

A code comes in the answer to a start, or, once a start was accepted and its call has `failed`, in
the call's notifications. See https://www.twilio.com/docs/api/errors and its page for each code,
https://www.twilio.com/docs/api/errors/20500 and 21204 above all: after these a start may ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Reaction(Enum):
    """How callsched reacts to a code: each is one class of `errors.py`."""

    THROTTLED = auto()  #: too many requests at once; nothing rang
    AT_LIMIT = auto()  #: too many calls at once; nothing rang
    MAYBE_DONE = auto()  #: a phone may ring
    REFUSED = auto()  #: not this callee
    CALLER_ID = auto()  #: not from this number of ours
    ACCOUNT = auto()  #: nobody with these credentials, or with this campaign's settings
    NONE = auto()  #: only the message is passed on


@dataclass(frozen=True, slots=True)
class Code:
    """One error code."""

    answered: Reaction  #: when it answers a start
    failed: Reaction = Reaction.NONE  #: when an accepted call has failed with it
    hint: str = ""  #: what the operator can do


_CALLEE = Code(Reaction.REFUSED, Reaction.REFUSED)
_AFTERWARDS = Code(Reaction.REFUSED)
_ACCOUNT = Code(Reaction.ACCOUNT)
_MAYBE = Code(Reaction.MAYBE_DONE)


def _callee(hint: str) -> Code:
    return Code(Reaction.REFUSED, Reaction.REFUSED, hint)


def _account(hint: str) -> Code:
    return Code(Reaction.ACCOUNT, hint=hint)


_LIMIT = Code(Reaction.AT_LIMIT, Reaction.AT_LIMIT, "the account's calls at once are used up")
_CREDENTIALS = _account(
    "check the account's SID with its token or key, that it is not suspended, and the region"
)
_MONEY = _account("the account is not active: funds, or suspended; 5 to 10 minutes after a payment")
_RIGHTS = _account("the API key lacks the right to place calls")
_BASE_URL = _account("check CALLSCHED_TWILIO_BASE_URL and the account's SID")
_OURS = _account("callsched sent no number: this is a fault of ours")
_CAMPAIGN = _account("a setting of the campaign's calls")
_CALLER_ID = Code(
    Reaction.CALLER_ID, hint="the caller id is no number of the account, and not a verified one"
)
_DIAL = _callee("of a transfer")

CODES: Mapping[int, Code] = {
    # The account.
    10001: _MONEY,
    10002: _account("not for trial accounts: upgrade it"),
    10004: _LIMIT,
    20003: _CREDENTIALS,
    20004: _BASE_URL,
    20005: _MONEY,
    20006: _RIGHTS,
    20008: _account("test credentials can't do this"),
    20403: _CREDENTIALS,
    20404: _BASE_URL,
    20429: Code(Reaction.THROTTLED),
    20500: _MAYBE,
    20503: _MAYBE,
    70051: _RIGHTS,
    86008: _LIMIT,
    # The start.
    21201: _OURS,
    21202: _callee("a premium number"),
    21203: _callee("international calls are off in Twilio's console"),
    21204: _MAYBE,  # "already initiated": the API had accepted it before
    21205: _CAMPAIGN,
    21206: _callee("its key presses can't be sent"),
    21208: _CAMPAIGN,
    21209: _CAMPAIGN,
    21210: _CALLER_ID,
    21211: _CALLEE,
    21212: _CALLER_ID,
    21213: _OURS,
    21214: _CALLEE,
    21215: _callee("calls to its country are off: Geo permissions in Twilio's console"),
    21216: _callee("on Twilio's own block list"),
    21217: _CALLEE,
    21218: _CAMPAIGN,
    21219: _callee("a trial account calls verified numbers alone: verify it, or upgrade"),
    21220: Code(Reaction.REFUSED, hint="the call is over, or not answered yet"),
    21221: _CALLEE,
    21222: _CALLEE,
    21223: _CALLEE,
    21224: _CALLEE,
    21225: _CAMPAIGN,
    21226: _CAMPAIGN,
    21227: _CALLEE,
    21228: _CALLEE,
    21229: _CALLEE,
    21234: _CAMPAIGN,
    32018: _CAMPAIGN,
    # Codes with which an accepted call has failed or ended.
    11200: _AFTERWARDS,
    11205: _AFTERWARDS,
    12100: _AFTERWARDS,
    13224: _DIAL,
    13225: _DIAL,
    13226: _DIAL,
    13227: _DIAL,
    13805: Code(Reaction.REFUSED, hint="a trial call ends after 10 minutes"),
    15002: _AFTERWARDS,
    15003: _AFTERWARDS,
    32009: Code(Reaction.REFUSED, hint="the SIP user is not registered"),
    32014: Code(Reaction.REFUSED, hint="no audio came from the callee's side"),
    32015: Code(Reaction.REFUSED, hint="it reached its time limit"),
    32016: Code(Reaction.REFUSED, hint="the carrier did not connect it in time"),
    32017: _callee("the carrier blocks the caller id for its reputation"),
}

_UNKNOWN = Code(Reaction.REFUSED)

#: Statuses that say who can't dial, if no code does.
_OF_ACCOUNT = (401, 403, 404, 405)


def reaction(status: int, code: int | None, *, is_page: bool = False) -> Reaction:
    """Return the reaction to an answer to a start that is not 2xx. `is_page`: it is HTML.

    A 5xx never counts as a refusal, whatever its code: a phone may ring.
    """
    if status >= 500 or status == 408:
        return Reaction.MAYBE_DONE
    if code is not None and code in CODES:
        return CODES[code].answered
    if status == 429:
        return Reaction.THROTTLED
    if status < 400 or status in _OF_ACCOUNT or is_page:
        return Reaction.ACCOUNT
    return Reaction.REFUSED


def reaction_once_failed(code: int) -> Reaction:
    """Return the reaction to an accepted call that has failed with this code."""
    return CODES.get(code, _UNKNOWN).failed


def hint(code: int | None) -> str:
    """Return what the operator can do about a code; "": nothing is known."""
    return CODES.get(code, _UNKNOWN).hint if code is not None else ""
