"""The settings, as `scheduler.settings` has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from scheduler.fields.durations import written
from scheduler.settings import Settings
from tests.reference.tables import code, table

#: Where more is said of a setting.
_MORE = {
    "redis_url": "../how-to/redis.md",
    "state_dir": "../how-to/operations.md#the-state-folder",
    "accounts": "accounts.md",
    "max_concurrency": "accounts.md#the-settings-beside-it",
    "twilio_account_sid": "twilio.md#settings",
    "caller_id": "twilio.md#caller-ids",
    "calling_hours": "campaign-file.md#calling-hours",
    "durability": "../developing/internals.md#durability",
    "repeat_window": "campaign-file.md#the-same-file-mended",
    "webhook_secret": "webhooks.md",
    "public_url": "../how-to/operations.md#callbacks",
    "metrics_port": "monitoring.md",
}

#: The lengths of time that are written as such.
_LENGTHS = ("max_duration_ceiling", "stop_patience", "insights_patience", "repeat_window")


def settings() -> str:
    """Return a table of every setting."""
    rows = (
        (code(f"CALLSCHED_{name.upper()}"), _default(name, field), _says(name, field))
        for name, field in Settings.model_fields.items()
    )
    return table(("variable", "default", "what it says"), rows)


def _says(name: str, field: Any) -> str:
    more = f" ([more]({_MORE[name]}))" if name in _MORE else ""
    return f"{field.description or ''}{more}"


def _default(name: str, field: Any) -> str:
    if name == "state_dir":
        return code("~/.local/state/callsched")
    default = field.get_default()
    if default is None or default == () or isinstance(default, SecretStr):
        return ""
    if name in _LENGTHS:
        return code(written(default))
    if isinstance(default, bool):
        return code(str(default).lower())
    if isinstance(default, tuple):
        return code(",".join(default))
    if isinstance(default, float):
        return code(f"{default:g}")
    return code(default.as_posix() if isinstance(default, Path) else str(default))
