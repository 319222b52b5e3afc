"""The results of a campaign as a file: JSON Lines, CSV or a workbook."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from scheduler.fields.visible import visible
from scheduler.operations.export import ResultFormat
from scheduler.operations.instants import Times
from scheduler.web import downloads
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite

router = APIRouter(tags=["results"])

_Columns = Annotated[
    str,
    Query(
        max_length=2000,
        description="Those that are written, with commas between them; without it all. A step that"
        " asks for keys is `answer_` and its name, and a column of the contacts' file has its own.",
        examples=["contact_id,state,disposition"],
    ),
]
_Format = Annotated[
    ResultFormat | None, Query(description="Without it, what `Accept` says; else JSON Lines.")
]

_Times = Annotated[
    Times | None,
    Query(
        description="How instants are written: `iso`, ISO 8601 in UTC, or `epoch`, in seconds."
        " Without it tables have the first, JSON Lines the second."
    ),
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
    times: _Times = None,
) -> Response:
    """Write the result of every contact, as `callsched results` does. JSON Lines have all of it."""
    view = site.campaign(visitor, campaign_id)
    chosen = format or _accepted(request.headers.get("accept", ""))
    wanted = [name.strip() for name in columns.split(",") if name.strip()]
    view.expect_kept()
    try:
        layout = downloads.layout_of(site.ledger, view, visitor, wanted, times)
    except LookupError as error:
        unknown = visible(str(error.args[0])[:60])
        message = f"there is no column {unknown}: see the results in CSV"
        raise Failure(422, "column", message) from None
    request.state.connection.be_patient()
    return downloads.results(site.ledger, view, visitor, chosen, layout)


def _accepted(accept: str) -> ResultFormat:
    """Return the first known format in an Accept header; JSON Lines if there is none."""
    for wanted in accept.lower().split(","):
        for chosen, media_type in downloads.MEDIA_TYPES.items():
            if wanted.partition(";")[0].strip() == media_type:
                return chosen
    return ResultFormat.JSONL
