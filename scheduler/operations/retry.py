"""Calls contacts of a campaign again as a new campaign, by how their calls ended.

In this order: `survey` counts the calls that match, `plan` says which campaign calls them, and
`load` creates that campaign. Only one campaign takes an ended call, so all of this may be repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

from scheduler.errors import LedgerError
from scheduler.fields.conditions import Condition, HeardSo, read_condition
from scheduler.ledger import campaigns, columns, retries, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.retries import EndedCall
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState, Disposition, Reason, Row, label_of
from scheduler.operations.answers import expect_asked
from scheduler.providers import PROVIDERS

#: What `failed` stands for. An unknown call is only made again if it is named expressly.
FAILED = (Disposition.REJECTED, Disposition.NOT_REACHED)

#: Ends that must be named with their reasons; the disposition alone does not include them.
ONLY_BY_REASON = ("unknown:placed",)

_COUNTRIES = " or ".join(api.countries_setting for api in PROVIDERS if api.countries_setting)

#: Ends that are not repeated, and what to do instead.
NEVER = {
    "skipped:do_not_call": "take the number off its list, and submit the file again",
    "skipped:emergency_number": "it is never called",
    "skipped:short_number": "it is never called",
    "skipped:premium_number": "it is never called",
    "skipped:duplicate": "the row that stands for it is called",
    "skipped:invalid_number": "mend the row, and submit the file again",
    "skipped:invalid_row": "mend the row, and submit the file again",
    "skipped:unsupported_country": f"see {_COUNTRIES}, and submit the file again",
}

#: Called with how many of a campaign's calls were checked, and of how many.
OnLook = Callable[[int, int], None]


class NothingToRetry(LedgerError):
    """No call matches, or none of those may be repeated."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Chooses calls by how they ended, or by answers; any match counts."""

    wanted: frozenset[str]  #: dispositions, and dispositions with a reason
    related: frozenset[str]  #: dispositions of which calls that don't match are reported
    answers: tuple[Condition | HeardSo, ...] = ()

    def mean(self, call: EndedCall) -> bool:
        """Whether a call matches."""
        if call.label in NEVER:
            return False
        if call.label in self.wanted:
            return True
        if call.disposition in self.wanted and call.label not in ONLY_BY_REASON:
            return True
        # It may still be live, and an unknown call has to be named to be made again.
        return call.disposition != Disposition.UNKNOWN and self._is_answered_so(call)

    def leave_out(self, call: EndedCall) -> bool:
        """Whether to report that a call, which does not match, is left out."""
        return call.disposition in self.related or self._is_answered_so(call)

    def _is_answered_so(self, call: EndedCall) -> bool:
        return any(one.holds_of(call.facts) for one in self.answers)


def read_ends(words: Sequence[str]) -> Ends:
    """Read dispositions, some with a reason, `failed`, and answers such as `confirm=2`.

    Raises ValueError for another word.
    """
    answers = tuple(read_condition(word) for word in words if "=" in word)
    words = [label_of(word.lower()) for word in words if "=" not in word]
    for word in words:
        _expect_end(word)
    wanted = frozenset(end for word in words for end in (FAILED if word == "failed" else (word,)))
    unknown = {Disposition.UNKNOWN} if "failed" in words else set()
    return Ends(wanted, wanted | unknown, answers)


def _expect_end(word: str) -> None:
    disposition, colon, reason = word.partition(":")
    if word != "failed" and disposition not in set(Disposition):
        known = ", ".join([*Disposition, "failed"])
        raise ValueError(f"expected some of {known}, or an answer such as confirm=2, got {word}")
    if colon and reason not in set(Reason):
        raise ValueError(f"expected a reason after {disposition}: such as {', '.join(Reason)}")
    if word in NEVER:
        raise ValueError(f"{word} is not repeated: {NEVER[word]}")


# Whom -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidates:
    """The numbers of ended calls that match."""

    campaign: CampaignView
    ends: Ends
    free: int  #: calls that no campaign has taken
    unknown: int  #: how many of these are unknown
    left_out: Mapping[str, int]  #: label -> how many
    takers: Mapping[str, int]  #: campaign that has taken others -> how many
    digest: str  #: of the free ones

    @property
    def new_id(self) -> str:
        """The id of a campaign for the free calls: the same for the same calls."""
        return f"{self.campaign.campaign_id[:80]}-retry-{self.digest[:8]}"


def survey(
    ledger: Ledger,
    campaign: CampaignView,
    ends: Ends,
    on_progress: OnLook = lambda done, total: None,
) -> Candidates:
    """Count the calls of a campaign that match.

    Raises LedgerError for an answer to a step that the campaign does not have.
    """
    expect_asked(campaign, ends.answers)
    looked = free = unknown = 0
    left_out, takers, marks = Counter[str](), Counter[str](), sha256()
    for page in _ended_calls(ledger, campaign, ends):
        for call in page:
            if not ends.mean(call):
                if ends.leave_out(call):
                    left_out[call.label] += 1
            elif call.taken_by:
                takers[call.taken_by] += 1
            else:
                free += 1
                unknown += call.disposition == Disposition.UNKNOWN
                marks.update(f"{call.mark};".encode())
        looked += len(page)
        on_progress(looked, campaign.total)
    return Candidates(campaign, ends, free, unknown, left_out, takers, marks.hexdigest())


def _ended_calls(ledger: Ledger, campaign: CampaignView, ends: Ends) -> Iterator[list[EndedCall]]:
    """Yield a campaign's ended calls, with answers and callee facts if the ends need them."""
    yield from retries.ended_calls(
        ledger,
        campaign.campaign_id,
        with_answers=bool(ends.answers),
        with_heard=any(isinstance(one, HeardSo) for one in ends.answers),
    )


# By which campaign ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """Which campaign calls the contacts of a survey again."""

    survey: Candidates
    campaign_id: str
    is_open: bool  #: whether it is not loaded, or not completely
    unfinished: tuple[str, ...] = ()  #: other campaigns of the survey that are partly loaded

    @property
    def count(self) -> int:
        """How many contacts the campaign has once it is loaded."""
        return self.survey.free + self.survey.takers.get(self.campaign_id, 0)


def plan(ledger: Ledger, surveyed: Candidates, new_id: str | None = None) -> Plan:
    """Return which campaign calls them: one that is partly loaded, else a new one.

    Raises NothingToRetry if no call matches.
    """
    if not surveyed.free and not surveyed.takers:
        campaign_id = surveyed.campaign.campaign_id
        raise NothingToRetry(f"no calls in {campaign_id} match, or none of them may be retried")
    unfinished = [taker for taker in surveyed.takers if _is_loading(ledger, taker)]
    if new_id is not None:
        others = tuple(taker for taker in unfinished if taker != new_id)
        if surveyed.free or new_id in unfinished:
            return Plan(surveyed, new_id, is_open=True, unfinished=others)
        return Plan(surveyed, _newest(ledger, surveyed.takers), is_open=False, unfinished=others)
    if unfinished:
        return Plan(surveyed, unfinished[0], is_open=True)
    if surveyed.free:
        return Plan(surveyed, surveyed.new_id, is_open=True)
    return Plan(surveyed, _newest(ledger, surveyed.takers), is_open=False)


def _view(ledger: Ledger, campaign_id: str) -> CampaignView | None:
    try:
        return views.campaign(ledger, campaign_id)
    except LedgerError:
        return None


def _is_loading(ledger: Ledger, campaign_id: str) -> bool:
    """Whether a load broke off, before its campaign was created or before its last row."""
    view = _view(ledger, campaign_id)
    return view is None or view.state is CampaignState.LOADING


def _newest(ledger: Ledger, takers: Iterable[str]) -> str:
    return max(takers, key=lambda taker: views.campaign(ledger, taker).created_at)


# Loading --------------------------------------------------------------------------------------


def load(
    ledger: Ledger, planned: Plan, on_progress: Callable[[int], None] = lambda chunks: None
) -> None:
    """Load the planned campaign and seal it; rows that it has change nothing.

    The callback `on_progress` gets the number of chunks loaded. Raises LedgerError if another
    campaign has its id.
    """
    campaign, taker = planned.survey.campaign, planned.campaign_id
    if _view(ledger, taker) and retries.origin_of(ledger, taker) != campaign.campaign_id:
        raise LedgerError(f"there is already another campaign {taker}: choose another id")
    campaigns.create(
        ledger,
        taker,
        account=campaign.account,
        name=campaign.name,
        policy=campaign.policy,
        digest=retries.origin(campaign.campaign_id),
        columns=columns.known(ledger, campaign.campaign_id),
    )
    load_id, chunk = uuid4().hex, 0
    for page in _ended_calls(ledger, campaign, planned.survey.ends):
        # A load that broke off keeps the calls that it took, even if they don't match now.
        asked = [
            call
            for call in page
            if call.taken_by == taker or (not call.taken_by and planned.survey.ends.mean(call))
        ]
        if asked:
            chunk += 1
            taken = retries.take(ledger, campaign.campaign_id, asked, taker)
            campaigns.load(ledger, taker, load_id, chunk, map(_row, taken))
        on_progress(chunk)
    campaigns.seal(ledger, taker, load_id)


def _row(call: EndedCall) -> Row:
    return Row(call.contact, call.line, has_id=True)
