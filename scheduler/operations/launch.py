"""How a campaign file gets into the ledger, whoever launches it: read, checked, loaded, sealed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from scheduler import providers
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import ConfigError
from scheduler.hours.weeks import Week, read_week
from scheduler.ledger import campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.models import CampaignState, Policy
from scheduler.settings import Settings


def countries_of(settings: Settings) -> frozenset[str] | None:
    """Return the countries whose numbers may be called; None for any. Raises ConfigError."""
    return providers.of(settings).countries(settings)


def hours_of(settings: Settings) -> Week:
    """Return the hours of campaigns that name none. Raises ConfigError."""
    try:
        return read_week(settings.calling_hours)
    except ValueError as error:
        raise ConfigError(f"CALLSCHED_CALLING_HOURS: {error}") from None


def read(
    path: Path,
    settings: Settings,
    reading: Reading,
    on_progress: Callable[[int], None] | None = None,
) -> CheckedCampaign:
    """Read and check a campaign file by the rules of these settings, as `campaign.load` does."""
    return load(
        path,
        reading,
        max_duration_ceiling_seconds=settings.max_duration_ceiling,
        api=providers.of(settings),
        countries=countries_of(settings),
        default_hours=hours_of(settings),
        on_progress=on_progress,
    )


def submit(
    ledger: Ledger,
    checked: CheckedCampaign,
    campaign_id: str,
    policy: Policy,
    account: str,
    on_progress: Callable[[int], None],
    repeat_window: float | None = None,
) -> CampaignState:
    """Load a checked file into the ledger and seal it; rows that it knows change nothing.

    With a `repeat_window`, in seconds, a new campaign calls nobody whom another one of its name has
    called so lately, or has yet to call.
    """
    campaigns.create(
        ledger,
        campaign_id,
        account=account,
        name=checked.name,
        policy=policy,
        digest=checked.digest,
        repeat_window=repeat_window,
    )
    load_id = uuid4().hex
    loaded = 0
    for number, (count, packed) in enumerate(checked.chunks(), start=1):
        campaigns.load_packed(ledger, campaign_id, load_id, number, packed)
        loaded += count
        on_progress(loaded)
    return campaigns.seal(ledger, campaign_id, load_id)
