"""`callsched user list`."""

from __future__ import annotations

from scheduler.cli import console, options, web_options
from scheduler.cli.access import opened_ledger
from scheduler.cli.suggested import suggested
from scheduler.ledger import users


def list_(json: options.Json = False) -> None:
    """List every user and what each may do.

    Example: `callsched user list --json`
    """
    with opened_ledger() as ledger:
        found = users.every(ledger)
    if json:
        console.emit({"users": [_record(each) for each in found]})
    elif not found:
        console.out.print(f"no users yet: {suggested('user', 'add', 'NAME', '--role', 'admin')}")
    else:
        rows = [
            (
                user.name,
                user.role,
                web_options.in_words(user.accounts),
                web_options.instant(user.created_at),
                user.created_by,
            )
            for user in found
        ]
        console.out.print(console.table("", ("user", "role", "accounts", "added", "by"), rows))


def _record(user: users.User) -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role,
        **web_options.as_record(user.role, user.accounts, sees_numbers=user.sees_numbers),
        "created_at": user.created_at,
        "created_by": user.created_by,
    }
