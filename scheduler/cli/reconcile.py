"""`callsched reconcile`: what became of calls whose placing nobody learned of."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from scheduler.calls.collector import Collector
from scheduler.calls.dialer import Duty
from scheduler.cli import console, options
from scheduler.cli.access import expect_account, opened_ledger
from scheduler.clock import since_boot
from scheduler.errors import ConfigError, ProviderError, StaleAttempt
from scheduler.fields.contact_label import label_of
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import CampaignView, campaign_view, find_row, result
from scheduler.ledger.settling import (
    Settled,
    UnknownCall,
    Verdict,
    attach,
    settle,
    still_to_read,
    unknown_calls,
)
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.masking import mask_text
from scheduler.models import Reason, conversation_name
from scheduler.operations.patience import patiently
from scheduler.providers import FoundConversation, Symbl
from scheduler.settings import Settings, settings

#: Around the instant of `begin`, in which a conversation is looked for: the API's clock may differ,
#: and a worker that was frozen may have sent its start late.
BEFORE_SECONDS, AFTER_SECONDS = 600.0, 3600.0

#: Besides the patience for what was said, in which it is read.
_READING_SECONDS = 5.0


@dataclass
class _Case:
    """An unknown call, and what is found out about it here."""

    call: UnknownCall
    name: str
    label: str
    outcome: str = "not_looked_up"  #: or not_found, found, known, settled, proven, stale
    conversation_id: str = ""
    is_live: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still for the operator to say."""
        return not self.conversation_id and self.outcome != "stale"

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "contact_id": self.call.contact.contact_id,
            "row": self.call.attempt.row,
            "attempt": self.call.attempt.number,
            "name": self.name,
            "outcome": self.outcome,
            "conversation_id": self.conversation_id or None,
            "may_be_live": self.is_live,
            "begun_at": self.call.begun_at,
            "held_until": self.call.held_until,
            "redial_at": self.call.redial_at,
        }


@dataclass
class _Report:
    """What was done."""

    cases: list[_Case]
    verdict: Verdict | None
    errors: list[str] = field(default_factory=list)

    def count(self, *outcomes: str) -> int:
        """Return how many calls have one of these outcomes."""
        return sum(case.outcome in outcomes for case in self.cases)


def reconcile(
    id_: options.ExistingId,
    contacts: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONTACT", help="As for `transcript`. Without any: every one."),
    ] = None,
    placed: Annotated[
        bool, typer.Option("--placed", help="Settle: they rang. They are never dialled again.")
    ] = False,
    not_placed: Annotated[
        bool, typer.Option("--not-placed", help="Settle: no phone rang. Their slots are free.")
    ] = False,
    redial: Annotated[
        bool, typer.Option("--redial", help="With --not-placed: have them dialled now.")
    ] = False,
    all_: Annotated[
        bool, typer.Option("--all", help="Settle every unknown call of the campaign.")
    ] = False,
    lookup: Annotated[
        bool, typer.Option("--lookup/--no-lookup", help="Ask the API for their conversations.")
    ] = True,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before settling as not placed.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Find out what became of `unknown` calls: were they placed, and what was said?

    Each attempt's conversation has a name of its own. One that the API has is attached to its call,
    and proves that it was placed. One that it has not proves nothing, so nothing is settled by
    itself: that is for you to say, and the same may be said again. Exit code 1 when the API could
    not be asked, or a contact that you name is not unknown.

    Example: `callsched reconcile nightly-2026-11-22 c-001 --not-placed --redial`
    """
    verdict = _verdict(placed=placed, not_placed=not_placed, redial=redial)
    _expect_whom(contacts or [], verdict, all_=all_)
    chosen = settings()
    with opened_ledger() as ledger:
        campaign = campaign_view(ledger, id_)
        if lookup:
            expect_account(campaign, chosen)
        report = _report(ledger, campaign, contacts or [], verdict)
        if lookup and report.cases:
            _look_up(ledger, campaign, chosen, report)
        if verdict is not None:
            _settle(ledger, campaign, report, verdict, yes=yes)
    _show(campaign, report, json=json)
    if report.errors:
        raise typer.Exit(1)


def _verdict(*, placed: bool, not_placed: bool, redial: bool) -> Verdict | None:
    if placed and not_placed:
        raise typer.BadParameter("either --placed or --not-placed")
    if redial and not not_placed:
        raise typer.BadParameter("--redial needs --not-placed: only who was not called is", None)
    if not_placed:
        return Verdict.REDIAL if redial else Verdict.NOT_PLACED
    return Verdict.PLACED if placed else None


def _expect_whom(contacts: Sequence[str], verdict: Verdict | None, *, all_: bool) -> None:
    if contacts and all_:
        raise typer.BadParameter("either contacts or --all")
    if verdict is not None and not contacts and not all_:
        raise typer.BadParameter("say whom you settle: contacts, or --all")
    if all_ and verdict is None:
        raise typer.BadParameter("--all goes with --placed or --not-placed")


def _report(
    ledger: Ledger, campaign: CampaignView, contacts: Sequence[str], verdict: Verdict | None
) -> _Report:
    """Return the calls in question; those that are not unknown are errors."""
    campaign_id = campaign.campaign_id
    rows = {find_row(ledger, campaign_id, who): who for who in contacts}
    cases = []
    for call in unknown_calls(ledger, campaign_id, campaign.account, rows.keys()):
        name = conversation_name(call.attempt, campaign.policy, call.contact)
        label = label_of(result(ledger, campaign_id, call.attempt.row), call.attempt.row)
        case = _Case(call, name, label, conversation_id=call.conversation_id)
        if call.conversation_id:
            case.outcome = "known"
        cases.append(case)
    report = _Report(cases, verdict)
    for row in rows.keys() - {case.call.attempt.row for case in cases}:
        record = result(ledger, campaign_id, row)
        stands = record["disposition"] or record["state"]
        report.errors.append(f"{label_of(record, row)} is not unknown: {stands}")
    return report


# What the API knows -------------------------------------------------------------------------------


def _look_up(ledger: Ledger, campaign: CampaignView, chosen: Settings, report: _Report) -> None:
    provider = Symbl(chosen, RedisTokenShelf(ledger))
    try:
        _find(ledger, campaign, provider, report)
        _read(ledger, campaign, chosen, provider, report)
    except ProviderError as error:
        _go_on_without(report, mask_text(str(error)))
    finally:
        provider.close()


def _go_on_without(report: _Report, why: str) -> None:
    """Heed that the API could not be asked. What may ring a phone again is not settled then."""
    said = f"the list of conversations can't be read: {why}"
    if report.verdict in (Verdict.NOT_PLACED, Verdict.REDIAL):
        raise ConfigError(
            said,
            "nobody was settled as not placed; to do so without asking the API, say --no-lookup",
        )
    report.errors.append(said)


def _find(ledger: Ledger, campaign: CampaignView, provider: Symbl, report: _Report) -> None:
    for since, until, cases in _windows(report.cases, campaign.created_at):
        names = {case.name for case in cases}
        found: dict[str, list[FoundConversation]] = {}
        for each in patiently(provider.find, names, since, until):
            found.setdefault(each.name, []).append(each)
        for case in cases:
            _attach(ledger, campaign, case, found.get(case.name, []), report)


def _windows(cases: list[_Case], created_at: float) -> Iterator[tuple[float, float, list[_Case]]]:
    """Yield spans of time with the calls that began in them; overlapping ones are one."""
    window: list[_Case] = []
    since = until = 0.0
    for case in sorted(cases, key=lambda case: case.call.begun_at or created_at):
        begun_at = case.call.begun_at or created_at
        if window and begun_at - BEFORE_SECONDS > until:
            yield since, until, window
            window = []
        if not window:
            since, until = begun_at - BEFORE_SECONDS, 0.0
        window.append(case)
        until = max(until, begun_at + AFTER_SECONDS if case.call.begun_at else time.time())
    if window:
        yield since, until, window


def _attach(
    ledger: Ledger,
    campaign: CampaignView,
    case: _Case,
    found: list[FoundConversation],
    report: _Report,
) -> None:
    if not found:
        case.outcome = "known" if case.conversation_id else "not_found"
        return
    if len(found) > 1:
        report.errors.append(
            f"{case.label}: {len(found)} conversations have its name, so it was placed so often:"
            f" {', '.join(each.conversation_id for each in found)}"
        )
    first = found[0]
    try:
        is_news, is_read = attach(
            ledger,
            campaign.account,
            case.call.attempt,
            first.conversation_id,
            started_at=first.started_at,
            ended_at=first.ended_at,
        )
    except StaleAttempt:
        case.outcome = "stale"
        return
    case.outcome = "found" if is_news else "known"
    case.conversation_id = case.conversation_id or first.conversation_id
    case.is_live = not is_read


def _read(
    ledger: Ledger, campaign: CampaignView, chosen: Settings, provider: Symbl, report: _Report
) -> None:
    """Read what was said, as a worker would; for a campaign that is finished there may be none."""
    attempts = [case.call.attempt for case in report.cases if case.conversation_id]
    patience = chosen.insights_patience
    collector = Collector(
        ledger,
        provider,
        Duty(campaign.account, chosen.max_concurrency, only=campaign.campaign_id),
        patience_seconds=patience,
        is_stopping=lambda: False,
    )
    give_up_at = since_boot() + patience + _READING_SECONDS
    if waiting := still_to_read(ledger, campaign.account, attempts):
        console.say(f"reading what was said in {waiting} conversations …")
    while still_to_read(ledger, campaign.account, attempts) and since_boot() < give_up_at:
        collector.collect(until=give_up_at)
        time.sleep(0.1)


# What the operator knows --------------------------------------------------------------------------


def _settle(
    ledger: Ledger, campaign: CampaignView, report: _Report, verdict: Verdict, *, yes: bool
) -> None:
    cases = [case for case in report.cases if case.is_open or verdict is Verdict.PLACED]
    if verdict is not Verdict.PLACED and cases and not yes:
        _confirm(cases, verdict)
    for case in cases:
        if case.outcome == "stale":
            continue
        try:
            said = settle(ledger, campaign.account, case.call.attempt, verdict)
        except StaleAttempt as error:
            case.outcome = "stale"
            report.errors.append(f"{case.label}: {error}")
            continue
        if said is Settled.SETTLED or not case.conversation_id:
            case.outcome = "settled" if said is not Settled.PROVEN else "proven"


def _confirm(cases: list[_Case], verdict: Verdict) -> None:
    """On a terminal, ask; off a terminal never."""
    if not console.may_ask():
        return
    live = sum((case.call.held_until or 0.0) > time.time() for case in cases)
    if live:
        console.say(f"{live} of them may still be live: their conversations may come yet")
    done = "call them again?" if verdict is Verdict.REDIAL else "count them as not called?"
    if not typer.confirm(f"No phone rang for {len(cases)} contacts: {done}", err=True):
        console.say("nothing was settled")
        raise typer.Exit(1)


# What is said of it -------------------------------------------------------------------------------

_WORDS = {
    "not_looked_up": "unknown",
    "not_found": "not found: that proves nothing",
    "found": "found: it was placed",
    "known": "found before: it was placed",
    "proven": "its conversation proves that it was placed",
    "stale": "unknown no longer",
}
_SETTLED = {
    Verdict.PLACED: "settled: it was placed, and is not dialled again",
    Verdict.NOT_PLACED: "settled: it was not placed",
    Verdict.REDIAL: "settled: it was not placed, and is due now",
}


def _show(campaign: CampaignView, report: _Report, *, json: bool) -> None:
    if json:
        console.emit(
            {
                "campaign_id": campaign.campaign_id,
                "unknown": len(report.cases),
                "found": report.count("found", "known", "proven"),
                "settled": report.count("settled"),
                "verdict": report.verdict,
                "calls": [case.as_record() for case in report.cases],
                "errors": report.errors,
            }
        )
    elif report.cases:
        columns = ("contact", "attempt", "conversation", "what is known")
        console.out.print(console.table("", columns, (_row(report, case) for case in report.cases)))
    elif not report.errors:
        console.out.print(f"campaign {campaign.campaign_id} has no unknown calls", markup=False)
    for problem in report.errors:
        console.fail(problem)
    _advise(campaign, report)


def _row(report: _Report, case: _Case) -> tuple[str, int, str, str]:
    verdict = report.verdict if case.outcome == "settled" else None
    known = _SETTLED[verdict] if verdict else _WORDS[case.outcome]
    if case.outcome == "not_looked_up" and case.call.reason == Reason.PLACED:
        known = "settled before: it was placed"
    if case.is_live:
        known += "; it may be live, and is read when the same is said again"
    return case.label, case.call.attempt.number, case.conversation_id, known


def _advise(campaign: CampaignView, report: _Report) -> None:
    campaign_id = campaign.campaign_id
    if report.verdict is Verdict.REDIAL and report.count("settled"):
        console.say("a worker dials them: one of a pool, or `callsched run` of the same file")
    elif report.verdict is None and report.count("not_found", "not_looked_up"):
        console.say(
            f"what you know of the others, say: callsched reconcile {campaign_id} CONTACT --placed,"
            " or --not-placed, or --not-placed --redial"
        )
