"""The do-not-call list: search it, add to it, take off it with a reason, import a file."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.ledger import do_not_call as in_ledger
from scheduler.operations import do_not_call
from scheduler.rights import Visitor
from scheduler.web import cursors
from scheduler.web.api import do_not_call as api
from scheduler.web.console.pages import render
from scheduler.web.problems import Failure
from scheduler.web.site import Administers, Looks, OnSite, Operates, Site, order_by
from scheduler.web.uploads import expect_length

router = APIRouter()

_PAGE = 50
_LONGEST_COUNT = 12
#: Bytes of a form besides its file.
_FORM_BYTES = 1 << 16

_DONE = {
    "added": "{new} put on the list; {old} were on it before.",
    "removed": "{new} taken off the list; {old} were not on it.",
    "imported": "{new} put on the list from the file; {old} were on it before.",
}

FormText = Annotated[str, Form(max_length=300)]


@router.get("/do-not-call")
def list_page(
    request: Request,
    site: OnSite,
    visitor: Looks,
    number: Annotated[str, Query(max_length=300)] = "",
    region: Annotated[str, Query(max_length=2)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
    new: Annotated[int, Query(ge=0)] = 0,
    old: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show whether a number is on the list, and the list a page at a time."""
    notice = _DONE[done].format(new=f"{new:,}", old=f"{old:,}") if done in _DONE else ""
    if notice:
        notice += _of_calls(request.query_params)
    asked = _asked(site, number, region) if number.strip() else None
    return _page(request, site, asked=asked, cursor=cursor, notice=notice)


def _asked(site: Site, number: str, region: str) -> dict[str, Any]:
    """Return what the list says of a number, or what is wrong with the number."""
    try:
        (read,) = api.entries_of([number], region or None)
    except Failure as failure:
        return {"problem": failure.details.detail, "number": number, "region": region}
    found = in_ledger.barred(site.ledger, read)
    by = _row(*found) if found else None
    return {
        "problem": "",
        "number": number,
        "region": region,
        "read": in_ledger.shown(read),
        "by": by,
        "is_itself": found is not None and found[0] == read,
    }


def _row(entry: str, listing: in_ledger.Listing) -> dict[str, Any]:
    kind = "prefix" if do_not_call.is_prefix(entry) else "number" if entry[0] == "+" else "SIP"
    shown = in_ledger.shown(entry)
    return {"entry": shown, "kind": kind, "since": listing.since, "why": listing.why}


def _page(
    request: Request,
    site: Site,
    status: int = 200,
    *,
    asked: dict[str, Any] | None = None,
    cursor: str | None = None,
    notice: str = "",
    failure: Failure | None = None,
) -> Response:
    try:
        page = do_not_call.page(site.ledger, cursors.read(cursor), _PAGE)
    except ValueError:
        raise Failure(422, "cursor", "this is no page of the list") from None
    return render(
        request,
        "do_not_call_list.html.j2",
        status,
        asked=asked,
        entries=[_row(*each) for each in page.entries],
        count=page.count,
        following=cursors.written(page.following) if page.following else None,
        is_first=cursor is None,
        removals=in_ledger.removals(site.ledger, 10),
        most_mib=api.MOST_BYTES // 1024**2,
        notice=notice,
        failure=failure.details if failure else None,
    )


def _done(what: str, new: int, old: int, **counts: int) -> Response:
    some = {name: count for name, count in counts.items() if count}
    query = urlencode({"done": what, "new": new, "old": old, **some})
    return RedirectResponse(f"/do-not-call?{query}", 303)


# Onto the list ------------------------------------------------------------------------------------


@router.post("/do-not-call/add")
def add(
    request: Request,
    site: OnSite,
    visitor: Operates,
    entries: Annotated[str, Form(max_length=100_000)],
    why: FormText,
    region: FormText = "",
    hang_up: FormText = "",
) -> Response:
    """Put numbers on the list, one a line; live calls to them may be ended."""
    try:
        found = api.entries_of(_lines(entries), region.strip() or None)
    except Failure as failure:
        return _page(request, site, 422, failure=failure)
    if hang_up:
        request.state.connection.be_patient()
    done, calls, hung_up = api.put_on(
        site, visitor, found, why or "added by hand", hang_up=bool(hang_up)
    )
    counts = {
        "live": 0 if hung_up else len(calls.certain),
        "over": sum(each.is_over for each in hung_up.endings) if hung_up else 0,
        "left": hung_up.left if hung_up else 0,
        "doubtful": len(calls.doubtful),
        "waits": len(calls.waits or ()),
    }
    return _done("added", len(done.added), len(done.known), **counts)


#: What the page says of calls to newly listed numbers: the words for one, and for several.
_OF_CALLS = {
    "live": ("call to them is live and goes on", "calls to them are live and go on"),
    "over": ("live call to them has ended", "live calls to them have ended"),
    "left": (
        "call to them is being stopped: its end is not confirmed yet",
        "calls to them are being stopped: their ends are not confirmed yet",
    ),
    "doubtful": (
        "call to them may still ring: nobody knows how it ended (see Attention)",
        "calls to them may still ring: nobody knows how they ended (see Attention)",
    ),
    "waits": (
        "campaign that waits to call them will skip it",
        "campaigns that wait to call them will skip it",
    ),
}


def _of_calls(query: Mapping[str, str]) -> str:
    """Say which calls to the listed numbers were found, from the counts in the redirect's query."""
    parts = []
    for name, words in _OF_CALLS.items():
        written = query.get(name, "")
        if written.isdecimal() and len(written) < _LONGEST_COUNT and int(written):
            parts.append(f" {counted(int(written), *words)}.")
    return "".join(parts)


def _lines(entries: str) -> list[str]:
    lines = [line.strip() for line in entries.splitlines() if line.strip()]
    if not lines:
        raise Failure(422, "entries", "write a number, a prefix or a SIP address on each line")
    if len(lines) > 1000:
        raise Failure(422, "entries", "at most 1,000 at once: import a file of them")
    return lines


@router.post("/do-not-call/import")
async def import_file(request: Request, site: OnSite, visitor: Operates) -> Response:
    """Put every entry of a file on the list."""
    if not request.headers.get("content-length", "").isdecimal():
        raise Failure(411, "length_required", "send the length of the file")
    expect_length(request, api.MOST_BYTES + _FORM_BYTES)
    request.state.connection.be_patient()
    async with request.form(max_files=1, max_fields=10) as form:
        return await run_in_threadpool(_import, request, site, visitor, form)


def _import(request: Request, site: Site, visitor: Visitor, form: FormData) -> Response:
    file, why, region = form.get("file"), str(form.get("why", "")), str(form.get("region", ""))
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise Failure(422, "file", "choose a file")
        name = visible(file.filename)[:200]
        known = api.region_of(region.strip() or None)
        with NamedTemporaryFile(prefix="callsched-") as kept:
            shutil.copyfileobj(file.file, kept)
            kept.flush()
            path = Path(kept.name)
            done = api.take(site, visitor, path, name=name, why=why[:300], region=known)
    except Failure as failure:
        return _page(request, site, failure.details.status, failure=failure)
    return _done("imported", done.added, done.known)


# Off the list -------------------------------------------------------------------------------------


@router.post("/do-not-call/remove")
def remove(
    request: Request,
    site: OnSite,
    visitor: Administers,
    entry: FormText,
    region: FormText = "",
    why: FormText = "",
    confirmed: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Show what taking an entry off will do; with its words typed once more, take it off."""
    try:
        (read,) = api.entries_of([entry.strip()], region.strip() or None)
    except Failure as failure:
        return _page(request, site, 422, failure=failure)
    is_prefix = do_not_call.is_prefix(read)
    if why.strip() and confirmed.strip() == (read if is_prefix else "yes"):
        done = do_not_call.remove(site.ledger, [read], order_by(visitor, why))
        return _done("removed", len(done.removed), len(done.missing))
    found = in_ledger.barred(site.ledger, read)
    return render(
        request,
        "do_not_call_remove.html.j2",
        409 if confirmed else 200,
        entry=read,
        shown=in_ledger.shown(read),
        by=_row(*found) if found else None,
        is_itself=found is not None and found[0] == read,
        is_prefix=is_prefix,
        most_numbers=do_not_call.most_numbers(read) if is_prefix else 1,
        problem=_missing(why, is_prefix) if confirmed or why else "",
        why=why,
    )


def _missing(why: str, is_prefix: bool) -> str:
    if not why.strip():
        return "Say why: it goes on record."
    return "Type the prefix itself to go on." if is_prefix else "Confirm it to go on."
