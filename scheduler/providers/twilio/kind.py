"""The description of Twilio's API for the rest of callsched."""

from __future__ import annotations

from scheduler.models import StartOptions
from scheduler.providers.base import (
    CallsBack,
    ErasesCalls,
    Looks,
    Prolongs,
    Records,
    ShowsTime,
    Speaks,
    Sweeps,
)
from scheduler.providers.kind import Kind, Traits
from scheduler.providers.twilio.call import Call
from scheduler.providers.twilio.client import Twilio
from scheduler.providers.twilio.credentials import TwilioCredentials
from scheduler.providers.twilio.start import check_order, time_limit
from scheduler.script import DoNotCall, Gather, Hangup, Pause, Play, Record, Say, Transfer

#: A number of Twilio's test credentials that may always call.
_VALID_CALLER = "+15005550006"


def _hear_machines(options: StartOptions, to_their_end: bool) -> StartOptions:
    return {"machine_detection": "DetectMessageEnd" if to_their_end else "Enable", **options}


def _at_sandbox(url: str) -> dict[str, str | None]:
    return {
        "CALLSCHED_PROVIDER": TWILIO.name,
        "CALLSCHED_CALLER_ID": _VALID_CALLER,
        "CALLSCHED_TWILIO_BASE_URL": url,
        "CALLSCHED_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "CALLSCHED_TWILIO_AUTH_TOKEN": "sandbox",
        "CALLSCHED_TWILIO_API_KEY": None,
        "CALLSCHED_TWILIO_API_SECRET": None,
        "TWILIO_ACCOUNT_SID": None,
        "TWILIO_AUTH_TOKEN": None,
        "TWILIO_API_KEY": None,
        "TWILIO_API_SECRET": None,
    }


TWILIO = Kind(
    name="twilio",
    credentials=TwilioCredentials,
    client=Twilio,
    address_setting="CALLSCHED_TWILIO_BASE_URL",
    credentials_settings=(
        "CALLSCHED_TWILIO_ACCOUNT_SID and CALLSCHED_TWILIO_AUTH_TOKEN,"
        " or CALLSCHED_TWILIO_API_KEY and its secret"
    ),
    credentials_keys="account_sid and auth_token, or api_key and api_secret",
    countries_setting="",
    call=Call,
    hear_machines=_hear_machines,
    at_sandbox=_at_sandbox,
    call_keys=frozenset({"caller_id", "ring_time", "record", "transcribe"}),
    script_steps=frozenset({Say, Play, Pause, Gather, Record, Transfer, Hangup, DoNotCall}),
    script_keys=frozenset({"twiml", "url"}),
    needs_caller_id=True,
    needs_script=True,
    signed_with="the Auth Token of the account (an API key verifies nothing)",
    check_order=check_order,
    abilities=frozenset(
        {Looks, Sweeps, Prolongs, CallsBack, Speaks, Records, ErasesCalls, ShowsTime}
    ),
    # An account may start one call a second unless Twilio has raised that; see
    # https://support.twilio.com/hc/en-us/articles/223180028.
    traits=Traits(
        rings=True,
        ends_calls=True,
        queues_starts=True,
        starts_per_second=1.0,
        ends_after=time_limit,
        keys_hide_machines=True,
    ),
)
