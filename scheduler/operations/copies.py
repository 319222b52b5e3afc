"""Turns a campaign back into a file's keys and contacts: a copy to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scheduler.fields.durations import written
from scheduler.fields.steps import NAMES
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import Contact, Policy
from scheduler.records import decode
from scheduler.script import (
    Gather,
    Pause,
    Play,
    Record,
    Say,
    Script,
    Step,
    Transfer,
)


def policy_of(view: CampaignView) -> dict[str, Any]:
    """Return the keys of a campaign that say what a call is, and on which account it is dialled.

    The copy lacks its rules: when and how often somebody may be called, and retries.
    """
    policy = view.policy
    keys: dict[str, Any] = {
        "name": view.name,
        "account": view.account,
        "max_duration": written(policy.max_duration_seconds),
        "default_region": policy.default_region,
        "max_concurrency": policy.max_concurrency,
        "max_starts_per_second": policy.max_starts_per_second,
        "priority": policy.priority,
        "weight": policy.weight,
        "call": _call(policy),
    }
    kept = {key: value for key, value in keys.items() if value}
    return kept | {"insights": [str(each) for each in policy.insights]}


def _call(policy: Policy) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "script": [_step(step) for step in policy.script],
        "caller_id": policy.options.get("caller_id"),
        "ring_time": policy.ring_seconds and written(policy.ring_seconds),
        "record": policy.record,
        "transcribe": policy.transcribe,
    }
    return {key: value for key, value in keys.items() if value}


def _step(step: Step) -> object:
    """Return a step as a campaign file has it."""
    match step:
        case Say():
            return {"say": _as_keys(step)}
        case Play(url):
            return {"play": url}
        case Pause(seconds):
            return {"pause": written(seconds)}
        case Record(seconds):
            return {"record": {"max": written(seconds)}}
        case Transfer(target):
            return {"transfer": target}
        case Gather():
            return {"gather": _gathered(step)}
        case _:
            return NAMES[type(step)]


def _as_keys(say: Say) -> dict[str, str]:
    found = {"text": say.text, "voice": say.voice, "language": say.language}
    return {key: value for key, value in found.items() if value}


def _gathered(gather: Gather) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "name": gather.name,
        "say": [_as_keys(say) for say in gather.say],
        "digits": gather.digits,
        "finish": gather.finish,
        "timeout": written(gather.timeout_seconds),
        "tries": gather.tries,
        "branches": {pressed: _steps(branch) for pressed, branch in gather.branches.items()},
        "otherwise": _steps(gather.otherwise),
    }
    return {key: value for key, value in keys.items() if value}


def _steps(script: Script) -> list[object]:
    return [_step(step) for step in script]


def contacts_of(ledger: Ledger, view: CampaignView) -> Iterator[dict[str, Any]]:
    """Yield the contacts of a campaign as lines of JSON have them."""
    view.expect_kept()
    for page in views.contact_pages(ledger, view.campaign_id):
        for _, record in page:
            contact, _ = decode(record)
            if contact.address:
                yield _contact(contact)


def _contact(contact: Contact) -> dict[str, Any]:
    keys: dict[str, Any] = {
        **contact.script_cells,
        **contact.variables,
        "id": contact.contact_id if contact.contact_id != contact.party else "",
        "phone_number": contact.phone_number,
        "sip_uri": contact.sip_uri,
        "name": contact.name,
        "dtmf": contact.dtmf,
        "timezone": contact.timezone,
        "max_duration": contact.max_duration_seconds and written(contact.max_duration_seconds),
        "call": dict(contact.options),
    }
    return {key: value for key, value in keys.items() if value}
