"""The console: pages that work without script, and are kept up to date by one.

It calls what `operations/` and `live/` offer, as the API does, and nothing of the API.
"""

from __future__ import annotations

from fastapi import APIRouter

from scheduler.web.console import (
    attention,
    campaigns,
    contacts,
    do_not_call,
    history,
    launch,
    now,
    orders,
    rejects,
    schedules,
    sign_in,
)

router = APIRouter(include_in_schema=False)
for _module in (
    sign_in,
    now,
    campaigns,
    contacts,
    history,
    orders,
    attention,
    rejects,
    launch,
    schedules,
    do_not_call,
):
    router.include_router(_module.router)
