"""The API: each module is a noun, each route has its scope.

It calls what `operations/` and `plan/` offer, and has no rule of its own.
"""

from __future__ import annotations

from fastapi import APIRouter

from scheduler.web.api import (
    accounts,
    campaigns,
    contacts,
    do_not_call,
    events,
    history,
    launches,
    live,
    orders,
    results,
    schedules,
    unknown,
)
from scheduler.web.problems import RESPONSES

router = APIRouter(prefix="/api/v1", responses=RESPONSES)
for _module in (
    campaigns,
    contacts,
    history,
    results,
    launches,
    orders,
    live,
    events,
    accounts,
    unknown,
    do_not_call,
    schedules,
):
    router.include_router(_module.router)
