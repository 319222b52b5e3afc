"""Every call to a number, in all campaigns."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from scheduler.web import histories
from scheduler.web.api.history_models import NumberHistory
from scheduler.web.site import Looks, OnSite

router = APIRouter(tags=["contacts"])


@router.get(
    "/history", summary="Every call to a number, in all campaigns", response_model=NumberHistory
)
def history(
    request: Request,
    site: OnSite,
    visitor: Looks,
    number: Annotated[
        str,
        Query(
            min_length=1,
            max_length=300,
            description="A number, or a SIP address.",
            examples=["+12025550143"],
        ),
    ],
    region: Annotated[
        str, Query(max_length=2, description="Read a number without a plus sign as this country's.")
    ] = "",
) -> Response:
    """Look in every campaign of the accounts that you may see, whatever keys are pressed there.

    403 for who may not ask for numbers: that needs the scope operate.
    """
    request.state.connection.be_patient()
    found = histories.history(site, visitor, number, region)
    return JSONResponse(histories.seen(visitor, found))
