"""Whose keys a campaign file may have: those of its account's provider, or of the one it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from scheduler.campaign.reading import AS_IT_IS, Reading
from scheduler.errors import CampaignError
from scheduler.operations import launch
from scheduler.settings import Settings

SPEAKING = """\
provider: twilio
call: {script: [{say: Hello}]}
contacts: [{phone_number: +12025550143}]
"""
OURS = {"symbl_app_id": "app", "symbl_app_secret": SecretStr("secret")}


def provider(tmp_path: Path, settings: Settings, reading: Reading = AS_IT_IS) -> str:
    path = tmp_path / "c.yaml"
    path.write_text(SPEAKING)
    with launch.read(path, settings, reading) as checked:
        return checked.account.provider


def test_where_nothing_is_said_of_an_account_the_file_says_whose_it_is(tmp_path: Path) -> None:
    assert provider(tmp_path, Settings()) == "twilio"


def test_in_the_sandbox_the_file_says_whose_it_is(tmp_path: Path) -> None:
    settings = Settings(**OURS)  # type: ignore[arg-type]

    assert provider(tmp_path, settings, Reading(in_sandbox=True)) == "twilio"


@pytest.mark.parametrize("settings", [OURS, {"provider": "symbl"}])
def test_a_file_of_another_provider_than_the_account_s_is_refused(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    with pytest.raises(CampaignError, match="provider"):
        provider(tmp_path, Settings(**settings))  # type: ignore[arg-type]
