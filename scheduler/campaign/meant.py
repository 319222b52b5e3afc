"""Suggests the key that was meant by an unknown one, by its names in other programs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import get_args

from pydantic import BaseModel

from scheduler.masking import shown
from scheduler.providers import Kind
from scheduler.providers.call_keys import NOT_EVERYWHERE

_SAY = 'call: {script: [{say: "Hello."}]}'
_HOURS = "calling_hours: mon-fri 9:00-17:00"
#: Place of a key in the file -> how it is written.
_WRITTEN = {
    "call.script": _SAY,
    "call.on_machine": "call: {on_machine: stop}",
    "call.caller_id": "call: {caller_id: +12025550123}",
    "call.ring_time": "call: {ring_time: 30s}",
    "call.dtmf": 'call: {dtmf: "1234#"}',
    "calling_hours": _HOURS,
    "calling_hours.timezone": "calling_hours: {timezone: America/New_York}",
    "retry": "retry: {busy: {max: 2, delays: [15m]}}",
    "retry.total": "retry: {total: 3}",
    "do_not_call": "do_not_call: never.txt",
    "not_before": "not_before: 2026-12-14T09:00",
    "not_after": "not_after: 2026-12-18T17:00",
    "schedule": 'schedule: {cron: "0 9 * * mon-fri", timezone: America/New_York}',
    "webhooks": "webhooks: [{url: https://example.com/ended}]",
    "default_region": "default_region: US",
    "contacts": "contacts: contacts.csv",
}
#: Places where people write keys that belong elsewhere.
_WHERE = ("", "call", "retry", "calling_hours")
#: Place of a key -> its names in other programs, in small letters, without blanks and dashes.
_CALLED = {
    "call.script": "message messages text say speech prompt tts announcement greeting steps voice",
    "call.on_machine": "amd machinedetection voicemail answeringmachine machine onvoicemail",
    "call.caller_id": "callerid from fromnumber cli ani caller",
    "call.ring_time": "ring ringtimeout timeout ringing dialtimeout",
    "call.dtmf": "keys digits passcode senddigits",
    "call.record": "recording recordings recordcall",
    "call.transcribe": "transcription transcript",
    "call.opt_outs": "optout optouts stopwords",
    "calling_hours": "hours openinghours businesshours window windows timewindow quiethours",
    "calling_hours.timezone": "timezone tz timezones zone",
    "retry": "retries redial redials maxretries attempts maxattempts",
    "retry.total": "max most",
    "retry.machine": "voicemail amd answeringmachine",
    "retry.no_answer": "noanswer unanswered noresponse",
    "do_not_call": "dnc donotdial suppression blocklist blacklist exclude optoutlist",
    "max_concurrency": "concurrency parallel lines channels maxcalls simultaneous ports",
    "max_starts_per_second": "rate cps callspersecond pace startspersecond throttle",
    "max_duration": "duration maxlength length callduration timelimit",
    "default_region": "region country defaultcountry countrycode",
    "not_before": "start begin startat startdate startson",
    "not_after": "end until endat enddate expires deadline",
    "schedule": "cron timetable",
    "webhooks": "webhook callback callbacks callbackurl",
    "contacts": "file csv numbers list people recipients phonenumbers leads customers to",
    "caps": "limits frequency cap",
    "holidays": "holiday",
    "blackout_dates": "blackout blackouts closed",
    "insights": "insight analytics summary",
    "budget": "minutes maxminutes cost",
}


def meant(way: Iterable[str | int], key: str, keys: type[BaseModel], api: Kind) -> str | None:
    """Return a message about an unknown key with the one that was meant; None if unclear."""
    here = ".".join(each for each in way if isinstance(each, str))
    if here not in _WHERE:
        return None
    places = _places(keys)
    place = next((each for each in _candidates(here, key) if each in places), None)
    if place is None:
        return None
    if place == "call.script" and not api.script_steps:
        return f"unknown key {shown(key)}: a call through {api.name} says nothing to whom it calls"
    if (name := place.removeprefix("call.")) in NOT_EVERYWHERE and name not in api.call_keys:
        return f"unknown key {shown(key)}: {api.name} has no {place}" if name == key else None
    return f"unknown key {shown(key)}: did you mean {_shown_as(place, here)}?"


def _candidates(here: str, key: str) -> list[str]:
    """Return the places that may be meant: keys with this name elsewhere, then the same key."""
    same = [place for place in (key, f"call.{key}", f"retry.{key}") if _parent(place) != here]
    plain = _plain(key)
    called = [place for place, names in _CALLED.items() if plain in names.split()]
    called.sort(key=lambda place: _parent(place) != here)  # the nearest first
    return [*(place for place in called if place != here), *same]


@cache
def _places(keys: type[BaseModel]) -> frozenset[str]:
    """Return the keys of a campaign, and those under `call`, `retry` and `calling_hours`."""
    fields = keys.model_fields
    places = {*fields, "calling_hours.timezone"}
    for name in ("call", "retry"):
        model = _model(fields[name].annotation)
        places |= {f"{name}.{key}" for key in (model.model_fields if model else ())}
    return frozenset(places)


def _model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model, get_args(annotation))), None)


def _shown_as(place: str, here: str) -> str:
    """Name a key with its place, and show how it is written."""
    end = place.removeprefix("retry.")
    by_end = f"retry: {{{end}: {{max: 2, delays: [15m]}}}}" if end != place else ""
    example = _WRITTEN.get(place, by_end)
    such = f", such as {example}" if example else ""
    at_top = ", at the top of the file" if here and "." not in place else ""
    return f"{place}{at_top}{such}"


def _parent(place: str) -> str:
    return place.rpartition(".")[0]


def _plain(key: str) -> str:
    return "".join(filter(str.isalnum, key.lower()))
