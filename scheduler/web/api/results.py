"""The results of a campaign as a file: JSON Lines, CSV or a workbook."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from scheduler.operations.export import ResultFormat
from scheduler.web import downloads
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite

router = APIRouter(tags=["results"])

_Columns = Annotated[
    str,
    Query(
        max_length=2000,
        description="Those that are written, with commas between them; without it all. A step that"
        " asks for keys is `answer_` and its name.",
        examples=["contact_id,state,disposition"],
    ),
]
_Format = Annotated[
    ResultFormat | None, Query(description="Without it, what `Accept` says; else JSON Lines.")
]

_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file. A record of JSON Lines is as `…/contacts` has it, without `row`.",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
            downloads.MEDIA_TYPES[ResultFormat.XLSX]: {
                "schema": {"type": "string", "contentMediaType": "application/octet-stream"}
            },
        },
    }
}


@router.get(
    "/campaigns/{campaign_id}/results",
    summary="The results of a campaign as a file",
    responses=_FILES,
    response_class=Response,
)
def results(
    request: Request,
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    format: _Format = None,
    columns: _Columns = "",
) -> Response:
    """Write the result of every contact, as `callsched results` does. JSON Lines have all of it."""
    view = site.campaign(visitor, campaign_id)
    chosen = format or _accepted(request.headers.get("accept", ""))
    wanted = [name.strip() for name in columns.split(",") if name.strip()]
    if unknown := downloads.unknown_columns(view, wanted):
        raise Failure(422, "column", f"there is no column {unknown[0]}: see the results in CSV")
    request.state.connection.be_patient()
    return downloads.results(site.ledger, view, visitor, chosen, wanted)


def _accepted(accept: str) -> ResultFormat:
    """Return the first of our formats that somebody accepts; JSON Lines where it is none."""
    for wanted in accept.lower().split(","):
        for chosen, media_type in downloads.MEDIA_TYPES.items():
            if wanted.partition(";")[0].strip() == media_type:
                return chosen
    return ResultFormat.JSONL
