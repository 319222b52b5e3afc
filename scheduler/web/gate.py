"""Access control: identifies the sender of every request before a route sees it.

A sender who is not known still reaches the routes, whose rules refuse them (`site.May`). The gate
decides what no rule of a route can know: whether this site is open at all, under which host names,
how many requests a second one visitor may send, and whether a signed-in browser sends what its
user wants sent (no cross-site request).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.ledger import users, web_tokens
from scheduler.operations import access_tokens
from scheduler.operations.access_tokens import Uses
from scheduler.operations.users import visitor_of
from scheduler.rights import Scope as Right
from scheduler.rights import Visitor
from scheduler.web import cookies, forgery
from scheduler.web.addresses import Addresses
from scheduler.web.bodies import bounded
from scheduler.web.counts import Counts
from scheduler.web.headers import dressed
from scheduler.web.problems import Failure, failure_from
from scheduler.web.rates import PER_SECOND, Rates
from scheduler.web.site import Site

logger = logging.getLogger(__name__)

#: Paths that anybody may request at any time. Their routes check the sender themselves.
OPEN = ("/callbacks/", "/healthz", "/readyz")

#: The name of the visitor who sends the token of the settings: the operator of this site, who has
#: no rate limit.
OPERATORS = "CALLSCHED_WEB_TOKEN"

#: Requests whose senders are identified at the same time.
_THREADS = 16

#: Makes the answer to a request that failed.
Answer = Callable[[Request, Failure], Response]


class Gate:
    """The outermost layer: sets `request.state.visitor`, None for an unknown sender."""

    def __init__(self, app: ASGIApp, site: Site, answer: Answer, counts: Counts) -> None:
        self._app = app
        self._site = site
        self._answer = answer
        self._addresses = Addresses(site.settings)
        prefix = urlsplit(site.settings.public_url or "").path
        self._open = tuple(dict.fromkeys(p + each for p in ("", prefix) for each in OPEN))
        self._uses = Uses(site.ledger)
        self._rates = Rates()
        #: Threads of the gate's own: identifying a sender never waits for a slow route.
        self._threads = CapacityLimiter(_THREADS)
        self._counts = counts
        self._is_https = (site.settings.public_url or "").startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Identify the sender, and pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        send = dressed(send, path, is_https=self._is_https)
        async with self._counts.counting(send, path) as send:
            if self._is_open(path):
                await self._app(scope, receive, send)
            else:
                await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            visitor = await to_thread.run_sync(self._let_in, request, limiter=self._threads)
            request.state.visitor = visitor
            self._expect_few_requests(request, visitor)
            receive = bounded(request, await self._checked(request, visitor, receive))
        except Exception as error:
            failure = failure_from(error)
            if failure.details.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                logger.exception("the sender of a request could not be identified")
            await self._answer(request, failure)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return any(
            path.startswith(each) if each.endswith("/") else path == each for each in self._open
        )

    def _let_in(self, request: Request) -> Visitor | None:
        """Return the visitor, None for an unknown sender.

        Raises Failure: 404 while nobody at all has access, 421 for a host name that is not this
        site's.
        """
        is_direct = self._addresses.is_direct(request)
        visitor = self._visitor(request, by_key=is_direct)
        # A long answer, such as a stream, asks now and then whether its reader still has access.
        request.state.still_may = lambda: (
            self._visitor(request, by_key=is_direct, is_used=False) == visitor
        )
        if visitor is None and not is_direct and not has_anybody(self._site):
            raise Failure(
                404,
                "closed",
                "nobody has access yet: add a user (`callsched user add NAME --role admin`) or a"
                " token (`callsched token create NAME --scope look`) on the machine of callsched;"
                " until then only callbacks and /healthz are answered here",
            )
        if not is_direct and not self._addresses.is_ours(request):
            raise Failure(
                421,
                "foreign_host",
                "this is not the address of this site: use the one that CALLSCHED_PUBLIC_URL"
                " names, or the address at which the site listens; a tunnel needs the same port at"
                " both ends",
            )
        return visitor

    def _visitor(self, request: Request, *, by_key: bool, is_used: bool = True) -> Visitor | None:
        written = request.headers.get("authorization")
        if written is not None:
            return self._of_token(written)
        is_secure = self._addresses.is_secure(request)
        if not (cookie := cookies.cookie_of(request, is_secure=is_secure)):
            return None
        visitor = visitor_of(self._site.ledger, cookie, by_key=by_key, is_used=is_used)
        if visitor is not None:
            request.state.csrf = cookies.csrf_of(cookie)
        return visitor

    def _of_token(self, written: str) -> Visitor | None:
        kind, _, token = written.partition(" ")
        if kind.lower() != "bearer":
            return None
        wanted = self._site.settings.web_token
        if wanted and compare_digest(token.encode(), wanted.get_secret_value().encode()):
            return Visitor(OPERATORS, Right.ADMIN, sees_numbers=True)
        return access_tokens.visitor_of(self._site.ledger, token, self._uses)

    def _expect_few_requests(self, request: Request, visitor: Visitor | None) -> None:
        """Raise Failure (429) for a visitor who is over the rate limit."""
        if visitor is not None and visitor.name == OPERATORS:
            return
        if visitor is None:
            sender = f"address {self._addresses.sender(request)}"
        else:
            sender = visitor.session or visitor.name
        if wait := self._rates.wait_of(sender):
            raise Failure(
                429,
                "too_many_requests",
                f"more than {PER_SECOND:.0f} requests a second: come again",
                headers={"Retry-After": str(math.ceil(wait))},
            )

    async def _checked(
        self, request: Request, visitor: Visitor | None, receive: Receive
    ) -> Receive:
        """Refuse a cross-site request, which a foreign page has a browser send.

        Returns what the body is to be read from. Raises Failure.
        """
        if request.method in forgery.SAFE:
            return receive
        is_signed_in = visitor is not None and bool(visitor.session)
        if is_signed_in or request.scope["path"] == "/sign-in":
            forgery.expect_own_page(request, self._addresses)
        if is_signed_in:
            return await forgery.expect_known(request, receive, request.state.csrf)
        return receive


def has_anybody(site: Site) -> bool:
    """Tell whether anybody has access: a user, or a program with a token."""
    return (
        site.settings.web_token is not None
        or users.count(site.ledger) > 0
        or web_tokens.count(site.ledger) > 0
    )
