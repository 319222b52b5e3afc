"""What the environment says: CALLSCHED_… variables, or a .env file in the working directory.

Whatever is meant as a setting and can't be understood is refused: it may be the one that says whom
nobody may call. A worker starts all the same, and only sends stops (`settings_of_worker`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from scheduler.errors import ConfigError
from scheduler.fields import urls
from scheduler.fields.dotenv import read_dotenv
from scheduler.fields.durations import Duration, seconds
from scheduler.fields.variables import PREFIX, is_of_service, unknown
from scheduler.masking import mask, shown
from scheduler.models import Durability

#: When people may be called whose campaign does not say it.
CALLING_HOURS = "8:00-21:00"


#: Settings that only a dial needs: a worker that can't read one of them goes on, and sends stops.
_OF_DIALS = ("allowed_numbers", "caller_id")

#: Twilio's own variables, each of which means the setting of its name behind our prefix. They count
#: only where no such setting of ours is set, so that the two are never mixed.
TWILIOS_OWN = (
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_API_KEY",
    "TWILIO_API_SECRET",
)

#: Variables of the environment that are no setting, for they count also when those can't be read.
READ_ELSEWHERE = ("CALLSCHED_DEBUG",)


#: Between two addresses; what else follows a semicolon may be a parameter of a SIP address.
_BETWEEN = re.compile(r",|;(?=\s*(?:[+(\d]|sips?:|$))", re.IGNORECASE)


def _state_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    path = Path(base or "~/.local/state") / "callsched"
    try:
        return path.expanduser()
    except RuntimeError:  # no HOME, and a user of no name: whoever needs the folder says so
        return path


def _folder(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # of a user whom nobody knows
        raise ValueError("the home folder that it lies in is not known: name a folder") from None


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


def _none_if_private(written: object) -> object:
    """Return None for `private`: to say so is to mean it, and counts as set."""
    is_private = isinstance(written, str) and written.strip().lower() == "private"
    return None if is_private else written


class _Environment(EnvSettingsSource):
    """The variables that somebody has set, without those that Kubernetes sets."""

    def __call__(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in super().__call__().items()
            if not is_of_service(f"{PREFIX}{name}", str(value))
        }


class Settings(BaseSettings):
    """Every setting, with its default. Secrets are never shown.

    Made by `read_settings`, it has read the .env file as well; made by its own name it has not.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True
    )
    _doubts: tuple[str, ...] = PrivateAttr(default=())

    redis_url: Annotated[SecretStr | None, BeforeValidator(_none_if_private)] = Field(
        default=None,
        description="Redis of the ledger and of the broker: redis://, rediss://, unix://, "
        "sentinel:// or sentinels://; without it, or with `private`, a private Redis of this user",
    )
    state_dir: Annotated[Path, AfterValidator(_folder)] = Field(
        default_factory=_state_dir,
        validate_default=False,
        description="where the private Redis and the logs of `run` live: a folder of this user "
        "alone, on a local disk",
    )
    account: str = Field(
        default="default",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="name of the account that these credentials belong to; with several "
        "accounts, the account of campaigns that name none",
    )
    accounts: Annotated[Path, AfterValidator(_folder)] | None = Field(
        default=None,
        description="a YAML file of several accounts that one pool serves; without it, these "
        "variables make one account",
    )
    symbl_base_url: Annotated[str, AfterValidator(urls.base_url)] = Field(
        default="https://api.symbl.ai", description="where Symbl's API answers"
    )
    symbl_app_id: str | None = Field(
        default=None, description="application id of the Symbl account"
    )
    symbl_app_secret: SecretStr | None = Field(
        default=None, description="secret of the application"
    )
    symbl_access_token: SecretStr | None = Field(
        default=None,
        description="an access token instead of id and secret; id and secret take precedence",
    )
    symbl_countries: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("US", "CA"),
        description="ISO countries whose phone numbers Symbl calls, separated by commas; or any",
    )
    symbl_number_format: Literal["plus", "digits"] = Field(
        default="plus", description="how phone numbers are sent: plus for +12025550143, or digits"
    )
    provider: str | None = Field(
        default=None, description="symbl or twilio; without it the one whose credentials are set"
    )
    twilio_base_url: Annotated[str, AfterValidator(urls.base_url)] = Field(
        default="https://api.twilio.com", description="where Twilio's API answers"
    )
    twilio_account_sid: str | None = Field(
        default=None,
        description="the Twilio account: AC…; if none of the four variables is set, callsched "
        "reads Twilio's own, such as TWILIO_ACCOUNT_SID",
    )
    twilio_auth_token: SecretStr | None = Field(
        default=None, description="its Auth Token; Twilio also signs callbacks with it"
    )
    twilio_api_key: str | None = Field(
        default=None,
        description="an API key: SK…; requests are sent with it instead of the Auth Token",
    )
    twilio_api_secret: SecretStr | None = Field(default=None, description="secret of the API key")
    twilio_intelligence_url: Annotated[str, AfterValidator(urls.base_url)] = Field(
        default="https://intelligence.twilio.com", description="where Twilio's transcripts are read"
    )
    twilio_intelligence_service: str | None = Field(
        default=None, description="the Twilio service that makes transcripts: GA…"
    )
    caller_id: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="the number that callees see, or several, separated by commas: each party "
        "sees one of them",
    )
    exclusive: bool = Field(
        default=False, description="true: nothing but callsched places calls on the account"
    )
    max_concurrency: int = Field(
        default=5,
        ge=1,
        le=100_000,
        description="the most calls that are open at once on the account; with several accounts, "
        "on each of them",
    )
    reserve: int = Field(
        default=0, ge=0, description="slots that stay free for other traffic on the account"
    )
    max_starts_per_second: float = Field(
        default=0.0,
        ge=0,
        le=10_000,
        description="the most calls placed per second on the account; 0: no limit",
    )
    max_duration_ceiling: Duration = Field(
        default=4 * 3600.0, description="no campaign and no contact may ask for a longer call"
    )
    stop_patience: Duration = Field(
        default=600.0, description="how long a stop that is not confirmed keeps its slot"
    )
    calling_hours: str = Field(
        default=CALLING_HOURS,
        description="hours of campaigns that name none, in the callee's own time; always: at "
        "any time",
    )
    allowed_numbers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="dial only these numbers and SIP addresses, separated by commas; for trials",
    )
    worker_threads: int = Field(
        default=32, ge=4, le=1000, description="threads of a worker; all but two may dial at once"
    )
    stop_threads: int = Field(
        default=16,
        ge=1,
        le=1000,
        description="threads of a worker that send stops, for each account",
    )
    listener_sockets: int = Field(
        default=1000,
        ge=0,
        le=100_000,
        description="on how many sockets a worker listens to live calls; 0: none, so that only "
        "deadlines end calls",
    )
    collect_threads: int = Field(
        default=4, ge=1, le=100, description="threads of a worker that read what was said"
    )
    insights_patience: Duration = Field(
        default=120.0,
        description="how long callsched waits for a call's transcript and insights",
    )
    durability: Durability = Field(
        default=Durability.SERVER,
        description="where a call must be on record before it is placed: server (Redis), disk "
        "(of Redis), or replica (of Redis)",
    )
    result_ttl: Annotated[Duration, AfterValidator(_a_day_or_more)] | None = Field(
        default=None,
        description="how long callsched keeps a finished campaign's contacts, results and"
        " transcripts, such as 90d; at least a day; without it, for ever",
    )
    repeat_window: Annotated[float, BeforeValidator(_window)] = Field(
        default=20 * 3600.0,
        description="for how long other campaigns of the same name do not call a party that a"
        " campaign has called; at most 31d; 0s turns it off",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="with what callsched signs webhooks: whsec_… (base64); without it, it sends"
        " none",
    )
    public_url: Annotated[str, AfterValidator(urls.public_url)] | None = Field(
        default=None,
        description="the https:// address at which providers reach `callsched web` or `run`; "
        "without it, workers only poll calls",
    )
    web_host: str = Field(
        default="127.0.0.1", description="the address on which `callsched web` listens"
    )
    web_port: int = Field(default=8080, ge=1, le=65_535, description="the port on which it listens")
    web_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="an administrator's bearer token for `callsched web`, for automation; at "
        "least 16 characters",
    )
    web_max_body: int = Field(
        default=1 << 30,
        ge=1024,
        description="the most bytes, unpacked, of a campaign that a client sends over HTTP",
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        description="the address on which a worker answers /metrics, /healthz and /readyz",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65_535, description="the port of these; 0: they are off"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="how log lines are written: text or json"
    )
    celery_config: Path | None = Field(
        default=None, description="a Python file whose settings override those of celeryconfig.py"
    )

    @field_validator("allowed_numbers", mode="before")
    @classmethod
    def _read_numbers(cls, value: Any) -> Any:
        return tuple(_numbers(value)) if isinstance(value, str) else value

    @field_validator("caller_id", mode="before")
    @classmethod
    def _read_caller_ids(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        numbers = tuple(_numbers(value))
        if any(map(_is_sip, numbers)):
            raise ValueError("expected phone numbers such as +12025550123, got a SIP address")
        return numbers

    @field_validator("symbl_countries", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @property
    def doubts(self) -> tuple[str, ...]:
        """What could not be understood; only a worker goes on in spite of it, and sends stops."""
        return self._doubts

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, and with `_env_file` (as tests do) a file."""
        return init_settings, _Environment(settings_cls), dotenv_settings


def _numbers(written: str) -> Iterator[str]:
    """Read what stands between commas or semicolons: numbers with their plus sign, SIP addresses.

    Raises ValueError, with the number masked: what is dialled has to be in it, letter by letter.
    """
    # Only now: it takes longer to import than a short command does, and most lists are empty.
    from scheduler.fields.numbers import possible
    from scheduler.fields.sip import sip_uri

    entries = [entry for entry in _split_up(written) if entry]
    if not entries:
        raise ValueError("expected numbers such as +12025550123, separated by commas")
    for entry in entries:
        try:
            yield sip_uri(entry) if _is_sip(entry) else possible(entry, None)
        except ValueError as error:
            if _is_sip(entry) or "+" in entry:
                raise
            raise ValueError(
                "expected international numbers with their plus sign, such as +12025550123,"
                f" separated by commas, got {_got(entry)}"
            ) from error


def _got(entry: str) -> str:
    return mask(entry) if any(map(str.isdigit, entry)) else shown(entry)


def _split_up(written: str) -> Iterator[str]:
    return (entry.strip() for entry in _BETWEEN.split(written))


def _is_sip(entry: str) -> bool:
    return entry.strip().lower().startswith(("sip:", "sips:"))


#: Variables that go before the environment and the .env file, each with its value; None for one
#: that counts as not set, wherever it is.
Overrides = Mapping[str, str | None]

_NONE: Overrides = {}
_overrides = _NONE
_is_worker = False


def override(overrides: Overrides) -> None:
    """Have `settings` and `settings_of_worker` read these before the environment.

    Only before anybody has asked them: what was read is never read again.
    """
    global _overrides
    if overrides == _overrides:
        return
    assert not settings_of_worker.cache_info().currsize, "the settings have been read already"
    _overrides = dict(overrides)


def be_a_worker() -> None:
    """Have `settings` be in doubt as well: an operator's celeryconfig.py asks it in a worker."""
    global _is_worker
    _is_worker = True


def settings() -> Settings:
    """Read the environment, once. Raises ConfigError that names the variable to mend."""
    chosen = settings_of_worker()
    return chosen if _is_worker else _undoubted(chosen)


@cache
def settings_of_worker() -> Settings:
    """Read the environment of a worker, once, which may be in doubt about it.

    A release that is rolled back meets the settings of the newer one, and has its deadlines to
    keep. Raises ConfigError for a value that can't be read, as `settings` does.
    """
    return _read(_overrides)


def read_settings(overrides: Overrides = _NONE) -> Settings:
    """Read the environment now. Raises ConfigError that names the variable to mend."""
    return _undoubted(_read(overrides))


def environment_of_child(overrides: Overrides = _NONE) -> dict[str, str]:
    """Return the environment for a child that is to read the settings of this process.

    With these overrides beside those of this process. Upper and lower case are the same, so every
    other spelling of a variable is left out. What counts as not set may still be in a .env file:
    a child that reads one is to say `override` for it.
    """
    given = {**_overrides, **overrides}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in given}
    return kept | {name: value for name, value in given.items() if value is not None}


def _undoubted(chosen: Settings) -> Settings:
    if chosen.doubts:
        raise ConfigError(*chosen.doubts)
    return chosen


def _read(overrides: Overrides) -> Settings:
    file = read_dotenv(Path(".env"))
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    ours = [name for name, value in os.environ.items() if not is_of_service(name, value)]
    doubts = [
        f"unknown setting {_plain(name)}: {hint}"
        for name, hint in unknown(ours, [*known, *READ_ELSEWHERE])
    ]
    doubts += file.problems
    doubts += [
        f".env:{file.lines[name]}: unknown setting {_plain(name)}: {hint}"
        for name, hint in unknown(file.values, known)
    ]
    read = [name for name in ours if name.upper() not in overrides]
    if broken := [name for name in read if _has_odd_bytes(name)]:
        raise ConfigError(*(f"{name}: expected UTF-8, got other bytes" for name in broken))
    given = dict(_only_in_file(file.values, ours)) | dict(_overridden(overrides))
    given |= _twilios_own(file.values, ours, overrides, given)
    try:
        chosen = Settings(**given)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]): _in_words(problem) for problem in error.errors()}
        doubts += wrong.values()
        # A worker that is in doubt dials nobody, and for its stops it needs no numbers.
        if not wrong.keys() <= set(_OF_DIALS):
            raise ConfigError(*doubts) from None
        chosen = Settings(**given | dict.fromkeys(wrong, ()))
    chosen._doubts = tuple(doubts)
    return chosen


def _overridden(overrides: Overrides) -> Iterator[tuple[str, Any]]:
    """Yield the settings that are overridden; the other variables are a provider's own."""
    for name, value in overrides.items():
        field = Settings.model_fields.get(key := _field(name))
        if field is not None:
            yield key, field.get_default(call_default_factory=True) if value is None else value


def _field(name: str) -> str:
    """Return the name of the setting that a variable would be; "" without our prefix."""
    upper = name.upper()
    return upper.removeprefix(PREFIX).lower() if upper.startswith(PREFIX) else ""


def _plain(name: str) -> str:
    """Return a name as it is, unless a terminal would not show it so."""
    return name if name.isprintable() else shown(name)


def _has_odd_bytes(name: str) -> bool:
    """Whether a setting of ours has bytes that are no text: nothing could send or show it."""
    is_ours = name.upper().startswith(PREFIX)
    return is_ours and any("\udc80" <= character <= "\udcff" for character in os.environ[name])


def _only_in_file(values: Mapping[str, str], ours: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield the settings of a file; the environment takes precedence."""
    set_already = {name.upper() for name in ours if os.environ[name]}
    for name, value in values.items():
        field = _field(name)
        if value and field in Settings.model_fields and name.upper() not in set_already:
            yield field, value


def _twilios_own(
    file: Mapping[str, str],
    names: Iterable[str],
    overrides: Overrides,
    given: Mapping[str, Any],
) -> dict[str, str]:
    """Return the settings that Twilio's own variables say, nothing where one of ours is set.

    As for ours, an override goes before the environment, and that before the file.
    """
    those_set = {name.upper() for name in names if os.environ[name]}
    for name in TWILIOS_OWN:
        field = name.lower()
        if given.get(field, f"{PREFIX}{name}" in those_set):
            return {}
    places = (
        file.items(),
        ((name, os.environ[name]) for name in os.environ if os.environ[name]),
        overrides.items(),
    )
    found = {name.upper(): value for place in places for name, value in place}
    return {name.lower(): value for name in TWILIOS_OWN if (value := found.get(name))}


def other_name(field: str) -> str:
    """Return the variable of a provider's own that may say a setting as well; "" for none."""
    return field.upper() if field.upper() in TWILIOS_OWN else ""


def _in_words(problem: Any) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{PREFIX}{str(problem['loc'][0]).upper()}: {message}"
