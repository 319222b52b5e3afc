"""How an account's limit is shown."""

from __future__ import annotations

from scheduler.cli import console, orders
from scheduler.limit import FIRST
from scheduler.operations.account_limit import AccountLimit


def show(limit: AccountLimit, *, json: bool) -> None:
    """Show the limit learned for an account, the slots in use, and who changed the limit."""
    if json:
        console.emit(limit.as_record())
        return
    account = limit.account
    rows = [
        ("learned limit", limit.view.limit.learned),
        ("ceiling as settings say", limit.ceiling),
        ("slots in use", account.slots),
        ("live connections", account.live),
        ("held: the answer was lost", account.held),
        ("429s since a start was accepted", limit.view.refused_in_row),
        ("probed", _probed(limit)),
    ]
    drawn = console.table(f"account {account.account}", ("", ""), rows)
    drawn.show_header = False
    console.out.print(drawn, markup=False)
    for each in limit.controls:
        console.out.print("  " + orders.recorded(each), markup=False)


def _probed(limit: AccountLimit) -> str:
    known = limit.view.limit
    if known.learned >= limit.ceiling:
        return "not: it is at the ceiling"
    if known.refusals == 0:
        return f"it doubles each time that it is full; a new account starts at {FIRST}"
    if known.raise_at <= limit.view.now:
        return "when it is full"
    return f"when it is full, from {orders.instant(known.raise_at)} on"
