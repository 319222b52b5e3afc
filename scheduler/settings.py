"""What the environment says: CALLSCHED_… variables, or a .env file in the working directory."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from scheduler.durations import Duration, seconds
from scheduler.errors import ConfigError
from scheduler.models import Durability

#: When people may be called whose campaign does not say it.
CALLING_HOURS = "8:00-21:00"


def _state_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "callsched"


def _base_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("expected a URL that starts with https:// or http://")
    return url.rstrip("/")


def _a_day_or_more(length_seconds: float) -> float:
    # For a day a stop that nobody confirms is repeated.
    if length_seconds < 86_400:
        raise ValueError("expected 1d or more")
    return length_seconds


def _window(written: object) -> float:
    length = written if isinstance(written, float) else seconds(written)
    if length > 31 * 86_400:  # nobody's calls are remembered for longer
        raise ValueError("expected 31d or less; 0s turns it off")
    return length


class Settings(BaseSettings):
    """Every setting, with its default. Secrets are never shown."""

    model_config = SettingsConfigDict(
        env_prefix="CALLSCHED_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    redis_url: SecretStr | None = Field(
        default=None, description="Redis of the ledger and of the broker; absent: a private one"
    )
    state_dir: Path = Field(
        default_factory=_state_dir, description="where the private Redis and the logs live"
    )
    account: str = Field(
        default="default",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="name of the account that the credentials belong to",
    )
    symbl_base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://api.symbl.ai", description="where the telephony API answers"
    )
    symbl_app_id: str | None = Field(default=None, description="application id of the account")
    symbl_app_secret: SecretStr | None = Field(
        default=None, description="secret of the application"
    )
    symbl_access_token: SecretStr | None = Field(
        default=None, description="an access token, instead of id and secret"
    )
    symbl_countries: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("US", "CA"),
        description="ISO countries whose phone numbers the API calls, separated by commas; or any",
    )
    symbl_number_format: Literal["plus", "digits"] = Field(
        default="plus", description="how phone numbers are sent: +12025550143, or digits only"
    )
    max_concurrency: int = Field(
        default=5, ge=1, le=100_000, description="the account's ceiling of open attempts"
    )
    reserve: int = Field(
        default=0, ge=0, description="slots that are left free for other traffic on the account"
    )
    max_starts_per_second: float = Field(
        default=0.0, ge=0, le=10_000, description="starts a second on the account; 0 for any"
    )
    max_duration_ceiling: Duration = Field(
        default=4 * 3600.0, description="no campaign and no contact may ask for a longer call"
    )
    stop_patience: Duration = Field(
        default=600.0, description="how long an unconfirmed stop keeps its slot"
    )
    calling_hours: str = Field(
        default=CALLING_HOURS, description="hours of campaigns that name none; always: at any time"
    )
    allowed_numbers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="dial only these numbers, separated by commas; for trials"
    )
    worker_threads: int = Field(
        default=32, ge=4, le=1000, description="threads of a worker; all but two may dial at once"
    )
    stop_threads: int = Field(
        default=16, ge=1, le=1000, description="threads of a worker that send stops"
    )
    listener_sockets: int = Field(
        default=1000, ge=0, le=100_000, description="sockets that a worker keeps open; 0: none"
    )
    collect_threads: int = Field(
        default=4, ge=1, le=100, description="threads of a worker that read what was said"
    )
    insights_patience: Duration = Field(
        default=120.0, description="how long after a call what was said in it is waited for"
    )
    durability: Durability = Field(
        default=Durability.SERVER,
        description="what a start waits for before it leaves: server (nothing more), disk, replica",
    )
    result_ttl: Annotated[Duration, AfterValidator(_a_day_or_more)] | None = Field(
        default=None, description="how long a finished campaign's results are kept; absent: always"
    )
    repeat_window: Annotated[float, BeforeValidator(_window)] = Field(
        default=20 * 3600.0,
        description="how long whom a campaign has called is not called by others of its name",
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="what webhooks are signed with: whsec_… (base64)"
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="where a worker answers /metrics, /healthz and /readyz"
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65_535, description="the port of these; 0: they are not offered"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="how log lines are written"
    )
    celery_config: Path | None = Field(
        default=None, description="a file whose names override celeryconfig.py"
    )

    @field_validator("allowed_numbers", "symbl_countries", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(number.strip() for number in value.split(",") if number.strip())
        return value


@cache
def settings() -> Settings:
    """Read the environment, once. Raises ConfigError that names the variable to mend."""
    return read_settings()


def read_settings() -> Settings:
    """Read the environment now. Raises ConfigError that names the variable to mend."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"CALLSCHED_{str(problem['loc'][0]).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise ConfigError("\n".join(lines)) from None
