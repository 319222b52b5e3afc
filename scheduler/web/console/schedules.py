"""Schedules: when they fire next, what became of the last firings, and their controls."""

from __future__ import annotations

import time
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from scheduler.errors import LedgerError
from scheduler.ledger import schedules as in_ledger
from scheduler.operations import firings, schedules
from scheduler.operations.serving import Serving
from scheduler.web.api.schedules import NEXT_FIRINGS, view_of, visible_to
from scheduler.web.console.pages import render
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite, Starts

router = APIRouter()

_DONE = {
    "paused": "It is paused: every firing is skipped until somebody resumes it.",
    "resumed": "It fires again. What was skipped stays skipped.",
    "fired": "A worker of its account launches it now, as its overlap policy allows.",
    "removed": "It is removed. The campaigns that it has launched stay as they are.",
}
#: Removals that are shown.
_REMOVED = 10

Note = Annotated[str, Form(max_length=500)]
Seen = Annotated[str, Form(max_length=20)]
Done = Annotated[str, Query(max_length=20)]


@router.get("/schedules")
def list_page(request: Request, site: OnSite, visitor: Looks, done: Done = "") -> Response:
    """Show every schedule with its next five firings."""
    views = visible_to(site, visitor)
    removed = [
        each for each in in_ledger.removed(site.ledger, _REMOVED) if visitor.may_see(each.account)
    ]
    return render(
        request,
        "schedules_list.html.j2",
        rows=[
            (
                each,
                firings.next_firings(each.launch.schedule, NEXT_FIRINGS),
                firings.wrong_with(each),
            )
            for each in views
        ],
        removed=removed,
        done=_DONE,
    )


@router.get("/schedules/{name}")
def show_page(
    request: Request, site: OnSite, visitor: Looks, name: str, done: Done = ""
) -> Response:
    """Show a schedule, what it will do, and what became of its firings."""
    view = view_of(site, visitor, name)
    return render(
        request,
        "schedules_one.html.j2",
        view=view,
        rule=view.launch.schedule,
        next=firings.next_firings(view.launch.schedule, NEXT_FIRINGS),
        firings=in_ledger.firings_of(site.ledger, name),
        wrong=firings.wrong_with(view),
        lack=Serving(site.ledger, site.settings).of_account(view.account),
        done=_DONE,
    )


def _back(name: str, done: str) -> Response:
    return RedirectResponse(f"/schedules/{quote(name, safe='')}?done={done}", 303)


@router.post("/schedules/{name}/pause")
def pause(site: OnSite, visitor: Starts, name: str, note: Note, seen: Seen = "") -> Response:
    """Have its firings skipped, with a note that says why."""
    _expect_seen(view_of(site, visitor, name), seen)
    if not note.strip():
        raise Failure(422, "note", "say why: it is kept with every firing that is skipped")
    schedules.pause(site.ledger, name, note=note, who=visitor.name)
    return _back(name, "paused")


@router.post("/schedules/{name}/resume")
def resume(site: OnSite, visitor: Starts, name: str, seen: Seen = "") -> Response:
    """Have it fire again."""
    _expect_seen(view_of(site, visitor, name), seen)
    schedules.resume(site.ledger, name, who=visitor.name)
    return _back(name, "resumed")


def _expect_seen(view: in_ledger.ScheduleView, seen: str) -> None:
    """Raise Failure (409) when somebody else has paused or resumed it meanwhile."""
    if seen and seen != view.state:
        raise Failure(
            409, "stale", f"schedule {view.name} is {view.state} by now: look at it again"
        )


@router.get("/schedules/{name}/fire")
def confirm_fire(request: Request, site: OnSite, visitor: Starts, name: str) -> Response:
    """Show what firing it now does."""
    view = view_of(site, visitor, name)
    return render(
        request,
        "schedules_confirm.html.j2",
        view=view,
        what="fire",
        at=int(time.time()),
        problem="",
    )


@router.post("/schedules/{name}/fire")
def fire(
    request: Request,
    site: OnSite,
    visitor: Starts,
    name: str,
    at: Annotated[int, Form(ge=0)],
) -> Response:
    """Have a worker launch it now; the same form twice is one firing."""
    view = view_of(site, visitor, name)
    try:
        schedules.fire(site.ledger, name, who=visitor.name, at=at)
    except LedgerError:
        return render(
            request,
            "schedules_confirm.html.j2",
            409,
            view=view,
            what="fire",
            at=int(time.time()),
            problem="This page was open for long, and nothing was fired. Do you still want to?",
        )
    return _back(name, "fired")


@router.get("/schedules/{name}/remove")
def confirm_remove(request: Request, site: OnSite, visitor: Starts, name: str) -> Response:
    """Show what removing it does."""
    view = view_of(site, visitor, name)
    return render(request, "schedules_confirm.html.j2", view=view, what="remove", at=0, problem="")


@router.post("/schedules/{name}/remove")
def remove(
    request: Request,
    site: OnSite,
    visitor: Starts,
    name: str,
    typed: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Forget it, when its name was typed."""
    view = view_of(site, visitor, name)
    if typed.strip() != name:
        return render(
            request,
            "schedules_confirm.html.j2",
            409,
            view=view,
            what="remove",
            at=0,
            problem="Nothing was removed. Type the name of the schedule to go on.",
        )
    in_ledger.remove(site.ledger, name, who=visitor.name)
    return RedirectResponse("/schedules?done=removed", 303)
