"""The accounts that are dialled from, and their limits."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from scheduler.ledger import accounts as in_ledger
from scheduler.ledger import workers
from scheduler.masking import mask, mask_text
from scheduler.operations import account_limit
from scheduler.rights import Visitor
from scheduler.web.api.accounts_models import Account, Accounts, NewLimit
from scheduler.web.cursors import Cursor, Limit, read, written
from scheduler.web.site import Administers, Looks, OnSite, Site, order_by
from scheduler.web.visible_accounts import ceiling_of, names_for

router = APIRouter(tags=["accounts"])


@router.get("/accounts", summary="List accounts")
def accounts(visitor: Looks, site: OnSite, cursor: Cursor = None, limit: Limit = 100) -> Accounts:
    """List the accounts that the client may see, with their limits and what is wrong with them."""
    after = read(cursor) or ""
    names = [name for name in names_for(site, visitor) if name > after]
    shown = [_account(site, visitor, name) for name in names[:limit]]
    following = written(names[limit - 1]) if len(names) > limit else None
    return Accounts(accounts=shown, next_cursor=following)


@router.get("/accounts/{account}", summary="Look at one account")
def one(account: str, visitor: Looks, site: OnSite) -> Account:
    """Return an account's limit, what is in use, its workers, and what is wrong with it."""
    names_for(site, visitor, account)
    return _account(site, visitor, account)


@router.post("/accounts/{account}/limit", summary="Say how many calls an account may have open")
def limit(account: str, visitor: Administers, site: OnSite, order: NewLimit) -> Account:
    """Replace the limit that was learned for an account, or forget it.

    It goes on being learned from there, and never passes the ceiling of the settings.
    """
    names_for(site, visitor, account)
    control = order_by(visitor, order.note)
    if order.slots is None:
        account_limit.forget(site.ledger, account, control)
    else:
        account_limit.replace(site.ledger, account, order.slots, control)
    return _account(site, visitor, account)


def _account(site: Site, visitor: Visitor, name: str) -> Account:
    found = account_limit.look(site.ledger, name, ceiling_of(site, name))
    view, waits = found.account, in_ledger.backlog(site.ledger, name)
    record: dict[str, Any] = found.as_record() | {
        "overdue": view.overdue,
        "oldest_overdue_seconds": view.oldest_overdue_seconds,
        "orphans": view.orphans,
        "blocks": [_seen(visitor, why) for why in view.blocks.values()],
        "caller_blocks": {
            number if visitor.sees_numbers else mask(number): _seen(visitor, why)
            for number, why in view.caller_blocks.items()
        },
        "due": waits.due,
        "oldest_due_seconds": waits.oldest_due_seconds,
        "stops": waits.stops,
        "workers": [
            asdict(each) | {"is_well": each.is_well} for each in workers.all_of(site.ledger, name)
        ],
    }
    return Account.model_validate(record)


def _seen(visitor: Visitor, text: str) -> str:
    return text if visitor.sees_numbers else mask_text(text)
