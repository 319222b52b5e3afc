"""Every route of the site, with its rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from scheduler.rights import Scope
from scheduler.web.site import May


@dataclass(frozen=True, slots=True)
class Walked:
    """One method of one route."""

    method: str
    path: str  #: with its parameters in braces
    scope: Scope | None  #: of its rule; None: it has none

    @property
    def example(self) -> str:
        """A path that leads to it."""
        return re.sub(r"\{[^}]*\}", "x-1", self.path)

    @property
    def is_safe(self) -> bool:
        return self.method in ("GET", "HEAD")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def every_route(app: FastAPI) -> list[Walked]:
    """Return every method of every route, those of included routers and of mounts as well."""
    return list(_walked(app))


def _walked(app: FastAPI) -> Iterator[Walked]:
    for found in iter_route_contexts(app.routes):
        route: Any = found
        if isinstance(found.route, Mount):
            yield Walked("GET", f"{route.path}/{{rest}}", None)
            continue
        scope = _scope_of(getattr(route, "dependant", None))
        for method in sorted(route.methods or ()):
            yield Walked(method, route.path, scope)


def _scope_of(dependant: Any) -> Scope | None:
    """Return the rule of a route, wherever in what it depends on it stands."""
    if dependant is None:
        return None
    if isinstance(dependant.call, May):
        return dependant.call.scope
    scopes = [_scope_of(each) for each in dependant.dependencies]
    return next((scope for scope in scopes if scope is not None), None)
