"""The health of this process: `/readyz` for load balancers, `/metrics` for monitoring."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from scheduler.errors import LedgerTrouble
from scheduler.ledger.identity import identity, is_understood
from scheduler.rights import Scope
from scheduler.web.addresses import Addresses
from scheduler.web.counts import Counts
from scheduler.web.site import May, OnSite, Site

router = APIRouter(include_in_schema=False)

_AWAY = "the ledger does not answer"
_NEWER = "the ledger is of a newer release: upgrade callsched on this machine"


@router.get("/readyz")
def readyz(site: OnSite) -> Response:
    """Say whether requests can be answered: 503 without a ledger that this release knows."""
    if trouble := _trouble(site):
        return JSONResponse({"status": trouble}, 503, {"Retry-After": "1"})
    known = {"ledger": identity(site.ledger), "version": version("callsched")}
    return JSONResponse({"status": "ok", **known})


@router.get("/metrics")
def metrics(request: Request, site: OnSite) -> Response:
    """Return the metrics: to anybody on this very machine, else to visitors with the right."""
    if not Addresses(site.settings).is_direct(request):
        May(Scope.LOOK)(request)
    counts: Counts = request.app.state.counts
    written = counts.written(is_ledger_up=not _trouble(site))
    return Response(written, media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _trouble(site: Site) -> str:
    try:
        return "" if is_understood(site.ledger) else _NEWER
    except LedgerTrouble:
        return _AWAY
