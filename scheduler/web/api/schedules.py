"""Campaign files that workers launch at set times.

A schedule names a file on the workers' machine: it is made there, with `callsched schedule add`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from scheduler.errors import LedgerError
from scheduler.ledger import schedules as in_ledger
from scheduler.ledger.schedules import ScheduleView
from scheduler.operations import schedules
from scheduler.operations.firings import next_firings, shown_in, wrong_with
from scheduler.rights import Visitor
from scheduler.web import cursors
from scheduler.web.api.schedules_models import (
    FireBody,
    Fired,
    FiringFate,
    FiringTime,
    PauseBody,
    ScheduleBody,
    Schedules,
    WholeSchedule,
)
from scheduler.web.cursors import Cursor, Limit
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite, Site, Starts

router = APIRouter(prefix="/schedules", tags=["schedules"])

NEXT_FIRINGS = 5


@router.get("", summary="List the schedules")
def list_schedules(
    site: OnSite, visitor: Looks, cursor: Cursor = None, limit: Limit = 100
) -> Schedules:
    """The newest first. To make one, say `callsched schedule add FILE` where the workers are."""
    views = visible_to(site, visitor)
    if (after := cursors.read(cursor)) is not None:
        views = [each for each in views if _place(each) < _read_place(after)]
    page, rest = views[:limit], views[limit:]
    following = f"{page[-1].created_at!r} {page[-1].name}" if rest else ""
    return Schedules(
        schedules=[ScheduleBody(**_record(visitor, each)) for each in page],
        next_cursor=cursors.written(following) if following else None,
    )


def visible_to(site: Site, visitor: Visitor) -> list[ScheduleView]:
    """Return the schedules that a visitor may see, the newest first."""
    found = [each for each in in_ledger.views(site.ledger) if visitor.may_see(each.account)]
    return sorted(found, key=_place, reverse=True)


def _place(view: ScheduleView) -> tuple[float, str]:
    return view.created_at, view.name


def _read_place(written: str) -> tuple[float, str]:
    created_at, _, name = written.partition(" ")
    try:
        return float(created_at), name
    except ValueError:
        raise Failure(422, "cursor", "this is no cursor of this list") from None


def _record(visitor: Visitor, view: ScheduleView) -> dict[str, Any]:
    wrong = [{"why": each} for each in wrong_with(view)]
    seen = as_seen_by(visitor, view.as_record() | {"wrong": wrong})
    return {**seen, "wrong": [each["why"] for each in seen["wrong"]]}


def view_of(site: Site, visitor: Visitor, name: str) -> ScheduleView:
    """Return a schedule. Raises Failure (404) also for one that the visitor may not see."""
    none = Failure(404, "no_such_schedule", f"there is no schedule {name}")
    try:
        view = in_ledger.view(site.ledger, name)
    except LedgerError:
        raise none from None
    if not visitor.may_see(view.account):
        raise none
    return view


@router.get("/{name}", summary="Show a schedule, its next firings and its last ones")
def show(site: OnSite, visitor: Looks, name: str) -> WholeSchedule:
    """What was skipped, missed or failed says why."""
    return _whole(site, visitor, view_of(site, visitor, name))


def _whole(site: Site, visitor: Visitor, view: ScheduleView) -> WholeSchedule:
    rule = view.launch.schedule
    firings = [one.as_record() for one in in_ledger.firings_of(site.ledger, view.name)]
    return WholeSchedule(
        **_record(visitor, view),
        next=[
            FiringTime(at=at, local=shown_in(rule, at)) for at in next_firings(rule, NEXT_FIRINGS)
        ],
        firings=[FiringFate(**each) for each in as_seen_by(visitor, firings)],
    )


@router.post("/{name}/pause", summary="Have every firing skipped from now on")
def pause(site: OnSite, visitor: Starts, name: str, body: PauseBody) -> WholeSchedule:
    """A campaign that runs goes on. Who pauses one that is paused changes the note."""
    view_of(site, visitor, name)
    view = schedules.pause(site.ledger, name, note=body.note, who=visitor.name)
    return _whole(site, visitor, view)


@router.post("/{name}/resume", summary="Have a paused schedule fire again")
def resume(site: OnSite, visitor: Starts, name: str) -> WholeSchedule:
    """What was skipped stays skipped. One that is not paused is left as it is."""
    view_of(site, visitor, name)
    return _whole(site, visitor, schedules.resume(site.ledger, name, who=visitor.name))


@router.post("/{name}/fire", summary="Have a worker launch a schedule now", status_code=202)
def fire(site: OnSite, visitor: Starts, name: str, body: FireBody | None = None) -> Fired:
    """Also a paused one. It has people called: a worker of its account reads the file and dials."""
    view_of(site, visitor, name)
    asked = schedules.fire(site.ledger, name, who=visitor.name, at=body.at if body else None)
    return Fired(name=name, campaign_id=asked)


@router.delete("/{name}", summary="Forget a schedule", status_code=204)
def remove(site: OnSite, visitor: Starts, name: str) -> Response:
    """The campaigns that it has launched stay as they are. It goes on record who removed it."""
    view_of(site, visitor, name)
    in_ledger.remove(site.ledger, name, who=visitor.name)
    return Response(status_code=204)
