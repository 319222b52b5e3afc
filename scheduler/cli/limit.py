"""`callsched limit`: how many calls an account may have open, as it is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from scheduler.cli import console, options, orders
from scheduler.cli.access import opened_ledger
from scheduler.ledger import limits
from scheduler.ledger.controls import Controlled, account_controls, forget_limit, set_limit
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.limits import LimitView
from scheduler.ledger.reading import AccountView, account_view
from scheduler.limit import FIRST
from scheduler.settings import settings

limit = typer.Typer(
    help="Look at what was learned of an account's concurrency limit, or say what it is.\n\n"
    "The account never has more open calls than CALLSCHED_MAX_CONCURRENCY, whatever is learned.\n\n"
    "Example: `callsched limit show`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_Account = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The account; without it, that of CALLSCHED_ACCOUNT."),
]
_Note = options.Note


@dataclass(frozen=True, slots=True)
class _Shown:
    """An account's limit as it stands."""

    account: AccountView
    seen: LimitView
    controls: list[Controlled]
    ceiling: int  #: as the settings here say, less the reserve

    def as_record(self) -> dict[str, Any]:
        known = self.seen.limit
        return {
            "account": self.account.account,
            "learned": known.learned,
            "ceiling": self.ceiling,
            "slots": self.account.slots,
            "live": self.account.live,
            "held": self.account.held,
            "refusals": known.refusals,
            "refused_in_row": self.seen.refused_in_row,
            "accepted": self.seen.accepted,
            "probed_at": known.raise_at or None,
            "outage": self.account.outage,
            "controls": [each.as_record() for each in self.controls],
        }


def _look(ledger: Ledger, account: str) -> _Shown:
    chosen = settings()
    ceiling = max(1, chosen.max_concurrency - chosen.reserve)
    seen, view = limits.read(ledger, account), account_view(ledger, account)
    return _Shown(view, seen, account_controls(ledger, account, 3), ceiling)


def _tell(shown: _Shown, *, json: bool) -> None:
    if json:
        console.emit(shown.as_record())
        return
    known, account = shown.seen.limit, shown.account
    rows = [
        ("learned limit", known.learned),
        ("ceiling as settings say", shown.ceiling),
        ("slots in use", account.slots),
        ("live connections", account.live),
        ("held: the answer was lost", account.held),
        ("429s since a start was accepted", shown.seen.refused_in_row),
        ("probed", _probed(shown)),
    ]
    drawn = console.table(f"account {account.account}", ("", ""), rows)
    drawn.show_header = False
    console.out.print(drawn, markup=False)
    for each in shown.controls:
        console.out.print("  " + orders.recorded(each), markup=False)


def _probed(shown: _Shown) -> str:
    known = shown.seen.limit
    if known.learned >= shown.ceiling:
        return "not: it is at the ceiling"
    if known.refusals == 0:
        return f"it doubles each time that it is full; a new account starts at {FIRST}"
    if known.raise_at <= shown.seen.now:
        return "when it is full"
    return f"when it is full, from {orders.instant(known.raise_at)} on"


@limit.command()
def show(account: _Account = None, json: options.Json = False) -> None:
    """Show the learned limit, the ceiling, what is in use, and when it is probed next.

    Example: `callsched limit show --json`
    """
    with opened_ledger() as ledger:
        shown = _look(ledger, account or settings().account)
    _tell(shown, json=json)


@limit.command("set")
def set_(
    slots: Annotated[int, typer.Argument(min=1, max=100_000, metavar="N", help="Open calls.")],
    account: _Account = None,
    note: _Note = "",
    json: options.Json = False,
) -> None:
    """Replace what was learned: you know how many calls the account may have open.

    It goes on being learned from there: a 429 lowers it, and after five minutes it is probed by
    one. To have fewer calls for good, set CALLSCHED_MAX_CONCURRENCY of the workers.

    Example: `callsched limit set 20 --note 'as the contract says'`
    """
    name = account or settings().account
    with opened_ledger() as ledger:
        set_limit(ledger, name, slots, orders.given(note, str(slots)))
        shown = _look(ledger, name)
    _tell(shown, json=json)


@limit.command()
def forget(account: _Account = None, note: _Note = "", json: options.Json = False) -> None:
    """Forget what was learned, as when the account's contract has changed: it starts anew.

    Example: `callsched limit forget`
    """
    name = account or settings().account
    with opened_ledger() as ledger:
        forget_limit(ledger, name, orders.given(note))
        shown = _look(ledger, name)
    _tell(shown, json=json)
