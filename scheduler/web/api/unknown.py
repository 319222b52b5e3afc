"""Calls of which nobody knows whether they were placed, and what somebody says of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from scheduler.errors import LedgerError
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.masking import mask_text
from scheduler.models import Attempt
from scheduler.operations import unknown_calls, verdicts
from scheduler.operations.unknown_calls import Known, Which
from scheduler.operations.verdicts import Verdict, Word
from scheduler.rights import Visitor
from scheduler.web import cursors
from scheduler.web.api.unknown_models import (
    LookedUp,
    LookupAnswer,
    LookupBody,
    UnknownCallBody,
    UnknownCalls,
    VerdictAnswer,
    VerdictBody,
    VerdictOnAll,
    VerdictOnAllAnswer,
)
from scheduler.web.cursors import Cursor
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite, Operates, Site, order_by

router = APIRouter(tags=["unknown"])

#: Calls looked up when the request names no rows: the provider takes its time for each.
_LOOKED_UP = 25


@router.get("/unknown", summary="List calls of which nobody knows whether they were placed")
def list_unknown(
    site: OnSite,
    visitor: Looks,
    account: Annotated[str, Query(max_length=200, description="Only those of this account.")] = "",
    campaign: Annotated[
        str, Query(max_length=300, description="Only those of this campaign.")
    ] = "",
    settled: Annotated[
        bool, Query(description="Also those that were placed, as is known by now.")
    ] = False,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500, description="So many at most.")] = 50,
) -> UnknownCalls:
    """Each has its evidence: when it was asked for, why nobody knows, and what is known since.

    Of a campaign that may not be seen, nothing is listed.
    """
    which = Which(account, campaign, not settled, visitor.may_see)
    try:
        page = unknown_calls.page(site.ledger, which, cursors.read(cursor), limit)
    except ValueError:
        raise Failure(422, "cursor", "this is no cursor of this list") from None
    return UnknownCalls(
        unknown=[UnknownCallBody(**seen(visitor, each)) for each in page.calls],
        count=page.count,
        next_cursor=cursors.written(page.following) if page.following else None,
    )


def seen(visitor: Visitor, known: Known) -> dict[str, Any]:
    """Return an unknown call as a visitor may see it: a contact's id may be its number."""
    return dict(as_seen_by(visitor, known.as_record()))


@router.post("/unknown", summary="Settle all unknown calls that a filter has")
def settle_all(
    site: OnSite, visitor: Operates, request: Request, body: VerdictOnAll
) -> VerdictOnAllAnswer:
    """Each is settled in a step of its own; what proves that it was placed is left alone.

    409 `count_moved` when there are more or fewer than `count` by now, and nothing is settled.
    """
    request.state.connection.be_patient()
    which = Which(body.account, body.campaign, may_see=visitor.may_see)
    with refusals():
        tally = verdicts.decide_all(
            site.ledger,
            site.settings,
            which,
            Verdict(Word(body.verdict), asks_first=body.lookup),
            body.count,
            order_by(visitor, body.note),
        )
    return VerdictOnAllAnswer(
        count=tally.count,
        settled=tally.settled,
        proven=tally.proven,
        candidates=tally.candidates,
        stale=tally.stale,
    )


@router.post("/unknown/lookup", summary="Ask the provider about unknown calls")
def look_up(site: OnSite, visitor: Operates, request: Request, body: LookupBody) -> LookupAnswer:
    """What it has found goes on record: a conversation proves that a call was placed.

    That it found nothing proves nothing. 409 `not_asked` when it does not answer; 422 where
    it can't be asked at all.
    """
    campaign = site.campaign(visitor, body.campaign)
    request.state.connection.be_patient()
    rows = body.rows or _first_open(site, campaign)
    with refusals():
        inquiry = verdicts.look_up(site.ledger, site.settings, campaign, rows)
    return LookupAnswer(
        campaign_id=campaign.campaign_id,
        calls=[
            LookedUp(
                attempt=str(case.call.attempt),
                outcome=case.outcome,
                conversation_id=case.conversation_id or None,
                may_be_live=case.is_live,
                candidates=list(case.candidates),
            )
            for case in inquiry.cases
        ],
        errors=[mask_text(error) for error in inquiry.errors],
    )


def _first_open(site: Site, campaign: CampaignView) -> list[int]:
    which = Which(campaign.account, campaign.campaign_id)
    page = unknown_calls.page(site.ledger, which, most=_LOOKED_UP)
    return [each.call.attempt.row for each in page.calls]


@router.post("/unknown/{attempt}", summary="Say what became of an unknown call")
def settle(
    site: OnSite, visitor: Operates, request: Request, attempt: str, body: VerdictBody
) -> VerdictAnswer:
    """The same may be said again. It goes on the campaign's record of orders.

    409 `not_unknown` for a call that is no longer unknown, with how it stands; `may_be_placed` when
    it would have a phone ring again that has rung, or may have; `not_asked` when the provider could
    not be asked whether one has.
    """
    campaign, known = attempt_of(site, visitor, attempt)
    request.state.connection.be_patient()
    verdict = Verdict(body.verdict, body.call, body.lookup)
    with refusals():
        verdicts.decide(
            site.ledger, site.settings, campaign, known, verdict, order_by(visitor, body.note)
        )
    result = views.result(site.ledger, known.campaign_id, known.row)
    return VerdictAnswer(
        attempt=attempt,
        verdict=body.verdict,
        state=result["state"],
        disposition=result["disposition"],
        reason=result["reason"],
    )


def attempt_of(site: Site, visitor: Visitor, written: str) -> tuple[CampaignView, Attempt]:
    """Return an attempt and its campaign. Raises Failure, and NoSuchCampaign."""
    none = Failure(404, "no_such_attempt", "there is no such attempt, or not any more")
    if not Attempt.is_written(written):
        raise none
    attempt = Attempt.parse(written)
    campaign = site.campaign(visitor, attempt.campaign_id)
    if not _is_kept(site.ledger, campaign, attempt):
        raise none
    return campaign, attempt


def _is_kept(ledger: Ledger, campaign: CampaignView, attempt: Attempt) -> bool:
    return campaign.retired_at is None and 1 <= attempt.row <= campaign.total


@contextmanager
def refusals() -> Iterator[None]:
    """Turn refusals of the operations into Failures with their own codes."""
    try:
        yield
    except verdicts.NotUnknown as error:
        raise Failure(409, "not_unknown", str(error)) from None
    except verdicts.MayBePlaced as error:
        raise Failure(409, "may_be_placed", str(error)) from None
    except verdicts.CountMoved as error:
        raise Failure(409, "count_moved", str(error)) from None
    except verdicts.TooMany as error:
        raise Failure(422, "too_many", str(error)) from None
    except verdicts.NotAsked as error:
        raise Failure(
            409, "not_asked", f"{error}; nothing was settled: say lookup false to settle without"
        ) from None
    except LedgerError as error:
        raise Failure(409, "refused", str(error)) from None
