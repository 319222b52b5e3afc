"""Who speaks is told to the provider that was named, and to no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.errors import ConfigError
from scheduler.ledger.ledger import Ledger
from scheduler.operations.speakers import tell
from scheduler.providers import PROVIDERS, SpeakerEvent
from scheduler.settings import Settings


def test_the_credentials_of_another_provider_tell_nobody() -> None:
    ours = PROVIDERS[0]
    another, event = replace(ours, name="another"), SpeakerEvent("left", "ana@example.com")
    nowhere = Ledger("redis://127.0.0.1:1")

    with pytest.raises(ConfigError, match=f"those of {ours.name}, not of another"):
        tell(nowhere, Settings(), another, "c", "#1", event)
