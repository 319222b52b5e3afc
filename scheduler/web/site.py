"""What the pages and the API stand on, and how a route gets at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from scheduler.accounts import Accounts
from scheduler.errors import NoSuchCampaign
from scheduler.ledger import views
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.views import CampaignView
from scheduler.operations.orders import order_of
from scheduler.operations.serving import Serving
from scheduler.providers import accounts_of
from scheduler.rights import Scope, Visitor
from scheduler.settings import Settings
from scheduler.web.first_key import FirstKey
from scheduler.web.problems import Failure


@dataclass(frozen=True, slots=True)
class Site:
    """One `callsched web`: the settings that it was started with, and the ledger."""

    settings: Settings
    ledger: Ledger
    first_key: FirstKey = field(default_factory=FirstKey)

    def accounts(self) -> Accounts:
        """Read whose credentials there are, now. Raises ConfigError."""
        return accounts_of(self.settings, is_tolerant=True)

    def campaign(self, visitor: Visitor, campaign_id: str) -> CampaignView:
        """Read a campaign. Raises NoSuchCampaign also for one that is not theirs to see."""
        view = views.campaign(self.ledger, campaign_id)
        if not visitor.may_see(view.account):
            raise NoSuchCampaign(campaign_id)
        return view

    def nobody_dials(self, view: CampaignView) -> dict[str, str | None]:
        """Return why nobody dials a campaign, as JSON has it; None where somebody does."""
        return {"nobody_dials": Serving(self.ledger, self.settings).lack(view) or None}


def site_of(request: Request) -> Site:
    """Return what this app stands on."""
    site: Site = request.app.state.site
    return site


OnSite = Annotated[Site, Depends(site_of)]


class May:
    """A dependency of every route: the visitor, who has the route's `scope`."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, request: Request) -> Visitor:
        """Return who asks. Raises Failure: 401 for nobody, 403 for somebody who may not."""
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        if visitor is None:
            raise Failure(
                401, "unauthorized", "say who you are", headers={"WWW-Authenticate": "Bearer"}
            )
        if not visitor.scope.has(self.scope):
            raise Failure(
                403, "forbidden", f"this needs the scope {self.scope}, and yours is {visitor.scope}"
            )
        return visitor


Looks = Annotated[Visitor, Depends(May(Scope.LOOK))]
Operates = Annotated[Visitor, Depends(May(Scope.OPERATE))]
Starts = Annotated[Visitor, Depends(May(Scope.START))]
Administers = Annotated[Visitor, Depends(May(Scope.ADMIN))]


def order_by(visitor: Visitor, note: str = "") -> Control:
    """Return an order of the visitor, for the record."""
    return order_of(visitor.name, note)
