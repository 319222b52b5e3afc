"""Starting a campaign: upload, columns, plan, launch."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.file.formats import stem
from scheduler.campaign.keys.presets import SILENT_CALL
from scheduler.campaign.reading import Reading
from scheduler.campaign.sample import Sample, sample
from scheduler.errors import CampaignError
from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.fields.scripts import speaks
from scheduler.fields.urls import is_loopback
from scheduler.ledger.views import CampaignView
from scheduler.masking import mask_text
from scheduler.operations import copies, drafts, starter
from scheduler.operations.drafts import Draft, TooLong
from scheduler.operations.launch import Intent
from scheduler.plan.spoken import lines
from scheduler.plan.whole import Asked, begins, whole
from scheduler.records import unpack_script
from scheduler.rights import Visitor
from scheduler.web import intake
from scheduler.web.console import launch_again, uploads
from scheduler.web.console.launch_drafts import (
    ENCODINGS,
    MAPPED,
    NOTHING,
    Fields,
    Kept,
    take_copy,
    take_in,
)
from scheduler.web.console.pages import render
from scheduler.web.intake import LaunchOptions
from scheduler.web.problems import Failure, Fault
from scheduler.web.site import OnSite, Site, Starts

router = APIRouter()
router.include_router(launch_again.router)

DraftId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_TYPES = {".csv": "text/csv; charset=utf-8", ".jsonl": "application/x-ndjson"}
#: Bytes of a form besides its file.
_FORM_BYTES = 1 << 16
#: Files that are checked at once: each takes a core.
_places = threading.BoundedSemaphore(4)


@router.get("/launch")
def choose(
    request: Request,
    visitor: Starts,
    site: OnSite,
    copy: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """Ask for a file, or whether a campaign is to be copied."""
    return _upload_page(request, site, copied=site.campaign(visitor, copy) if copy else None)


def _upload_page(
    request: Request,
    site: Site,
    errors: list[Fault] | None = None,
    status: int = 200,
    copied: CampaignView | None = None,
) -> Response:
    return render(
        request,
        "launch_upload.html.j2",
        status,
        errors=errors or [],
        most=site.settings.web_max_body,
        copied=copied,
    )


@router.post("/campaigns/{campaign_id}/copy")
def copy_campaign(request: Request, visitor: Starts, site: OnSite, campaign_id: str) -> Response:
    """Make a draft of a campaign, and lead to its columns."""
    request.state.connection.be_patient()
    view = site.campaign(visitor, campaign_id)
    view.expect_kept()
    draft = drafts.keep(site.settings.state_dir, visitor.name)
    take_copy(draft, visitor.name, view, copies.contacts_of(site.ledger, view))
    return RedirectResponse(f"/launch/{draft.id}", 303)


@router.post("/launch")
async def upload(request: Request, visitor: Starts, site: OnSite) -> Response:
    """Take a file in, and lead to its columns."""
    settings = site.settings
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > settings.web_max_body + _FORM_BYTES:
        raise _too_long(TooLong(settings.web_max_body))
    request.state.connection.be_patient()
    draft = await run_in_threadpool(drafts.keep, settings.state_dir, visitor.name)
    try:
        path, filename = await uploads.received(request, draft.folder, settings.web_max_body)
        await run_in_threadpool(take_in, draft, visitor.name, path, filename)
    except CampaignError as error:
        drafts.discard(draft)
        return _upload_page(request, site, _faults(visitor, error), 422)
    except TooLong as error:
        drafts.discard(draft)
        raise _too_long(error) from None
    except ClientDisconnect:
        drafts.discard(draft)
        return Response(status_code=400)  # the client has gone: nobody reads this
    except BaseException:
        drafts.discard(draft)
        raise
    return RedirectResponse(f"/launch/{draft.id}", 303)


def _too_long(error: TooLong) -> Failure:
    return Failure(413, "too_long", str(error), headers={"Connection": "close"})


@router.get("/launch/{draft_id}")
def map_columns(request: Request, visitor: Starts, site: OnSite, draft_id: DraftId) -> Response:
    """Show how the file begins, and ask what its columns are and how it is to be called."""
    draft = _draft(site, visitor, draft_id)
    return _columns_page(request, site, visitor, draft, Kept.read(draft))


@router.post("/launch/{draft_id}")
def settle(
    request: Request,
    visitor: Starts,
    site: OnSite,
    draft_id: DraftId,
    fields: Annotated[Fields, Form()],
) -> Response:
    """Keep what the form says, and lead to the plan."""
    draft = _draft(site, visitor, draft_id)
    known = Kept.read(draft)
    kept = Kept(known.owner, known.filename, known.contacts, known.policy, fields, known.notes)
    try:
        kept.whole_policy()
    except CampaignError as error:
        errors = _faults(visitor, error)
        return _columns_page(request, site, visitor, draft, kept, errors)
    kept.write(draft)
    if kept.encoding != known.encoding:  # the columns can be read, and chosen, only now
        return RedirectResponse(f"/launch/{draft_id}", 303)
    return RedirectResponse(f"/launch/{draft_id}/plan", 303)


def _faults(visitor: Visitor, error: CampaignError) -> list[Fault]:
    """Return the errors, worded for the form."""
    return intake.faults(_masked(visitor), error.problems, r"choose the encoding \1")


def _columns_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    draft: Draft,
    kept: Kept,
    errors: list[Fault] | None = None,
) -> Response:
    problems, shown = list(errors or []), Sample((), (), {})
    try:
        shown = sample(draft.path(kept.contacts), kept.encoding)
    except CampaignError as error:
        problems += _faults(visitor, error)
    return render(
        request,
        "launch_columns.html.j2",
        422 if problems else 200,
        draft=draft,
        kept=kept,
        fields=_fields(kept, shown),
        encodings=ENCODINGS,
        sample=shown,
        hide=mask_text,
        mapped=MAPPED,
        accounts=[name for name in site.accounts().names if visitor.may_see(name)],
        errors=problems,
    )


def _fields(kept: Kept, shown: Sample) -> Fields:
    """Return the form's values; columns that nobody has chosen yet are guessed."""
    if kept.fields is None:
        return _first_fields(kept, shown)
    return kept.fields if kept.fields.columns() else kept.fields.model_copy(update=_guessed(shown))


def _guessed(shown: Sample, named: Mapping[str, object] = NOTHING) -> dict[str, Any]:
    """Guess the columns of the keys. Form and plan both show them for confirmation."""
    columns = {**starter.likely_columns(shown), **shown.guessed, **named}
    return {
        f"column_{key}": column
        for key, column in columns.items()
        if key in MAPPED and isinstance(column, str)
    }


def _first_fields(kept: Kept, shown: Sample) -> Fields:
    """Return the first values of the form: what the file says, and guessed columns."""
    named = kept.policy.get("columns")
    values = _guessed(shown, named if isinstance(named, dict) else NOTHING)
    values |= {
        key: str(kept.policy[key])
        for key in ("name", "account", "max_duration", "default_region")
        if key in kept.policy
    }
    values.setdefault("name", stem(FilePath(kept.filename)))
    return Fields.model_construct(None, **values)


@router.get("/launch/{draft_id}/plan")
def plan(request: Request, visitor: Starts, site: OnSite, draft_id: DraftId) -> Response:
    """Show what the draft would do. Nobody is called."""
    request.state.connection.be_patient()
    draft = _draft(site, visitor, draft_id)
    kept = Kept.read(draft)
    try:
        with _checked(site, visitor, draft, kept) as (found, reading):
            return _plan_page(request, site, visitor, draft, kept, found, reading)
    except CampaignError as error:
        return render(
            request,
            "launch_refused.html.j2",
            422,
            draft=draft,
            kept=kept,
            errors=_faults(visitor, error),
            total=error.total,
            says_nothing=kept.says_nothing and any(e.code == "script" for e in error.problems),
        )


def _plan_page(
    request: Request,
    site: Site,
    visitor: Visitor,
    draft: Draft,
    kept: Kept,
    found: CheckedCampaign,
    reading: Reading,
) -> Response:
    intent = _intended(site, visitor, found, kept)
    asked = Asked(reading, intent.campaign_id, begins(None, found.policy))
    record = intake.planned(site, _masked(visitor), found, asked)
    for order in record["first"]:
        order["said"] = [*lines(unpack_script(order["script"]))]
    here = urlsplit(record["address"]).hostname or ""
    return render(
        request,
        "launch_plan.html.j2",
        draft=draft,
        kept=kept,
        plan=record,
        intent=intent,
        count=_left(record["contacts"], intent),
        each=written(found.policy.max_duration_seconds),
        is_here=is_loopback(here),
        silent="" if speaks(found.policy.script) else SILENT_CALL,
        problem_count=found.problem_count,
    )


def _masked(visitor: Visitor) -> Visitor:
    """Return the visitor without the right to see numbers: this page masks them for everybody."""
    return replace(visitor, sees_numbers=False)


def _left(contacts: int, intent: Intent) -> int:
    """Return how many contacts are called: all but those whom earlier campaigns have called."""
    return max(0, contacts - (intent.earlier.callable_count - intent.earlier.left))


@router.get("/launch/{draft_id}/rejects")
def rejects(visitor: Starts, site: OnSite, draft_id: DraftId, request: Request) -> Response:
    """Give the refused rows as they came, with their reasons, to be mended and uploaded again."""
    request.state.connection.be_patient()
    draft = _draft(site, visitor, draft_id)
    kept = Kept.read(draft)
    ending = ".jsonl" if kept.contacts.endswith("l") else ".csv"
    path = draft.path(f"rejects{ending}")
    try:
        with _checked(site, visitor, draft, kept, rejects=path):
            pass
    except CampaignError as error:
        raise intake.failure(_masked(visitor), error) from None
    return FileResponse(path, filename=path.name, media_type=_TYPES[ending])


@router.post("/launch/{draft_id}/start")
def start(
    request: Request,
    visitor: Starts,
    site: OnSite,
    draft_id: DraftId,
    plan: Annotated[str, Form(pattern=r"^[0-9a-f]{16}$")],
    campaign_id: Annotated[str, Form(max_length=110)],
    count: Annotated[int, Form(ge=0)],
) -> Response:
    """Launch exactly what was shown."""
    request.state.connection.be_patient()
    draft = _draft(site, visitor, draft_id)
    kept = Kept.read(draft)
    try:
        with _checked(site, visitor, draft, kept) as (found, reading):
            intake.expect_plan(site, found, reading, plan)
            intent = _intended(site, visitor, found, kept)
            asked = Asked(reading, intent.campaign_id, begins(None, found.policy))
            record, _ = whole(found, found.policy, site.settings, asked)
            _expect_shown(intent, _left(record["contacts"], intent), campaign_id, count)
            first = kept.fields.first if kept.fields else None
            view, _ = intake.launched(site, visitor, found, intent, first)
    except CampaignError as error:
        raise intake.failure(_masked(visitor), error) from None
    drafts.discard(draft)
    return RedirectResponse(f"/campaigns/{view.campaign_id}?done=launched", 303)


def _expect_shown(intent: Intent, count: int, campaign_id: str, shown: int) -> None:
    """Raise Failure (409) when the launch would differ from what the page has shown."""
    if (intent.campaign_id, count) != (campaign_id, shown):
        raise Failure(
            409,
            "plan_changed",
            f"this would call {counted(count, 'contact')} as campaign {intent.campaign_id}"
            f" now, and the page"
            f" said {shown:,} as {campaign_id}: another campaign has called some meanwhile, or was"
            " launched. Nobody was called: look at the plan again",
        )


@router.post("/launch/{draft_id}/discard")
def discard(visitor: Starts, site: OnSite, draft_id: DraftId) -> Response:
    """Throw the draft away."""
    drafts.discard(_draft(site, visitor, draft_id))
    return RedirectResponse("/launch", 303)


def _draft(site: Site, visitor: Visitor, draft_id: str) -> Draft:
    try:
        return drafts.find(site.settings.state_dir, draft_id, visitor.name)
    except drafts.NoSuchDraft as error:
        raise Failure(404, "no_such_draft", str(error)) from None


def _intended(site: Site, visitor: Visitor, found: CheckedCampaign, kept: Kept) -> Intent:
    asked = kept.fields or Fields()
    options = LaunchOptions(asked.campaign_id or None, asked.again)
    return intake.intended(site, visitor, found, options)


@contextmanager
def _checked(
    site: Site, visitor: Visitor, draft: Draft, kept: Kept, rejects: FilePath | None = None
) -> Iterator[tuple[CheckedCampaign, Reading]]:
    if not _places.acquire(blocking=False):
        raise Failure(429, "busy", "others check files: try again", headers={"Retry-After": "5"})
    try:
        policy = kept.whole_policy()
        reading = kept.reading(intake.account_for(visitor, policy))
        reading = replace(reading, rejects=rejects)
        written_down = draft.document(policy, kept.contacts)
        with intake.checked(site, visitor, draft, written_down, reading) as found:
            yield found, reading
    finally:
        _places.release()
