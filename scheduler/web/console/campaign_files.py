"""Downloads of a campaign: its results as a file, and the page of its report."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from io import TextIOWrapper
from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.masking import mask_text
from scheduler.operations.export import ResultFormat
from scheduler.report.entries import Entries
from scheduler.report.figures import read as figures_of
from scheduler.report.header import source_of
from scheduler.web import downloads
from scheduler.web.kept_file import KeptFile
from scheduler.web.problems import Failure
from scheduler.web.site import Looks, OnSite

router = APIRouter()

#: Calls that a report lists; and reports made at the same time: each takes one processor.
_REPORT_ROWS = 10_000
_makers = threading.BoundedSemaphore(2)


@router.get("/campaigns/{campaign_id}/results")
def results(
    request: Request,
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    format: ResultFormat = ResultFormat.CSV,
) -> Response:
    """Send the results of a campaign as a file."""
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    request.state.connection.be_patient()
    layout = downloads.layout_of(site.ledger, view, visitor, (), None)
    return downloads.results(site.ledger, view, visitor, format, layout)


@router.get("/campaigns/{campaign_id}/report")
def report(
    request: Request,
    site: OnSite,
    visitor: Looks,
    campaign_id: str,
    transcripts: bool = False,
) -> Response:
    """Show the page of `callsched report`; with transcripts only if these are requested."""
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    if not _makers.acquire(blocking=False):
        raise Failure(
            429,
            "busy",
            "two reports are being made already: try again in a moment",
            headers={"Retry-After": "5"},
        )
    request.state.connection.be_patient()
    try:
        return _report(site.ledger, view, transcripts=transcripts)
    finally:
        _makers.release()


def _report(ledger: Ledger, view: CampaignView, *, transcripts: bool) -> Response:
    # Imported here: it imports matplotlib, which takes a second.
    from scheduler.report import page

    parts = f"/campaigns/{quote(view.campaign_id, safe='')}/report"
    with (
        tempfile.TemporaryFile() as file,
        Entries(_REPORT_ROWS, numbers=False, transcripts=transcripts) as entries,
    ):
        source = source_of(ledger, view.campaign_id)
        header = replace(source.header, name=mask_text(view.name))
        source = replace(source, header=header)
        figures = figures_of(source, numbers=False, transcripts=transcripts, taken=entries.add)
        text = TextIOWrapper(file, "utf-8", errors="replace", write_through=True)
        page.write(figures, entries, text, parts=parts)
        text.detach()
        return downloads.of_file(KeptFile(file), "text/html; charset=utf-8")


@router.get("/campaigns/{campaign_id}/report/{part}")
def report_part(
    site: OnSite, visitor: Looks, campaign_id: str, part: Literal["page.css", "page.js"]
) -> Response:
    """Send the style or script of a report: the site's policy forbids them inside a page."""
    from scheduler.report import page

    site.campaign(visitor, campaign_id)
    media_type = "text/css" if part == "page.css" else "text/javascript"
    return Response(page.part(part), media_type=media_type)
