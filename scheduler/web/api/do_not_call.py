"""Who is not to be called by any campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from scheduler.errors import CampaignError
from scheduler.fields.counts import counted
from scheduler.fields.numbers import regions
from scheduler.ledger import do_not_call as in_ledger
from scheduler.ledger.do_not_call import Listing
from scheduler.masking import mask_text
from scheduler.operations import complaint, do_not_call
from scheduler.operations.complaint import Found, HungUp
from scheduler.operations.do_not_call import Addition, Import
from scheduler.rights import Visitor
from scheduler.web import cursors
from scheduler.web.api.do_not_call_models import (
    Added,
    Additions,
    Barred,
    Entries,
    Imported,
    Listed,
    Removal,
    Removals,
    RemovalsMade,
    RemovedEntries,
)
from scheduler.web.api.orders import PATIENCE_SECONDS
from scheduler.web.cursors import Cursor, Limit
from scheduler.web.masks import as_seen_by
from scheduler.web.problems import MEDIA_TYPE, Failure, Fault, ProblemDetails, faults_of
from scheduler.web.site import Administers, Looks, OnSite, Operates, Site, order_by
from scheduler.web.uploads import received

router = APIRouter(prefix="/do-not-call", tags=["do not call"])

#: The longest file, compressed and inflated: ten million numbers and more.
MOST_BYTES = 256 * 1024**2
_TYPES = frozenset(
    {
        "text/csv",
        "text/plain",
        "application/gzip",
        "application/octet-stream",
        "application/x-ndjson",
    }
)

Region = Annotated[
    str | None,
    Query(max_length=2, description="Read numbers without a plus sign as this country's."),
]


@router.get("", summary="List who is not to be called, or ask about one number")
def list_entries(
    site: OnSite,
    visitor: Looks,
    number: Annotated[
        str | None,
        Query(max_length=300, description="Say whether nobody dials this one, and by what."),
    ] = None,
    region: Region = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Entries:
    """The list holds at once, in every campaign of every account.

    An entry that comes or goes meanwhile may be left out of the pages, and any may come twice.
    """
    if number is not None:
        return _about(site, visitor, number, region)
    try:
        page = do_not_call.page(site.ledger, cursors.read(cursor), limit)
    except ValueError:
        raise Failure(422, "cursor", "this is no cursor of this list") from None
    return Entries(
        entries=[listed(visitor, *each) for each in page.entries],
        count=page.count,
        next_cursor=cursors.written(page.following) if page.following else None,
    )


def _about(site: Site, visitor: Visitor, number: str, region: str | None) -> Entries:
    (read,) = entries_of([number], region)
    found = in_ledger.barred(site.ledger, read)
    by = listed(visitor, *found) if found else None
    barred = Barred(number=shown(visitor, read), listed=found is not None, by=by)
    count = in_ledger.count(site.ledger)
    return Entries(entries=[by] if by else [], count=count, next_cursor=None, number=barred)


def listed(visitor: Visitor, entry: str, listing: Listing) -> Listed:
    """Return an entry as a visitor may see it."""
    kind = "prefix" if do_not_call.is_prefix(entry) else "number" if entry[0] == "+" else "sip"
    why = listing.why if visitor.sees_numbers else mask_text(listing.why)
    return Listed(entry=shown(visitor, entry), kind=kind, since=listing.since, why=why)


def shown(visitor: Visitor, entry: str) -> str:
    """Return what a visitor may see of an entry itself."""
    return entry if visitor.sees_numbers else in_ledger.shown(entry)


def entries_of(written: list[str], region: str | None) -> list[str]:
    """Read entries, and drop repeated ones. Raises Failure, which lists every malformed one."""
    known = region_of(region)
    faults, found = [], []
    for at, each in enumerate(written):
        try:
            found += do_not_call.read([each], known)
        except ValueError as error:
            text = _in_words_of_the_api(str(error))
            faults.append(Fault(key=f"entries.{at}", code="invalid_entry", message=text))
    if faults:
        raise Failure(
            422, "invalid_entry", faults[0].message, errors=faults[:100], total=len(faults)
        )
    return list(dict.fromkeys(found))


def region_of(region: str | None) -> str | None:
    """Return the ISO name of a country; None stays None. Raises Failure for an unknown one."""
    if not region:
        return None
    if region.upper() not in regions():
        raise Failure(422, "region", "expected an ISO country such as US or GB")
    return region.upper()


def _in_words_of_the_api(message: str) -> str:
    text = message.replace("set default_region", "give the region")
    return text.replace("default_region US", "the region US")


@router.post(
    "",
    summary="Have somebody called no more",
    responses={202: {"model": Added, "description": "The end of a call is not confirmed yet"}},
)
def add_entries(
    request: Request, response: Response, site: OnSite, visitor: Operates, body: Additions
) -> Added:
    """From now on nobody dials them, running campaigns included. A call that is live goes on.

    With `hang_up` it is ended as well; the answer waits up to ten seconds for the end. What is on
    the list already keeps since when, and why.
    """
    entries = entries_of(body.entries, body.region)
    if body.hang_up:
        request.state.connection.be_patient()
    done, found, hung_up = put_on(site, visitor, entries, body.why, hang_up=body.hang_up)
    if hung_up is not None and hung_up.left:
        response.status_code = 202
    record = complaint.as_record(done, found, hung_up)
    listed = {name: [shown(visitor, each) for each in record[name]] for name in ("added", "known")}
    return Added.model_validate({**as_seen_by(visitor, record), **listed})


def put_on(
    site: Site, visitor: Visitor, entries: list[str], why: str, *, hang_up: bool
) -> tuple[Addition, Found, HungUp | None]:
    """Put entries on the list, look for calls to them, and end the live ones if that is asked."""
    done = do_not_call.add(site.ledger, entries, why, visitor.name)
    found = complaint.look(site.ledger, entries, visitor.accounts)
    if not hang_up:
        return done, found, None
    order = order_by(visitor, why)
    ended = complaint.hang_up(site.ledger, found.certain, order, within_seconds=PATIENCE_SECONDS)
    return done, found, ended


@router.delete("", summary="Let somebody be called again")
def remove_entries(site: OnSite, visitor: Administers, body: Removals) -> RemovedEntries:
    """Each entry is taken off just as it stands there, and it goes on record who did so and why.

    409 `prefix` for a prefix without `everybody`: nothing is taken off.
    """
    entries = entries_of(body.entries, body.region)
    prefixes = [each for each in entries if do_not_call.is_prefix(each)]
    if prefixes and not body.everybody:
        raise Failure(
            409,
            "prefix",
            f"{prefixes[0]} stands for everybody whose number begins so: say everybody true to have"
            " all of them called again",
        )
    done = do_not_call.remove(site.ledger, entries, order_by(visitor, body.why))
    return RemovedEntries(
        removed=[shown(visitor, each) for each in done.removed],
        missing=[shown(visitor, each) for each in done.missing],
        kept_by={shown(visitor, each): shown(visitor, by) for each, by in done.kept_by.items()},
    )


@router.get("/removals", summary="List who took entries off the list")
def list_removals(site: OnSite, visitor: Looks) -> RemovalsMade:
    """The last hundred, the last first. Numbers are masked for everybody."""
    found = in_ledger.removals(site.ledger)
    return RemovalsMade(removals=[Removal(**each.as_record()) for each in found])


def _problem(words: str) -> dict[str, Any]:
    return {"model": ProblemDetails, "content": {MEDIA_TYPE: {}}, "description": words}


@router.post(
    "/import",
    summary="Put every entry of a file on the list",
    responses={
        408: _problem("No more of the file came in time"),
        413: _problem("The file is too long"),
        415: _problem("The file is of another kind"),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(_TYPES)
            },
        }
    },
)
async def import_entries(
    site: OnSite,
    visitor: Operates,
    request: Request,
    why: Annotated[str, Query(max_length=500, description="Kept with each, with your name.")] = "",
    name: Annotated[str, Query(max_length=200, description="What the file is called.")] = "upload",
    region: Region = None,
    encoding: Annotated[str, Query(max_length=40, description="Of its text.")] = "utf-8",
) -> Imported:
    """One entry a line, or a table with a column of numbers, as `callsched dnc import` reads it.

    It may be compressed with gzip. When a line can't be read, it is named, and nothing of the file
    is taken. The same file may come again.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise Failure(415, "media_type", f"send the file as one of {', '.join(sorted(_TYPES))}")
    known = region_of(region)
    async with received(request, MOST_BYTES) as path:
        done = await run_in_threadpool(
            take, site, visitor, path, name=name, why=why, region=known, encoding=encoding
        )
    return Imported(**done.as_record())


def take(
    site: Site,
    visitor: Visitor,
    path: Path,
    *,
    name: str,
    why: str,
    region: str | None,
    encoding: str = "utf-8",
) -> Import:
    """Import a file that has come. Raises Failure with the lines that can't be read."""
    try:
        file = do_not_call.read_file(path, region, encoding, name=name, most_bytes=MOST_BYTES)
    except CampaignError as error:
        faults = faults_of(error.problems)
        raise Failure(422, "file", str(error), errors=faults, total=error.total) from None
    if file.problems.total:
        faults = faults_of(file.problems.kept)
        for fault in faults:
            fault.message = _in_words_of_the_api(fault.message)
        raise Failure(
            422,
            "file",
            f"{counted(file.counts.unread, 'line')} could not be read, so nothing of the file"
            f" was taken",
            errors=faults,
            total=file.problems.total,
        )
    return do_not_call.import_file(site.ledger, file, why, visitor.name)
