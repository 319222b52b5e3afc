"""Files that are made while they are sent, so that a long one costs no memory."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence

from fastapi.responses import Response, StreamingResponse

from scheduler.fields.conditions import asked_in
from scheduler.ledger import columns as columns_in
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.masking import mask_text
from scheduler.operations.export import Layout, ResultFormat, expect_library, text_of
from scheduler.operations.export_columns import chosen as chosen_columns
from scheduler.operations.export_columns import columns_of
from scheduler.operations.instants import Times
from scheduler.rights import Visitor
from scheduler.web.kept_file import PIECE_BYTES, KeptFile
from scheduler.web.masks import as_seen_by

MEDIA_TYPES = {
    ResultFormat.JSONL: "application/x-ndjson",
    ResultFormat.CSV: "text/csv",
    ResultFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def layout_of(
    ledger: Ledger, view: CampaignView, visitor: Visitor, wanted: Sequence[str], times: Times | None
) -> Layout:
    """Return how to write the results for a visitor: in these columns, or in all.

    Raises LookupError with a column that the results do not have.
    """
    variables = columns_in.every(ledger, view.campaign_id)
    if not visitor.sees_numbers:
        variables = [mask_text(name) for name in variables]
    columns = columns_of(asked_in(view.policy), variables)
    if wanted:
        columns = chosen_columns(columns, wanted)
    return Layout(columns, times, only_columns=bool(wanted))


def results(
    ledger: Ledger, view: CampaignView, visitor: Visitor, chosen: ResultFormat, layout: Layout
) -> Response:
    """Stream the results of a campaign. Only a workbook is made whole before it is sent."""
    view.expect_kept()
    expect_library(chosen)
    records = (as_seen_by(visitor, record) for record in views.results(ledger, view.campaign_id))
    name = f"{view.campaign_id}-results.{chosen}"
    if chosen is ResultFormat.XLSX:
        # Imported here: only a workbook needs the library.
        from scheduler.operations.export_workbook import write_workbook

        with tempfile.TemporaryFile() as file:
            write_workbook(records, file, layout)
            return of_file(KeptFile(file), MEDIA_TYPES[chosen], name)
    text = text_of(records, chosen, layout)
    return StreamingResponse(_pieces(text), headers=_headers(name), media_type=MEDIA_TYPES[chosen])


def of_file(file: KeptFile, media_type: str, name: str = "") -> Response:
    """Send a file that was just written; with a name, as a download."""
    headers = {"Content-Length": str(file.length)} | (_headers(name) if name else {})
    return StreamingResponse(file.pieces(), headers=headers, media_type=media_type)


def _headers(name: str) -> dict[str, str]:
    safe = _UNSAFE.sub("_", name).lstrip(".-")[-120:]
    return {"Content-Disposition": f'attachment; filename="{safe}"'}


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Join lines to larger pieces: sending one costs a switch of threads."""
    piece = bytearray()
    for line in lines:
        piece += line.encode(errors="replace")
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
