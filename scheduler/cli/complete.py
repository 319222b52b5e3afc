"""What a shell offers for an argument when somebody presses Tab."""

from __future__ import annotations

import typer

from scheduler.errors import ConfigError


def campaign_ids(incomplete: str) -> list[str]:
    """Return the ids of campaigns that begin with this; none if no ledger answers at once."""
    return [each for each in _known("campaign_ids") if each.startswith(incomplete)]


def schedule_names(incomplete: str) -> list[str]:
    """Return the names of schedules that begin with this."""
    return [each for each in _known("schedule_names") if each.startswith(incomplete)]


def contact_ids(context: typer.Context, incomplete: str) -> list[str]:
    """Return the contact ids, of the campaign before this word, that begin with it."""
    campaign = context.params.get("id_") or context.params.get("campaign") or ""
    return [each for each in _known("contact_ids", campaign) if each.startswith(incomplete)]


def _known(what: str, *of: str) -> list[str]:
    # Imported only here: all commands import this module, and few words are completed.
    from scheduler.ledger import completion
    from scheduler.settings import settings

    try:
        found: list[str] = getattr(completion, what)(settings(), *of)
    except ConfigError:
        return []
    return found
