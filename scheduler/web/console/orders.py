"""Orders on campaigns and live calls: what each will do, and then doing it."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from scheduler.errors import LedgerError, MovedOn, SchedulerError
from scheduler.fields.durations import positive_seconds
from scheduler.ledger.ledger import Control
from scheduler.ledger.views import CampaignView
from scheduler.live import calls
from scheduler.models import Attempt
from scheduler.operations import account_limit, controls, live_calls
from scheduler.operations.account import provider_with
from scheduler.operations.order_preview import OrderPreview, preview_of
from scheduler.operations.orders import seeing
from scheduler.providers import Prolongs
from scheduler.web.api.live import of_attempt
from scheduler.web.console.pages import render
from scheduler.web.problems import Failure, failure_from
from scheduler.web.site import Administers, OnSite, Operates, Site, order_by
from scheduler.web.visible_accounts import ceiling_of, names_for

router = APIRouter()

#: How long a page waits for an order to take effect. The order goes on after that.
PATIENCE_SECONDS = 4.0

#: What can be ordered of a campaign, and what the button says.
ORDERS = {
    "pause": "Pause",
    "resume": "Resume it",
    "cancel": "Cancel the rest",
    "abort": "Abort",
    "priority": "Change the priority",
}

#: Orders that can't be undone: the form asks to type the campaign's name.
NAMED = ("cancel", "abort")

Text = Annotated[str, Form(max_length=300)]


# Campaigns ----------------------------------------------------------------------------------------


@router.get("/campaigns/{campaign_id}/order/{what}")
def ask(campaign_id: str, what: str, request: Request, visitor: Operates, site: OnSite) -> Response:
    """Show what an order would do, in numbers."""
    view = site.campaign(visitor, campaign_id)
    return _order_page(request, preview_of(site.ledger, view), _known(what))


@router.post("/campaigns/{campaign_id}/order/{what}")
def give(
    campaign_id: str,
    what: str,
    request: Request,
    visitor: Operates,
    site: OnSite,
    seen: Text = "",
    name: Text = "",
    note: Text = "",
    priority: Annotated[int, Form(ge=-100, le=100)] = 0,
    weight: Annotated[float | None, Form(ge=0.01, le=100)] = None,
) -> Response:
    """Give an order; if the campaign has changed since the page was shown, show it anew instead."""
    request.state.connection.be_patient()
    view = site.campaign(visitor, campaign_id)
    refused = partial(_refused, request, site, view, _known(what), note)
    if what in NAMED and name.strip() != campaign_id:
        text = "The name that you typed is not that of the campaign: nothing was changed."
        return refused(text, 422)
    try:
        control = seeing(order_by(visitor, note), view, seen)
        done = _give(site, view, what, control, priority, weight)
    except MovedOn:
        text = (
            "The campaign has changed since this page was shown: nothing was done."
            " This is how it stands now."
        )
        return refused(text, 412)
    except LedgerError as error:
        return refused(f"{error}: nothing was changed.", 409)
    return RedirectResponse(f"/campaigns/{campaign_id}?done={done}", 303)


def _give(
    site: Site,
    view: CampaignView,
    what: str,
    control: Control,
    priority: int,
    weight: float | None,
) -> str:
    """Give an order; return the word for the next page's `?done=`."""
    ledger = site.ledger
    match what:
        case "pause":
            controls.pause(ledger, [view], control, within_seconds=PATIENCE_SECONDS)
        case "resume":
            controls.resume(ledger, [view], control)
        case "cancel":
            controls.cancel(ledger, [view], control, within_seconds=PATIENCE_SECONDS)
        case "abort":
            aborted = controls.abort(ledger, [view], control, within_seconds=PATIENCE_SECONDS)
            return "aborting" if aborted.left else "abort"
        case _:
            controls.prioritise(ledger, view.campaign_id, priority, weight, control)
    return what


def _refused(
    request: Request,
    site: Site,
    view: CampaignView,
    what: str,
    note: str,
    text: str,
    status: int,
) -> Response:
    fresh = site.campaign(request.state.visitor, view.campaign_id)
    effects = preview_of(site.ledger, fresh)
    return _order_page(request, effects, what, refusal=text, status=status, note=note)


def _order_page(
    request: Request,
    effects: OrderPreview,
    what: str,
    *,
    refusal: str = "",
    status: int = 200,
    note: str = "",
) -> Response:
    return render(
        request,
        "orders_campaign.html.j2",
        status,
        effects=effects,
        view=effects.view,
        what=what,
        button=ORDERS[what],
        orders=ORDERS,
        is_named=what in NAMED,
        refusal=refusal,
        note=note,
        start_seconds=_start_seconds(request),
    )


def _start_seconds(request: Request) -> float:
    site: Site = request.app.state.site
    return site.ledger.leases.dial


def _known(what: str) -> str:
    if what not in ORDERS:
        raise Failure(404, "not_found", "there is no such order")
    return what


# Live calls ---------------------------------------------------------------------------------------


@router.get("/live/{attempt}/{what}")
def ask_of_call(
    attempt: str, what: str, request: Request, visitor: Operates, site: OnSite
) -> Response:
    """Show what an order on a live call would do."""
    meant, view = of_attempt(site, visitor, attempt)
    return _call_page(request, site, view, meant, _known_of_call(what))


@router.post("/live/{attempt}/{what}")
def give_to_call(
    attempt: str,
    what: str,
    request: Request,
    visitor: Operates,
    site: OnSite,
    deadline: Text = "",
    by: Text = "",
    note: Text = "",
) -> Response:
    """Give an order on a live call in view of the deadline that was shown."""
    request.state.connection.be_patient()
    meant, view = of_attempt(site, visitor, attempt)
    control = order_by(visitor, note)
    refused = partial(_call_page, request, site, view, meant, _known_of_call(what))
    try:
        if what == "stop":
            stopped = live_calls.stop_attempt(
                site.ledger, meant, control, within_seconds=PATIENCE_SECONDS
            )
            return RedirectResponse(f"/?done={'stop' if stopped.is_over else 'stopping'}", 303)
        row = calls.one(site.ledger, view.account, meant)
        if deadline != repr(row.place.deadline):
            text = "Its deadline has moved since this page was shown: nothing was changed."
            return refused(refusal=text, status=412, by=by, note=note)
        _extend(site, view, meant, by, control)
    except (SchedulerError, ValueError) as error:
        status = failure_from(error).details.status if isinstance(error, SchedulerError) else 422
        return refused(refusal=f"{error}: nothing was changed.", status=status, by=by, note=note)
    return RedirectResponse("/?done=extend", 303)


def _extend(site: Site, view: CampaignView, meant: Attempt, by: str, control: Control) -> None:
    live_calls.extend_attempt(
        site.ledger,
        meant,
        positive_seconds(by),
        control,
        site.settings.max_duration_ceiling,
        partial(provider_with, Prolongs, view, site.settings, site.ledger),
    )


def _call_page(
    request: Request,
    site: Site,
    view: CampaignView,
    meant: Attempt,
    what: str,
    *,
    refusal: str = "",
    status: int = 200,
    by: str = "2m",
    note: str = "",
) -> Response:
    row = calls.one(site.ledger, view.account, meant)
    return render(
        request,
        "orders_live.html.j2",
        status,
        row=row,
        view=view,
        what=what,
        left=max(0.0, row.place.deadline - site.ledger.time()),
        ceiling=site.settings.max_duration_ceiling,
        refusal=refusal,
        by=by,
        note=note,
    )


def _known_of_call(what: str) -> str:
    if what not in ("stop", "extend"):
        raise Failure(404, "not_found", "there is no such order")
    return what


# Limits -------------------------------------------------------------------------------------------


@router.get("/accounts/{account}/limit")
def ask_limit(account: str, request: Request, visitor: Administers, site: OnSite) -> Response:
    """Show what was learned of an account's limit, and what may be said of it."""
    names_for(site, visitor, account)
    found = account_limit.look(site.ledger, account, ceiling_of(site, account))
    return render(request, "orders_limit.html.j2", found=found, refusal="")


@router.post("/accounts/{account}/limit")
def give_limit(
    account: str,
    request: Request,
    visitor: Administers,
    site: OnSite,
    learned: Annotated[int, Form()],
    slots: Annotated[int | None, Form(ge=1, le=100_000)] = None,
    forget: Annotated[bool, Form()] = False,
    note: Text = "",
) -> Response:
    """Replace or forget what was learned, in view of what was shown."""
    names_for(site, visitor, account)
    found = account_limit.look(site.ledger, account, ceiling_of(site, account))
    refusal = _refusal_of_limit(found.view.limit.learned, learned, slots, forget=forget)
    if refusal:
        return render(request, "orders_limit.html.j2", 412, found=found, refusal=refusal)
    control = order_by(visitor, note)
    if slots is None:
        account_limit.forget(site.ledger, account, control)
    else:
        account_limit.replace(site.ledger, account, slots, control)
    return RedirectResponse("/?done=limit", 303)


def _refusal_of_limit(now: int, shown: int, slots: int | None, *, forget: bool) -> str:
    if (slots is None) != forget:
        return "Say how many calls may be open, or choose to forget the limit: nothing was changed."
    if now != shown:
        return "The limit has changed since this page was shown: nothing was done."
    return ""
