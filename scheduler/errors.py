"""What can go wrong, and what must the catcher do.

SchedulerError
├── ConfigError        the environment is wrong: the operator mends the named variable
├── CampaignError      a campaign file is wrong: says file, line and column of each problem
├── ScriptError        a provider can't do what a script says: refused before anybody is called
├── Forged             a callback that the provider has not signed: 403, and nothing is written
├── Unreadable         a callback that it has signed, and nobody understands: counted
├── LedgerError        the ledger can't take this: no such campaign, finished, newer schema
│   ├── NoSuchCampaign there is none of this id
│   ├── MovedOn        an order was given in view of what is no longer so: look again
│   └── StaleAttempt   the call has moved on: drop what this attempt had to say
├── LedgerTrouble      Redis does not do what it was asked, for whatever reason
│   ├── LedgerUnreachable  it does not answer, or can't write: nothing is lost, go on later
│   │   └── LedgerShut     … and won't until the operator mends login, certificates or rights
│   └── LedgerFault        it refuses: our bug, or a server of another kind
├── Forged             a request that its provider has not signed: answer 403, believe nothing
├── Unreadable         a request that it has signed, and that nobody here understands: drop it
└── ProviderError
    ├── NotDone        the API did nothing (never reached, 401 before a refresh): ask again later
    │   ├── NotSent    nothing left this machine: give the attempt back, count nothing
    │   ├── Throttled  too many requests at once: back off, touch no limit
    │   └── AtLimit    429: give slot and attempt back, lower the learned limit
    ├── MaybeDone      the answer is lost (read timeout, reset, 5xx): never repeat a start
    ├── Refused        the API will never accept this one (400, 403): give up on it
    ├── NoSuchConnection  a stop was answered 404 or 410 in the API's own words
    ├── NotRecorded    the API has nothing of a conversation: not yet, or nothing was said
    └── AccountFault   nobody can dial on this account (401 after a refresh, 402, a wrong base
                       URL): stop dialling, say so loudly, still send stops
        └── CallerIdFault  nobody can dial from this number of ours, from others perhaps
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SchedulerError(Exception):
    """Base of everything that callsched raises on purpose; each argument is a line of its words."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class ConfigError(SchedulerError):
    """The environment is wrong; the message names the variable to set."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a campaign file, where it is, and what was expected."""

    path: str
    message: str
    line: int | None = None  #: counted from 1; None when the file as a whole is meant
    column: str | int | None = None  #: a column's name, or a position counted from 1
    code: str = "invalid"  #: short and stable, for programs

    def __str__(self) -> str:
        place = ":".join(
            str(part) for part in (self.path, self.line, self.column) if part is not None
        )
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Alike:
    """Problems of one kind: only what was given differs."""

    first: tuple[Problem, ...]
    last: Problem
    count: int


class CampaignError(SchedulerError):
    """A campaign file is wrong. Carries the first problems and how many there are in all.

    `alike` has the first of each kind, and how many of it there are.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        total: int | None = None,
        alike: Sequence[Alike] = (),
    ) -> None:
        self.problems = tuple(problems)
        self.alike = tuple(alike)
        self.total = len(self.problems) if total is None else total
        super().__init__(*self.problems)


def refusal(
    path: str,
    message: str,
    line: int | None = None,
    column: str | int | None = None,
    code: str = "unreadable",
) -> CampaignError:
    """Return the error for one problem that ends the reading of a file."""
    return CampaignError([Problem(path, message, line, column, code)])


class ScriptError(SchedulerError):
    """The provider can't do what a script says; the message says which step, and what to write."""


class LedgerError(SchedulerError):
    """The ledger refuses: no such campaign, a finished one, a schema that is newer than ours."""


class NoSuchCampaign(LedgerError):
    """There is no campaign of this id, or the visitor may not see it."""

    def __init__(self, campaign_id: str, near: Sequence[str] = ()) -> None:
        """`near` are ids that may have been meant."""
        super().__init__(_none_of(campaign_id, near, "`callsched status`"))
        self.campaign_id = campaign_id
        self.on_the_web = _none_of(
            campaign_id, near, "the list of campaigns"
        )  #: for those who see the console or the API


def _none_of(campaign_id: str, near: Sequence[str], where: str) -> str:
    way_out = f"did you mean {' or '.join(near)}?" if near else f"{where} names them all"
    return f"there is no campaign {campaign_id}; {way_out}"


class MovedOn(LedgerError):
    """The campaign has changed since the operator looked at it; nothing was done."""

    def __init__(self, campaign_id: str) -> None:
        super().__init__(
            f"campaign {campaign_id} has moved on since it was looked at: nothing was changed;"
            " look again, and decide again"
        )


class StaleAttempt(LedgerError):
    """The call has moved on; what this attempt had to say is dropped."""


class LedgerTrouble(SchedulerError):
    """Redis does not do what it was asked. A worker goes on: it claims nothing, and sends stops."""


class LedgerUnreachable(LedgerTrouble):
    """Redis does not answer. What was asked may or may not have been done."""


class LedgerShut(LedgerUnreachable):
    """Redis lets us not in: login, certificates or rights are wrong, and the operator mends them.

    A process that starts gives up with it; one that runs goes on once they are mended.
    """


class LedgerFault(LedgerTrouble):
    """Redis answers, and refuses what it was asked: nothing that waiting would mend.

    It is no LedgerError, for it says nothing about a campaign.
    """


class ProviderError(SchedulerError):
    """The telephony API did not do what it was asked. `retry_after_seconds` is its own wish."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotDone(ProviderError):
    """The API did nothing: it was never reached, or it said no for now. Safe to ask again."""

    def __init__(
        self, message: str, *, retry_after_seconds: float | None = None, reached: bool = True
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.reached = reached  #: False when no connection came about: counts as an outage


class NotSent(NotDone):
    """We held the request back ourselves, because too much time had passed. No phone rings."""


class AtLimit(NotDone):
    """429: the account's concurrency limit. The call has not failed."""


class Throttled(NotDone):
    """Too many requests at once, of whatever kind. It says nothing of the concurrency limit."""


class MaybeDone(ProviderError):
    """The request left and its answer is lost. A phone may ring: never repeat a start."""


class Refused(ProviderError):
    """The API will never accept this one."""


class Forged(SchedulerError):
    """A request that says it comes from the provider, and that the provider has not signed."""


class Unreadable(SchedulerError):
    """A request that the provider has signed, and that nobody here understands."""


class NoSuchConnection(ProviderError):
    """A stop was answered 404 or 410 by the API itself: perhaps over, perhaps not known yet."""


class NotRecorded(ProviderError):
    """The API has nothing of a conversation: not yet, or nothing was recorded."""


class AccountFault(ProviderError):
    """Nobody can dial with these credentials at this address."""

    def __init__(self, message: str, *, maybe_done: bool = False) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done  #: True when the request itself may have rung a phone


class CallerIdFault(AccountFault):
    """Nobody can dial from this number: block it alone where the account has others."""

    def __init__(self, message: str, *, caller_id: str = "") -> None:
        super().__init__(message)
        self.caller_id = caller_id  #: E.164, as the order had it
