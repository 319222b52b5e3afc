"""The description of Symbl's API for the rest of callsched."""

from __future__ import annotations

from scheduler.heard import OPT_OUT
from scheduler.models import StartOptions
from scheduler.providers.base import Collects, Erases, Finds, Listens, ShowsTime, Tells
from scheduler.providers.kind import Kind
from scheduler.providers.symbl.call import Call
from scheduler.providers.symbl.client import Symbl
from scheduler.providers.symbl.credentials import COUNTRIES_SETTING, SymblCredentials

_MACHINE = "answering_machine"


def _hear_machines(options: StartOptions, _: bool) -> StartOptions:
    return _hear(options, _MACHINE)


def _hear_opt_outs(options: StartOptions) -> StartOptions:
    return _hear(options, OPT_OUT)


def _hear(options: StartOptions, intent: str) -> StartOptions:
    intents = options.get("intents", [])
    if any(each["intent"] == intent for each in intents):
        return options
    return {**options, "intents": [*intents, {"intent": intent}]}


def _at_sandbox(url: str) -> dict[str, str | None]:
    return {
        "CALLSCHED_PROVIDER": SYMBL.name,
        "CALLSCHED_SYMBL_BASE_URL": url,
        "CALLSCHED_SYMBL_APP_ID": "sandbox",
        "CALLSCHED_SYMBL_APP_SECRET": "sandbox",
        "CALLSCHED_SYMBL_ACCESS_TOKEN": None,
    }


SYMBL = Kind(
    name="symbl",
    credentials=SymblCredentials,
    client=Symbl,
    address_setting="CALLSCHED_SYMBL_BASE_URL",
    credentials_settings="CALLSCHED_SYMBL_APP_ID and its secret, or CALLSCHED_SYMBL_ACCESS_TOKEN",
    credentials_keys="app_id and app_secret, or access_token",
    countries_setting=COUNTRIES_SETTING,
    call=Call,
    hear_machines=_hear_machines,
    hears_machines_anyway=True,
    may_be_gone=True,
    hear_opt_outs=_hear_opt_outs,
    at_sandbox=_at_sandbox,
    abilities=frozenset({Listens, Collects, Finds, Erases, Tells, ShowsTime}),
)
