"""Carries out an operator's verdicts on unknown calls: on one, or on all that match a filter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

from scheduler.errors import LedgerError, StaleAttempt
from scheduler.fields.counts import counted
from scheduler.ledger import controls, unknowns, views
from scheduler.ledger.attention import CampaignInNeed
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.unknowns import Resolution
from scheduler.ledger.views import CampaignView
from scheduler.models import Attempt, Reason
from scheduler.operations import found_calls, reconcile
from scheduler.operations.orders import about
from scheduler.operations.reconcile import Case, Inquiry, Outcome
from scheduler.operations.unknown_calls import Which, campaigns, legible
from scheduler.settings import Settings

#: How many calls to settle at most in one order, which takes some seconds.
MOST_AT_ONCE = 10_000
#: About how many calls to ask the provider at most: some need a request for each.
MOST_LOOKUPS = 100
_STEP = 1_000


class Word(StrEnum):
    """The verdicts on an unknown call."""

    PLACED = "placed"  #: it rang: it stays unknown, and is never dialled again
    NOT_PLACED = "not_placed"  #: it never rang: it counts as not dialled, its slot is free
    REDIAL = "redial"  #: it never rang, and is to be dialled now
    ATTACH = "attach"  #: it is this call of the account, which gets its deadline
    END = "end"  #: end this call of the account, which may be it


@dataclass(frozen=True, slots=True)
class Verdict:
    """An operator's verdict."""

    word: Word
    connection_id: str = ""  #: of the call to attach or end
    #: Whether to ask the provider whether a phone has rung, before one may ring again.
    asks_first: bool = True


class NotUnknown(StaleAttempt):
    """The call is no longer unknown; the message says what state it is in."""


class MayBePlaced(LedgerError):
    """It was placed, or one of these calls of the account may be it: so it is not redialled."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class NotAsked(LedgerError):
    """The provider could not be asked whether a phone has rung."""


class CountMoved(LedgerError):
    """There are more or fewer matching calls than the operator saw when they decided."""

    def __init__(self, count: int, shown: int) -> None:
        super().__init__(
            f"this would now settle {counted(count, 'call')}, not {shown}: look at them again"
        )
        self.count = count


class TooMany(LedgerError):
    """There are too many calls for one order."""


# Of one call --------------------------------------------------------------------------------------


def decide(
    ledger: Ledger,
    settings: Settings,
    campaign: CampaignView,
    attempt: Attempt,
    verdict: Verdict,
    control: Control,
) -> None:
    """Carry out a verdict on one unknown call, and record it. Repeating it is harmless.

    Raises NotUnknown, MayBePlaced, NotAsked, LedgerError, or ConfigError if the provider can't be
    asked at all.
    """
    if _was_done(ledger, attempt, verdict):
        return
    case = _case(ledger, campaign, attempt)
    if verdict.word in (Word.ATTACH, Word.END):
        _handle(ledger, campaign, case, verdict, control)
        return
    resolution = Resolution(verdict.word)
    if resolution is not Resolution.PLACED:
        case = _not_placed(ledger, settings, Inquiry(campaign, (case,)), verdict)
    done = reconcile.settle(ledger, Inquiry(campaign, (case,)), resolution, control).cases[0]
    if done.outcome is Outcome.STALE:
        raise _stale(ledger, attempt)
    if done.outcome is Outcome.PROVEN:
        raise MayBePlaced("its conversation proves that it was placed")


def _was_done(ledger: Ledger, attempt: Attempt, verdict: Verdict) -> bool:
    match verdict.word:
        case Word.REDIAL:
            return reconcile.is_redialled(ledger, attempt)
        case Word.ATTACH:
            _, connection_id = unknowns.last_verdict(ledger, attempt)
            return bool(connection_id) and connection_id == verdict.connection_id
        case _:
            return False


def _case(ledger: Ledger, campaign: CampaignView, attempt: Attempt) -> Case:
    for case in reconcile.of_rows(ledger, campaign, {attempt.row}).cases:
        if case.call.attempt == attempt:
            return case
    raise _stale(ledger, attempt)


def _stale(ledger: Ledger, attempt: Attempt) -> NotUnknown:
    result = views.result(ledger, attempt.campaign_id, attempt.row)
    ended = ":".join(filter(None, (result["disposition"], result["reason"])))
    return NotUnknown(f"the call is not unknown any more: {ended or result['state']}")


def _handle(
    ledger: Ledger, campaign: CampaignView, case: Case, verdict: Verdict, control: Control
) -> None:
    connection_id = verdict.connection_id
    if not connection_id:
        raise LedgerError(f"name the call of the account to {verdict.word}")
    is_attach = verdict.word is Word.ATTACH
    named = (connection_id, "") if is_attach else ("", connection_id)
    found_calls.decide(ledger, campaign.account, case.call, *named, control)
    what = f"row {case.call.attempt.row} " + ("is" if is_attach else "may be, and is ended:")
    controls.note(ledger, campaign.campaign_id, "settle", about(control, f"{what} {connection_id}"))


def _not_placed(ledger: Ledger, settings: Settings, inquiry: Inquiry, verdict: Verdict) -> Case:
    """Return the one case of an inquiry, after checking that nothing shows that a phone rang."""
    case = inquiry.cases[0]
    is_settled = case.call.reason == Reason.NOT_PLACED
    if verdict.asks_first and not is_settled and not case.conversation_id:
        found = reconcile.look_up(ledger, inquiry, settings, reads=False)
        if found.lookup_error:
            raise NotAsked(found.lookup_error)
        case = found.cases[0]
    if case.conversation_id:
        raise MayBePlaced("its conversation proves that it was placed")
    if verdict.asks_first and case.candidates and not is_settled:
        raise MayBePlaced(
            f"calls of the account may be it: {', '.join(case.candidates)}", case.candidates
        )
    return replace(case, outcome=Outcome.NOT_FOUND)


# Of many ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """The results of settling calls by a filter; the other fields add up to `count`."""

    count: int
    settled: int
    proven: int  #: left alone, because their conversations prove that they were placed
    candidates: int  #: left alone, because calls of the account may be them
    stale: int  #: no longer unknown


def decide_all(
    ledger: Ledger,
    settings: Settings,
    which: Which,
    verdict: Verdict,
    shown: int,
    control: Control,
) -> Tally:
    """Settle every open call that matches a filter, each in its own step.

    Calls that callsched will redial anyway do not match. Raises CountMoved, and settles nothing, if
    there are not as many as were `shown`; TooMany; NotAsked.
    """
    found = [each for each in campaigns(ledger, which) if each.open]
    _expect_count(sum(each.open for each in found), shown, verdict)
    inquiries = [_open_calls(ledger, each) for each in found]
    _expect_count(sum(len(each.cases) for each in inquiries), shown, verdict)
    if verdict.word is not Word.PLACED and verdict.asks_first:
        inquiries = [_asked(ledger, settings, each) for each in inquiries if each.cases]
    outcomes: Counter[Outcome] = Counter()
    for inquiry in inquiries:
        open_ = [case for case in inquiry.cases if not _may_be_placed(case, verdict)]
        chosen = replace(inquiry, cases=tuple(open_))
        if open_:
            chosen = reconcile.settle(ledger, chosen, Resolution(verdict.word), control)
        kept = [case for case in inquiry.cases if _may_be_placed(case, verdict)]
        outcomes.update(case.outcome for case in (*chosen.cases, *kept))
    return Tally(
        count=shown,
        settled=outcomes[Outcome.SETTLED],
        proven=sum(outcomes[one] for one in (Outcome.PROVEN, Outcome.FOUND, Outcome.KNOWN)),
        candidates=outcomes[Outcome.CANDIDATES],
        stale=outcomes[Outcome.STALE],
    )


def _expect_count(count: int, shown: int, verdict: Verdict) -> None:
    if count != shown:
        raise CountMoved(count, shown)
    if count > MOST_AT_ONCE:
        raise TooMany(
            f"{counted(count, 'call')}: at most {MOST_AT_ONCE} are settled at once, name a campaign"
        )
    if verdict.word is not Word.PLACED and verdict.asks_first and count > MOST_LOOKUPS:
        raise TooMany(
            f"{counted(count, 'call')}: the provider is asked about at most {MOST_LOOKUPS} at"
            f" once; name a"
            " campaign, or settle them without asking it"
        )


def _open_calls(ledger: Ledger, campaign: CampaignInNeed) -> Inquiry:
    rows: list[int] = []
    row = 1
    while row <= campaign.total:
        until = min(campaign.total, row + _STEP - 1)
        row, some = unknowns.rows(
            ledger, campaign.campaign_id, row, until, MOST_AT_ONCE, is_open=True
        )
        rows += some
    view = views.campaign(ledger, campaign.campaign_id)
    rows = [call.attempt.row for call in legible(ledger, campaign, rows)]
    if not rows:
        return Inquiry(view, ())
    inquiry = reconcile.of_rows(ledger, view, rows)
    waits_or_settled = ("", Reason.NOT_PLACED, Reason.PLACED)
    cases = [case for case in inquiry.cases if case.call.reason not in waits_or_settled]
    return replace(inquiry, cases=tuple(cases))


def _asked(ledger: Ledger, settings: Settings, inquiry: Inquiry) -> Inquiry:
    found = reconcile.look_up(ledger, inquiry, settings, reads=False)
    if found.lookup_error:
        raise NotAsked(found.lookup_error)
    return found


def _may_be_placed(case: Case, verdict: Verdict) -> bool:
    """Whether to leave a case alone, because the verdict might ring a phone a second time."""
    return verdict.word is not Word.PLACED and (
        not case.is_open or case.outcome is Outcome.CANDIDATES
    )


def look_up(ledger: Ledger, settings: Settings, campaign: CampaignView, rows: list[int]) -> Inquiry:
    """Ask the provider about unknown calls of a campaign. Raises NotAsked, or ConfigError."""
    inquiry = reconcile.of_rows(ledger, campaign, rows)
    return _asked(ledger, settings, inquiry) if rows and inquiry.cases else inquiry
