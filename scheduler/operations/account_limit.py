"""How many calls an account may have open, by the learned limit and by the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scheduler.ledger import controls, limits, views
from scheduler.ledger.controls import Controlled
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.limits import LimitView
from scheduler.ledger.views import AccountView
from scheduler.operations.orders import about

_CONTROLS = 3


@dataclass(frozen=True, slots=True)
class AccountLimit:
    """An account's limit as it stands."""

    account: AccountView
    view: LimitView
    controls: list[Controlled]  #: the last orders that changed it
    ceiling: int  #: by the settings, less the reserve

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        known = self.view.limit
        return {
            "account": self.account.account,
            "learned": known.learned,
            "ceiling": self.ceiling,
            "slots": self.account.slots,
            "live": self.account.live,
            "held": self.account.held,
            "refusals": known.refusals,
            "refused_in_row": self.view.refused_in_row,
            "accepted": self.view.accepted,
            "probed_at": known.raise_at or None,
            "outage": self.account.outage,
            "controls": [each.as_record() for each in self.controls],
        }


def look(ledger: Ledger, account: str, ceiling: int) -> AccountLimit:
    """Return an account's limit as it stands; `ceiling` is what its settings say."""
    view, account_now = limits.read(ledger, account), views.account(ledger, account)
    return AccountLimit(account_now, view, controls.of_account(ledger, account, _CONTROLS), ceiling)


def replace(ledger: Ledger, account: str, slots: int, control: Control) -> None:
    """Replace the learned limit: an operator knows how many calls the account may have open."""
    limits.replace(ledger, account, slots, about(control, str(slots)))


def forget(ledger: Ledger, account: str, control: Control) -> None:
    """Forget the learned limit, so that it starts anew."""
    limits.forget(ledger, account, control)
