"""What `config` tells of the settings: where each is said, and no secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler.operations import configuration
from scheduler.settings import Settings, read_settings

SECRETS = ("hush-hush", "top-secret", "pass-word")


def test_each_setting_is_told_with_where_it_is_said_and_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if "CALLSCHED" in name.upper()]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("callsched_max_concurrency", "7")
    monkeypatch.setenv("CALLSCHED_REDIS_URL", "redis://ana:pass-word@redis.example.com:6379/2")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "top-secret")
    (tmp_path / ".env").write_text(
        "CALLSCHED_SYMBL_APP_SECRET=hush-hush\nCALLSCHED_MAX_CONCURRENCY=9\n"
        "CALLSCHED_CALLER_ID=+12025550143,+12025550144\n"
    )

    found = {each.variable: each for each in configuration.of(read_settings())}

    assert len(found) == len(Settings.model_fields)
    told = {
        name.removeprefix("CALLSCHED_"): (each.value, each.source) for name, each in found.items()
    }
    assert told["MAX_CONCURRENCY"] == ("7", "environment")
    assert told["SYMBL_APP_SECRET"] == ("(hidden)", ".env")
    assert told["TWILIO_AUTH_TOKEN"] == ("(hidden)", "TWILIO_AUTH_TOKEN")
    assert told["CALLER_ID"] == ("…0143, …0144", ".env")
    assert told["CALLING_HOURS"] == ("8:00-21:00", "default")
    assert told["REDIS_URL"][0].endswith("redis.example.com:6379/2")
    assert not [each for each in found.values() if any(one in each.value for one in SECRETS)]
