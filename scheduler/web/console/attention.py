"""What needs a person: unknown calls, campaigns that stopped themselves, refused rows."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from scheduler.errors import ConfigError, LedgerError
from scheduler.ledger.unknowns import Resolution
from scheduler.operations import attention, unknown_calls, verdicts
from scheduler.operations.reconcile import Outcome
from scheduler.operations.unknown_calls import Which
from scheduler.operations.verdicts import Verdict, Word
from scheduler.rights import Visitor
from scheduler.web import cursors
from scheduler.web.api.unknown import attempt_of
from scheduler.web.console.pages import render
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite, Operates, Site, order_by

router = APIRouter()

_PAGE = 50

#: Messages for `?done=`.
_DONE = {
    "placed": "Settled: it was placed, and is never dialled again.",
    "not_placed": "Settled: it was not placed. It counts as not dialled, and its slot is free.",
    "redial": "Settled: it was not placed. A worker dials it now.",
    "attach": "It is that call: it is live now, and has its deadline.",
    "end": "A worker ends that call.",
    "found": "The provider has its conversation: it was placed.",
    "known": "The provider has its conversation, as was known before: it was placed.",
    "candidates": "One of these calls of the account may be it: say which, or end one.",
    "not_found": "The provider has found nothing, which proves nothing.",
    "stale": "It is no longer unknown.",
}

Account = Annotated[str, Query(max_length=200)]
Campaign = Annotated[str, Query(max_length=300)]
FormText = Annotated[str, Form(max_length=300)]


@router.get("/attention")
def attention_page(
    request: Request,
    site: OnSite,
    visitor: Looks,
    account: Account = "",
    campaign: Campaign = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    done: Annotated[str, Query(max_length=40)] = "",
    settled: Annotated[int | None, Query(ge=0)] = None,
    left: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show what needs somebody; the filter is in the address."""
    which = Which(account, campaign, may_see=visitor.may_see)
    try:
        page = unknown_calls.page(site.ledger, which, cursors.read(cursor), _PAGE)
    except ValueError:
        raise Failure(422, "cursor", "this is no page of the list") from None
    every = Which(may_see=visitor.may_see)
    known = _known_accounts(site, visitor)
    need = attention.in_need(site.ledger, every, known)
    return render(
        request,
        "attention_all.html.j2",
        page=page,
        following=cursors.written(page.following) if page.following else None,
        is_first=cursor is None,
        need=need,
        accounts=sorted({*known, *(each.account for each in need.campaigns)}),
        account=account,
        campaign=campaign,
        query=_query(account, campaign),
        done=_DONE,
        settled=settled,
        left=left,
    )


def _known_accounts(site: Site, visitor: Visitor) -> list[str]:
    try:
        return [each.name for each in site.accounts() if visitor.may_see(each.name)]
    except ConfigError:
        return []  # the settings can't be read: what is in the ledger is shown all the same


def _query(account: str, campaign: str, **more: Any) -> str:
    known = {"account": account, "campaign": campaign, **more}
    return urlencode({name: value for name, value in known.items() if value not in ("", None)})


def _back(account: str, campaign: str, **more: Any) -> Response:
    return RedirectResponse(f"/attention?{_query(account, campaign, **more)}", 303)


# One call -----------------------------------------------------------------------------------------


@router.post("/attention/settle-one")
def settle_one(
    request: Request,
    site: OnSite,
    visitor: Operates,
    attempt: FormText,
    verdict: Annotated[Word, Form()],
    call: FormText = "",
    asks: Annotated[str, Form(pattern="^(first|not)$")] = "first",
    account: FormText = "",
    campaign: FormText = "",
) -> Response:
    """Settle one unknown call; before a phone might ring again, ask the provider."""
    found, known = attempt_of(site, visitor, attempt)
    request.state.connection.be_patient()
    decision = Verdict(verdict, call.strip(), asks == "first")
    try:
        verdicts.decide(site.ledger, site.settings, found, known, decision, order_by(visitor))
    except (LedgerError, ConfigError) as error:
        return render(
            request,
            "attention_refused.html.j2",
            409,
            why=str(error),
            may_insist=isinstance(error, verdicts.NotAsked | ConfigError),
            attempt=attempt,
            verdict=verdict,
            account=account,
            campaign=campaign,
            query=_query(account, campaign),
        )
    return _back(account, campaign, done=verdict)


@router.post("/attention/look-up")
def look_up(
    request: Request,
    site: OnSite,
    visitor: Operates,
    attempt: FormText,
    account: FormText = "",
    campaign: FormText = "",
) -> Response:
    """Ask the provider about one call."""
    found, known = attempt_of(site, visitor, attempt)
    request.state.connection.be_patient()
    inquiry = verdicts.look_up(site.ledger, site.settings, found, [known.row])
    outcomes = [case.outcome for case in inquiry.cases if case.call.attempt == known]
    return _back(account, campaign, done=outcomes[0] if outcomes else Outcome.STALE)


# All that the filter has --------------------------------------------------------------------------


@router.get("/attention/settle")
def confirm_all(
    request: Request,
    site: OnSite,
    visitor: Operates,
    verdict: Resolution,
    account: Account = "",
    campaign: Campaign = "",
) -> Response:
    """Show in numbers what settling all that a filter has will do."""
    return _confirm(request, site, visitor, Verdict(Word(verdict)), account, campaign)


def _confirm(
    request: Request,
    site: Site,
    visitor: Visitor,
    verdict: Verdict,
    account: str,
    campaign: str,
    problem: str = "",
) -> Response:
    which = Which(account, campaign, may_see=visitor.may_see)
    chosen = [each for each in unknown_calls.campaigns(site.ledger, which) if each.open]
    return render(
        request,
        "attention_settle.html.j2",
        409 if problem else 200,
        verdict=verdict,
        campaigns=chosen,
        count=sum(each.open for each in chosen),
        most_lookups=verdicts.MOST_LOOKUPS,
        account=account,
        campaign=campaign,
        query=_query(account, campaign),
        problem=problem,
    )


@router.post("/attention/settle")
def settle_all(
    request: Request,
    site: OnSite,
    visitor: Operates,
    verdict: Annotated[Resolution, Form()],
    count: Annotated[int, Form(ge=0)],
    asks: Annotated[str, Form(pattern="^(first|not)$")] = "not",
    note: Annotated[str, Form(max_length=1000)] = "",
    account: FormText = "",
    campaign: FormText = "",
) -> Response:
    """Settle all that the filter has, if there are as many as were shown."""
    request.state.connection.be_patient()
    which = Which(account, campaign, may_see=visitor.may_see)
    decision = Verdict(Word(verdict), asks_first=asks == "first")
    order = order_by(visitor, note)
    try:
        tally = verdicts.decide_all(site.ledger, site.settings, which, decision, count, order)
    except (LedgerError, ConfigError) as error:
        return _confirm(request, site, visitor, decision, account, campaign, str(error))
    return _back(account, campaign, settled=tally.settled, left=tally.count - tally.settled)
