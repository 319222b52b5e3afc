"""How a campaign comes in over HTTP: `PUT /campaigns/{id}`, `POST /plans`, and what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.file.json_campaign import cut
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.ledger import rejects
from scheduler.operations.launch import content_of, new_id
from scheduler.plan.whole import Asked, begins, expected
from scheduler.rights import Visitor
from scheduler.web import intake
from scheduler.web.api import bodies, rejects_files
from scheduler.web.api.bodies import Body
from scheduler.web.api.launches_models import (
    REQUEST_BODY,
    CampaignId,
    Launched,
    Planned,
    PlanParameters,
    PolicyParameters,
    PutParameters,
    Reject,
    together,
)
from scheduler.web.intake import LaunchOptions
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import MEDIA_TYPE, Failure, ProblemDetails
from scheduler.web.site import Looks, OnSite, Site, Starts

router = APIRouter(tags=["launches"])

_BODIES: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDetails, "content": {MEDIA_TYPE: {}}, "description": why}
    for status, why in (
        (413, "The body is longer than CALLSCHED_WEB_MAX_BODY allows, or unpacks to more"),
        (415, "The body is of another type, or packed otherwise than with gzip"),
    )
}


@router.put(
    "/campaigns/{campaign_id}",
    summary="Start a campaign, once",
    status_code=201,
    response_model=Launched,
    responses={
        **_BODIES,
        200: {"model": Launched, "description": "It is there already, with this content"},
    },
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def put(
    request: Request,
    site: OnSite,
    visitor: Starts,
    campaign_id: CampaignId,
    asked: Annotated[PutParameters, Query()],
) -> Response:
    """Load a campaign and have it called, as `callsched submit --id` does.

    The same content again under this id changes nothing and is answered with 200; a load that broke
    off is completed by it. Another content is refused with 409 and both hashes. The content is the
    keys of the policy in their order, the parameters of the query, and the contacts as they are
    written, byte for byte. Rows that can't be called are refused one by one, and the others are
    called: `strict` refuses all of it instead.
    """
    return await bodies.taken(
        request, site.settings, partial(_put, site, visitor, campaign_id, asked)
    )


def _put(
    site: Site, visitor: Visitor, campaign_id: str, asked: PutParameters, body: Body
) -> Response:
    with _checked(site, visitor, asked, body) as (found, reading):
        intake.expect_plan(site, found, reading, asked.plan)
        options = LaunchOptions(campaign_id, asked.again)
        intent = intake.intended(site, visitor, found, options)
        view, is_new = intake.launched(site, visitor, found, intent, asked.first)
        answer = Launched.model_validate(
            as_seen_by(visitor, view.as_record() | site.nobody_dials(view))
            | intake.refusals(visitor, found)
            | {"content": content_of(found, found.policy, asked.first)}
            | {"warnings": list(found.warnings)}
        )
    location = f"/api/v1/campaigns/{view.campaign_id}"
    return JSONResponse(
        answer.model_dump(mode="json"), 201 if is_new else 200, {"Location": location}
    )


@router.post(
    "/plans",
    summary="Say what a campaign would do",
    response_model=Planned,
    responses=_BODIES,
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def plan(
    request: Request,
    site: OnSite,
    visitor: Starts,
    asked: Annotated[PlanParameters, Query()],
) -> Response:
    """Check a campaign and forecast it. Nobody is called, and nothing is written.

    `plan` is the hash that `PUT …?plan=` compares: send the same body and the same policy with it.
    """
    return await bodies.taken(request, site.settings, partial(_plan, site, visitor, asked))


def _plan(site: Site, visitor: Visitor, asked: PlanParameters, body: Body) -> Response:
    with _checked(site, visitor, asked, body) as (found, reading):
        record = intake.planned(site, visitor, found, _asked(asked, found, reading))
    return JSONResponse(Planned.model_validate(record).model_dump(mode="json"))


def _asked(asked: PlanParameters, found: CheckedCampaign, reading: Reading) -> Asked:
    try:
        now, likely = begins(asked.at, found.policy), expected(asked.expect_duration)
    except ValueError as error:
        raise Failure(422, "invalid", str(error)) from None
    return Asked(reading, new_id(found), now, likely, asked.max_concurrency)


@contextmanager
def _checked(
    site: Site, visitor: Visitor, asked: PolicyParameters, body: Body
) -> Iterator[tuple[CheckedCampaign, Reading]]:
    """Yield what came, checked, and how it was read. Raises Failure."""
    try:
        policy, contacts = _cut(asked, body)
        intake.expect_policy(policy)
        account = intake.account_for(visitor, policy)
        reading = asked.reading(account, "utf-8" if body.ending == "json" else body.encoding)
        document = body.draft.document(policy, contacts.name)
        with intake.checked(site, visitor, body.draft, document, reading) as found:
            yield found, reading
    except CampaignError as error:
        raise intake.failure(visitor, error) from None


def _cut(asked: PolicyParameters, body: Body) -> tuple[dict[str, object], Path]:
    """Return the policy, and the file of the contacts."""
    if body.ending != "json":
        return asked.given(), body.path
    contacts = body.draft.path("contacts.jsonl")
    with body.path.open("rb") as file, contacts.open("wb") as lines:
        policy = cut(file, lines)
    body.path.unlink()
    return together(policy, asked.given()), contacts


@router.get(
    "/campaigns/{campaign_id}/rejects",
    summary="The rows that were refused",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A line for each refused row, in the order of the file",
            "content": {
                "application/x-ndjson": {"schema": Reject.model_json_schema()},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
def refused(
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    format_: Annotated[
        Literal["jsonl", "csv"] | None, Query(alias="format", description="Before Accept.")
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Give the rows that can't be called, each with the first thing that is wrong in it.

    They are kept with the campaign, and are erased with its contacts.
    """
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    most = sum(rejects.counted(view.dispositions).values())
    found = rejects.of_campaign(site.ledger, campaign_id, most) if most else iter(())
    chosen = format_ or ("csv" if "text/csv" in accept else "jsonl")
    return rejects_files.answer(visitor, campaign_id, found, chosen)
