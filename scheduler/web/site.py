"""The site's settings and ledger, and the dependencies by which routes get them."""

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
    """What one `callsched web` process works with: its settings and the ledger."""

    settings: Settings
    ledger: Ledger
    first_key: FirstKey = field(default_factory=FirstKey)

    def accounts(self) -> Accounts:
        """Read the accounts anew, with their credentials. Raises ConfigError."""
        return accounts_of(self.settings, is_tolerant=True)

    def campaign(self, visitor: Visitor, campaign_id: str) -> CampaignView:
        """Read a campaign. Raises NoSuchCampaign also for one that the visitor may not see."""
        view = views.campaign(self.ledger, campaign_id)
        if not visitor.may_see(view.account):
            raise NoSuchCampaign(campaign_id)
        return view

    def nobody_dials(self, view: CampaignView) -> dict[str, str | None]:
        """Return `{"nobody_dials": why}` for JSON; None instead of a reason if somebody does."""
        return {"nobody_dials": Serving(self.ledger, self.settings).lack(view) or None}


def site_of(request: Request) -> Site:
    """Return the site of the app that a request came to."""
    site: Site = request.app.state.site
    return site


OnSite = Annotated[Site, Depends(site_of)]


class May:
    """The dependency that every route has: it checks that the visitor has the route's scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, request: Request) -> Visitor:
        """Return the visitor. Raises Failure: 401 for an unknown one, 403 for a lack of rights."""
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
    """Return a Control with the visitor as its author, for the record."""
    return order_of(visitor.name, note)
