"""Renders pages from templates, with the values and filters that every template has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scheduler.fields.durations import written as duration
from scheduler.fields.visible import visible
from scheduler.masking import mask, mask_text
from scheduler.report.wording import length
from scheduler.rights import Scope, Visitor
from scheduler.web.problems import Failure

#: The navigation of every page, in the order of use: path, label, and the scope that it needs.
NAVIGATION = (
    ("/", "Now", Scope.LOOK),
    ("/campaigns", "Campaigns", Scope.LOOK),
    ("/contacts", "Find a contact", Scope.LOOK),
    ("/attention", "Needs a person", Scope.LOOK),
    ("/launch", "Start", Scope.START),
    ("/schedules", "Schedules", Scope.LOOK),
    ("/do-not-call", "Do not call", Scope.LOOK),
)


#: Messages for `?done=` that every page knows.
DONE = MappingProxyType(
    {
        "pause": "The campaign is paused: it places no more calls.",
        "resume": "The campaign goes on.",
        "cancel": "The rest of the campaign is cancelled; live calls go on to their ends.",
        "abort": "The campaign is aborted, and every live call has ended.",
        "aborting": "The campaign is aborted. Some calls have not ended yet: their stops are on"
        " record, and workers go on sending them.",
        "priority": "The priority is changed.",
        "stop": "The call has ended.",
        "stopping": "The call's stop is on record; its end is not confirmed yet.",
        "extend": "The call may last longer.",
        "limit": "The limit is changed.",
    }
)
_NOTHING: Mapping[str, str] = MappingProxyType({})


def render(
    request: Request,
    template: str,
    status: int = 200,
    *,
    done: Mapping[str, str] | str = _NOTHING,
    tone: str = "good",
    **values: Any,
) -> Response:
    """Make a page. A template has `visitor`, `path`, `navigation` and `csrf` besides `values`.

    `done` maps this page's words for `?done=` to messages about what the visitor has just done; a
    text is shown as it is.
    """
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    shown = [each for each in NAVIGATION if visitor and visitor.scope.has(each[2])]
    page = _templates.get_template(template).render(
        visitor=visitor,
        path=request.scope["path"],
        navigation=shown,
        csrf=getattr(request.state, "csrf", ""),
        done=done
        if isinstance(done, str)
        else {**DONE, **done}.get(request.query_params.get("done", ""), ""),
        tone=tone,
        **values,
    )
    return HTMLResponse(page, status)


def of_failure(request: Request, failure: Failure) -> Response:
    """Render the page of an error; redirect a visitor who has to sign in."""
    details = failure.details
    if details.status == 401:
        return RedirectResponse(_sign_in_for(request), 303)
    if details.code == "closed":
        return render(request, "sign_in_closed.html.j2", details.status, failure=details)
    page = render(request, "failure.html.j2", details.status, failure=details)
    page.headers.update(failure.headers)
    return page


def _sign_in_for(request: Request) -> str:
    """Return the sign-in page's address, which leads on to the page that was requested."""
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    if request.method != "GET" or path == "/":
        return "/sign-in"
    return "/sign-in?" + urlencode({"next": f"{path}?{query}" if query else path})


def _instant(at: float | None, zone: str = "") -> Markup:
    """Write an instant. The script shows it in the reader's zone, with the contact's beside it."""
    if at is None:
        return Markup("–")  # noqa: RUF001 (a dash, for a cell without a value)
    moment = datetime.fromtimestamp(at, UTC)
    return Markup('<time datetime="{}" data-zone="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), zone, moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    )


_templates = Environment(
    loader=PackageLoader("scheduler.web.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {
    "lasting": length,
    "instant": _instant,
    "duration": duration,
    "mask": mask,
    "masked": mask_text,
    "visible": visible,
}
_templates.globals["may"] = lambda visitor, scope: bool(visitor) and visitor.scope.has(Scope(scope))
