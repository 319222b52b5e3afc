"""`callsched retry`: call contacts of a campaign again, by how their calls ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any
from uuid import uuid4

import typer

from scheduler.cli import campaigns, console, options
from scheduler.cli.access import opened_ledger
from scheduler.errors import LedgerError
from scheduler.ledger import campaigns as ledger_campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import CampaignView, campaign_view
from scheduler.ledger.retrying import EndedCall, ended_calls, origin, origin_of, take
from scheduler.models import CampaignState, Disposition, Reason, Row
from scheduler.providers import PROVIDERS
from scheduler.settings import settings

#: What `failed` stands for. That an unknown call is made again has to be said in as many words.
FAILED = (Disposition.REJECTED, Disposition.NOT_REACHED)

#: Ends that a disposition alone does not name: these have to be said with their reasons.
ONLY_BY_REASON = ("unknown:placed",)

_COUNTRIES = " or ".join(api.countries_setting for api in PROVIDERS)
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

_EXAMPLE = "--only rejected,not_reached"


@dataclass
class _Survey:
    """Which ended calls are meant, counted."""

    wanted: frozenset[str]
    related: frozenset[str]  #: dispositions of which it is told what is left out
    free: int = 0  #: that no campaign has taken
    unknown: int = 0  #: of these, whose placing nobody learned of
    left_out: Counter[str] = field(default_factory=Counter)
    takers: Counter[str] = field(default_factory=Counter)  #: campaigns that have taken the others
    _free_marks: Any = field(default_factory=sha256)

    def look(self, call: EndedCall) -> None:
        """Count a call that has ended."""
        if not _is_meant(call, self.wanted):
            if call.disposition in self.related:
                self.left_out[call.label] += 1
        elif call.taken_by:
            self.takers[call.taken_by] += 1
        else:
            self.free += 1
            self.unknown += call.disposition == Disposition.UNKNOWN
            self._free_marks.update(f"{call.mark};".encode())

    def new_id(self, campaign_id: str) -> str:
        """Return the id of a campaign of those that are free: the same for the same ones."""
        return f"{campaign_id[:80]}-retry-{self._free_marks.hexdigest()[:8]}"


def retry(
    id_: options.ExistingId,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="ENDS",
            help="How their calls ended: dispositions, such as rejected,not_reached, or with a"
            " reason, such as skipped:capped. `failed` is rejected and not_reached.",
        ),
    ] = None,
    new_id: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            callback=options.campaign_id,
            help="Id of the new campaign. Without it: made of the old one's and of the calls.",
        ),
    ] = None,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Make a new campaign of contacts whose calls ended so, and print its id.

    It has the account and the policy of the old one, and workers dial it as any other. A call that
    has not ended is not taken, and each end of a call is taken once: the same command again calls
    nobody twice, and completes a load that broke off. An `unknown` call may have rung, and is
    taken only when `unknown` is named.

    Example: `callsched retry nightly-2026-11-22 --only rejected,not_reached`
    """
    chosen = settings()
    with opened_ledger(upgrades=True) as ledger:
        campaign = campaign_view(ledger, id_)
        campaign.expect_kept()
        survey = _survey(ledger, campaign, only)
        taker, is_open = _taker(ledger, campaign, survey, new_id)
        if is_open:
            count = survey.free + survey.takers[taker]
            _warn(survey)
            if not yes:
                campaigns.confirm(count, campaign.policy, chosen)
            _load(ledger, campaign, survey.wanted, taker)
            console.say(f"{count:,} contacts of {id_} are called again, as campaign {taker}")
        else:
            console.say(f"nothing to do: these contacts of {id_} are called by campaign {taker}")
        view = campaign_view(ledger, taker)
    if json:
        console.emit(view.as_record() | {"retry_of": id_})
    else:
        console.line(taker)


# Whom -----------------------------------------------------------------------------------------


def _survey(ledger: Ledger, campaign: CampaignView, only: str | None) -> _Survey:
    words = _words(campaign, only)
    wanted = frozenset(end for word in words for end in (FAILED if word == "failed" else (word,)))
    unknown = {Disposition.UNKNOWN} if "failed" in words else set()
    survey = _Survey(wanted, wanted | unknown)
    with console.counting("looking", "calls") as counted:
        looked = 0
        for page in ended_calls(ledger, campaign.campaign_id):
            for call in page:
                survey.look(call)
            looked += len(page)
            counted(looked, campaign.total)
    return survey


def _words(campaign: CampaignView, only: str | None) -> list[str]:
    """Read --only; bad usage, with what the campaign has, where it says nothing."""
    words = [word.strip().lower() for word in (only or "").split(",") if word.strip()]
    if not words:
        console.fail(f"say which calls are made again, such as {_EXAMPLE}")
        _show_ends(campaign)
        raise typer.Exit(2)
    for word in words:
        _expect_end(word)
    return words


def _expect_end(word: str) -> None:
    disposition, colon, reason = word.partition(":")
    if word != "failed" and disposition not in set(Disposition):
        known = ", ".join([*Disposition, "failed"])
        raise typer.BadParameter(f"expected some of {known}, got {word}", param_hint="--only")
    if colon and reason not in set(Reason):
        known = ", ".join(Reason)
        raise typer.BadParameter(
            f"expected a reason after {disposition}: such as {known}", param_hint="--only"
        )
    if word in NEVER:
        raise typer.BadParameter(f"{word} is not repeated: {NEVER[word]}", param_hint="--only")


def _is_meant(call: EndedCall, wanted: frozenset[str]) -> bool:
    if call.label in NEVER:
        return False
    if call.label in wanted:
        return True
    return call.disposition in wanted and call.label not in ONLY_BY_REASON


def _show_ends(campaign: CampaignView) -> None:
    ends = [(count, end, NEVER.get(end, "")) for end, count in campaign.dispositions.items()]
    if ends:
        console.err.print(console.table("", ("calls", "ended as", ""), ends))
    else:
        console.say(f"no call of campaign {campaign.campaign_id} has ended yet")


# By which campaign ----------------------------------------------------------------------------


def _taker(
    ledger: Ledger, campaign: CampaignView, survey: _Survey, new_id: str | None
) -> tuple[str, bool]:
    """Return the campaign that calls them, and whether it is still to be loaded."""
    if not survey.free and not survey.takers:
        console.fail(f"no call of campaign {campaign.campaign_id} that may be repeated ended so")
        _show_ends(campaign)
        raise typer.Exit(1)
    unfinished = [taker for taker in survey.takers if _is_loading(ledger, taker)]
    if new_id is not None:
        return _named(ledger, survey, new_id, unfinished)
    if unfinished:
        return unfinished[0], True
    if survey.free:
        return survey.new_id(campaign.campaign_id), True
    return _newest(ledger, survey.takers), False


def _named(ledger: Ledger, survey: _Survey, new_id: str, unfinished: list[str]) -> tuple[str, bool]:
    for taker in unfinished:
        if taker != new_id:
            console.warn(f"campaign {taker} is not loaded to its end: say --id {taker} to do so")
    if survey.free or new_id in unfinished:
        return new_id, True
    return _newest(ledger, survey.takers), False


def _view(ledger: Ledger, campaign_id: str) -> CampaignView | None:
    try:
        return campaign_view(ledger, campaign_id)
    except LedgerError:
        return None


def _is_loading(ledger: Ledger, campaign_id: str) -> bool:
    """Whether a load broke off: before its campaign was there, or before its last row was in."""
    view = _view(ledger, campaign_id)
    return view is None or view.state is CampaignState.LOADING


def _newest(ledger: Ledger, takers: Iterable[str]) -> str:
    return max(takers, key=lambda taker: campaign_view(ledger, taker).created_at)


def _warn(survey: _Survey) -> None:
    if survey.unknown:
        console.warn(f"{survey.unknown:,} of them ended as unknown: they may have been rung")
    for end, count in sorted(survey.left_out.items()):
        advice = NEVER.get(end, f"they may have been rung; name {end} to take them")
        console.say(f"{count:,} {end} are left out: {advice}")


# Loading --------------------------------------------------------------------------------------


def _load(ledger: Ledger, campaign: CampaignView, wanted: frozenset[str], taker: str) -> None:
    """Load the new campaign and seal it; what it knows from before changes nothing."""
    if _view(ledger, taker) and origin_of(ledger, taker) != campaign.campaign_id:
        raise LedgerError(f"campaign {taker} is there already, and is another one: say another id")
    ledger_campaigns.create(
        ledger,
        taker,
        account=campaign.account,
        name=campaign.name,
        policy=campaign.policy,
        digest=origin(campaign.campaign_id),
    )
    load_id, chunk = uuid4().hex, 0
    with console.counting("loading") as counted:
        for page in ended_calls(ledger, campaign.campaign_id):
            # What it took before it broke off is its own, whatever is asked for now.
            asked = [
                call
                for call in page
                if call.taken_by == taker or (not call.taken_by and _is_meant(call, wanted))
            ]
            if asked:
                chunk += 1
                taken = take(ledger, campaign.campaign_id, asked, taker)
                ledger_campaigns.load(ledger, taker, load_id, chunk, map(_row, taken))
            counted(chunk)
    ledger_campaigns.seal(ledger, taker, load_id)


def _row(call: EndedCall) -> Row:
    return Row(call.contact, call.line, has_id=True)
