"""`callsched token list`."""

from __future__ import annotations

from scheduler.cli import console, options, web_options
from scheduler.cli.access import opened_ledger
from scheduler.cli.suggested import suggested
from scheduler.ledger import web_tokens


def list_(json: options.Json = False) -> None:
    """List every token, what it allows, and when it was last used, to the minute.

    Example: `callsched token list --json`
    """
    with opened_ledger() as ledger:
        found = web_tokens.every(ledger)
    if json:
        console.emit({"tokens": [_record(*each) for each in found]})
    elif not found:
        console.out.print(
            f"no tokens yet: {suggested('token', 'create', 'NAME', '--scope', 'look')}"
        )
    else:
        rows = [
            (
                token.name,
                token.scope,
                web_options.in_words(token.accounts),
                web_options.instant(token.created_at),
                token.created_by,
                web_options.instant(used_at),
            )
            for token, used_at in found
        ]
        columns = ("token", "scope", "accounts", "created", "by", "last used")
        console.out.print(console.table("", columns, rows))


def _record(token: web_tokens.WebToken, used_at: float | None) -> dict[str, object]:
    return {
        "name": token.name,
        "scope": token.scope,
        **web_options.as_record(token.scope, token.accounts, sees_numbers=token.sees_numbers),
        "created_at": token.created_at,
        "created_by": token.created_by,
        "last_used_at": used_at,
    }
