"""What callsched can't do on an account that others may use too, and the remedy."""

from __future__ import annotations

from scheduler.accounts import Account
from scheduler.providers import kind_of
from scheduler.providers.base import Sweeps

#: What callsched does only on an account that nobody else uses.
ALONE = "callsched alone: it attaches lost starts that it finds, and ends calls that no record has"

SHARED = (
    "perhaps shared: a lost start is attached to no call unless a callback names it, and callsched"
    " ends no call that its records don't have"
)


def remedy(say: str) -> str:
    """Return the remedy; `say` is the setting that declares that nobody else uses the account."""
    return f"give callsched a (sub)account of its own, and say so: {say}"


def may_be_shared(account: Account) -> bool:
    """Whether callsched would do more on the account if it knew that nobody else uses it."""
    return Sweeps in kind_of(account).abilities and not account.exclusive
