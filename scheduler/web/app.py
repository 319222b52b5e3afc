"""The whole site as one app: callbacks, API and console, behind one gate."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from scheduler.live.board import Board
from scheduler.operations.quick_check import QuickCheck
from scheduler.web import api, console, health, openapi, problems
from scheduler.web.console import pages
from scheduler.web.counts import Counts
from scheduler.web.feed import Feed
from scheduler.web.gate import Gate
from scheduler.web.receiver import Receiver
from scheduler.web.site import Site
from scheduler.web.visible_accounts import ceiling_of, every_name


def build(site: Site, receiver: Receiver) -> FastAPI:
    """Return what answers every request of `callsched web`."""
    app = FastAPI(
        title="callsched",
        version=version("callsched"),
        description="Campaigns of outbound calls: what they do, and what became of every call.",
        docs_url=None,  # FastAPI's page loads scripts from another host
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # the redirect would repeat the Host header
    )
    app.state.site = site
    app.state.counts = counts = Counts()
    app.state.feed = Feed(site.ledger)
    app.state.board = Board(site.ledger, partial(ceiling_of, site))
    app.state.quick_check = QuickCheck(site.settings, site.ledger, partial(every_name, site))
    # Before all others: the path of the public address may be one of the console.
    app.router.routes.extend(receiver.routes())
    app.include_router(api.router)
    app.include_router(openapi.router)
    app.include_router(console.router)
    app.include_router(health.router)
    app.mount("/static", StaticFiles(packages=[("scheduler.web.console", "static")]))
    problems.install(app, pages.of_failure)
    answer = partial(problems.answered, page_of=pages.of_failure)
    app.add_middleware(Gate, site=site, answer=answer, counts=counts)
    return app
