"""What Symbl's API needs of the settings."""

from __future__ import annotations

from scheduler.errors import ConfigError
from scheduler.fields.numbers import regions
from scheduler.models import StartOptions
from scheduler.providers.kind import Kind
from scheduler.providers.symbl.call import Call
from scheduler.providers.symbl.client import Symbl
from scheduler.settings import Settings

_COUNTRIES = "CALLSCHED_SYMBL_COUNTRIES"
_MACHINE = "answering_machine"


def _countries(settings: Settings) -> frozenset[str] | None:
    named = tuple(name.upper() for name in settings.symbl_countries)
    if named == ("ANY",):
        return None
    unknown = [name for name in named if name not in regions()]
    if unknown or not named:
        got = f", got {unknown[0]}" if unknown else ""
        raise ConfigError(f"{_COUNTRIES}: expected ISO countries such as US,CA, or any{got}")
    return frozenset(named)


def _has_credentials(settings: Settings) -> bool:
    has_pair = settings.symbl_app_id and settings.symbl_app_secret
    return bool(has_pair or settings.symbl_access_token)


def _address(settings: Settings) -> str:
    return settings.symbl_base_url


def _hear_machines(options: StartOptions) -> StartOptions:
    intents = options.get("intents", [])
    if any(intent["intent"] == _MACHINE for intent in intents):
        return options
    return {**options, "intents": [*intents, {"intent": _MACHINE}]}


def _at_sandbox(url: str) -> dict[str, str | None]:
    return {
        "CALLSCHED_SYMBL_BASE_URL": url,
        "CALLSCHED_SYMBL_APP_ID": "sandbox",
        "CALLSCHED_SYMBL_APP_SECRET": "sandbox",
        "CALLSCHED_SYMBL_ACCESS_TOKEN": None,
    }


SYMBL = Kind(
    name="symbl",
    open=Symbl,
    has_credentials=_has_credentials,
    address=_address,
    countries=_countries,
    address_setting="CALLSCHED_SYMBL_BASE_URL",
    credentials_settings="CALLSCHED_SYMBL_APP_ID and its secret, or CALLSCHED_SYMBL_ACCESS_TOKEN",
    countries_setting=_COUNTRIES,
    call=Call,
    hear_machines=_hear_machines,
    at_sandbox=_at_sandbox,
    hears_of_speakers=True,
)
