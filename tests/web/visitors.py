"""How the site is seen by somebody who may do less than an administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import get_args

from fastapi import Request

from scheduler.rights import Scope, Visitor
from scheduler.web.site import Administers, Looks, May, Operates, Starts
from tests.web.running import RunningSite


def ann(scope: Scope = Scope.OPERATE, *accounts: str, sees_numbers: bool = False) -> Visitor:
    """Return somebody who sees these accounts alone; without any, all of them."""
    return Visitor("ann", scope, frozenset(accounts) or None, sees_numbers)


@contextmanager
def seen_by(site: RunningSite, visitor: Visitor) -> Iterator[RunningSite]:
    """Have every request come from this visitor."""

    def coming(rule: May) -> Callable[[Request], Visitor]:
        def who(request: Request) -> Visitor:
            request.state.visitor = visitor
            return rule(request)

        return who

    rules = [get_args(each)[1].dependency for each in (Looks, Operates, Starts, Administers)]
    site.app.dependency_overrides.update({rule: coming(rule) for rule in rules})
    try:
        yield site
    finally:
        site.app.dependency_overrides.clear()
