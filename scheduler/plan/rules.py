"""The rules of a campaign in words, and what a forecast can't take into account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from scheduler.campaign.keys.presets import NO_LEGAL_ADVICE, SILENT_CALL, presets
from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.fields.scripts import speaks
from scheduler.hours import reader
from scheduler.hours.weeks import written as week
from scheduler.models import EVERY_STATE, Cap, Hours, OnUnknown, Policy
from scheduler.plan.opt_outs import opt_outs

Record: TypeAlias = dict[str, Any]

#: What no file can tell, whatever the policy.
_NEVER_KNOWN = (
    "numbers that are on the list of `dnc`, which is asked at every dial",
    "other campaigns of the account, and a limit of the account below these slots",
)


def rules(policy: Policy) -> list[Record]:
    """Return the rules in force: name and words of each."""
    return [{"rule": rule, "says": says} for rule, says in (*_how(policy), *_when(policy))]


def in_force(policy: Policy, states: Counter[tuple[str, ...]]) -> Policy:
    """Return the policy without the rules of states that have no contact."""
    there = {state for found in states for state in found}

    def holds(rule: Hours | Cap) -> bool:
        return not rule.states or EVERY_STATE in there or not there.isdisjoint(rule.states)

    return replace(
        policy,
        hours=tuple(rule for rule in policy.hours if holds(rule)),
        caps=tuple(cap for cap in policy.caps if holds(cap)),
    )


_OF_STATES = (
    "contact is held to the rules of its state",
    "contacts are held to the rules of their states",
)


def by_state(states: Counter[tuple[str, ...]]) -> list[Record]:
    """Return one rule that counts the contacts by the states whose rules they are held to.

    Nothing when there is no rule of a state.
    """
    if not states:
        return []
    unknown = sum(count for found, count in states.items() if EVERY_STATE in found)
    lines = [counted(states.total() - unknown, *_OF_STATES)]
    if unknown:
        lines.append(f"{unknown:,}, whose state can't be told, to those of every state")
    return [{"rule": "us", "says": "; ".join(lines)}]


def notices(policy: Policy) -> Record:
    """Return the presets in force with their sources, what is not forecast, and what is no advice.

    A preset is in force by its rules; one that has none in this campaign is not among them.
    """
    named = {rule.name for rule in policy.hours} | {cap.name for cap in policy.caps}
    chosen = [preset for name, preset in presets().items() if name in named]
    return {
        "presets": [
            {"name": one.name, "title": one.title, "sources": list(one.sources), "as_of": one.as_of}
            for one in chosen
        ],
        "not_legal_advice": NO_LEGAL_ADVICE if chosen else None,
        "silent_call": None if speaks(policy.script) else SILENT_CALL,
        "not_forecast": [*_NEVER_KNOWN, *_unforeseen(policy)],
    }


def _when(policy: Policy) -> Iterator[tuple[str, str]]:
    for rule in policy.hours:
        closed = [*rule.blackout_dates, *(f"holidays of {region}" for region in rule.holidays)]
        text = week(rule.week) + (f"; not on {', '.join(closed)}" if closed else "")
        yield rule.name, text + _states_suffix(rule)
    if not policy.hours:
        yield "calling_hours", "always"
    for name, at in (("not_before", policy.not_before), ("not_after", policy.not_after)):
        if at is not None:
            yield name, when_is(at)
    for cap in policy.caps:
        yield (
            cap.name,
            f"{cap.calls} in {written(cap.per_seconds)} to one party{_states_suffix(cap)}",
        )


def _states_suffix(rule: Hours | Cap) -> str:
    return f"; for contacts in {', '.join(rule.states)}" if rule.states else ""


def _how(policy: Policy) -> Iterator[tuple[str, str]]:
    yield "max_duration", written(policy.max_duration_seconds)
    if policy.max_concurrency:
        yield "max_concurrency", str(policy.max_concurrency)
    if policy.max_starts_per_second:
        yield "max_starts_per_second", f"{policy.max_starts_per_second:g}"
    yield "on_unknown", policy.on_unknown
    yield "opt_outs", opt_outs(policy)
    yield from _retries(policy)
    if canary := policy.canary:
        yield "canary", f"{canary.first} first; {canary.success:.0%} must go well"
    if breaker := policy.circuit_breaker:
        share, window = f"{breaker.share:.0%}", written(breaker.window_seconds)
        yield "circuit_breaker", f"stops at {share} failures of {breaker.min_calls} in {window}"
    if policy.budget_seconds is not None:
        yield "budget", f"{policy.budget_seconds / 60:g} min"
    for webhook in policy.webhooks:
        yield "webhooks", f"{urlsplit(webhook.url).hostname}: {', '.join(webhook.events)}"


def _retries(policy: Policy) -> Iterator[tuple[str, str]]:
    for end, retry in policy.retry.items():
        delays = ", ".join(map(written, retry.delays_seconds))
        yield f"retry.{end}", f"at most {retry.max}, after {delays}"
    if policy.retry_total is not None:
        yield "retry.total", f"at most {counted(policy.retry_total, 'attempt')} of a call may ring"


def most_attempts(policy: Policy) -> int:
    """Return how often one call may be dialled at most, counting dials that ring a phone.

    A redial of a start whose answer was lost counts: nobody knows that it did not ring.
    """
    if policy.retry_total is not None:
        return policy.retry_total
    redials = policy.on_unknown is OnUnknown.REDIAL
    return 1 + sum(retry.max for retry in policy.retry.values()) + redials


def _unforeseen(policy: Policy) -> Iterator[str]:
    if policy.caps:
        yield "calls that a cap holds back: whom other campaigns have called is not in the file"
    if policy.retry:
        yield "retries: each call is dialled once here, and a retry takes a slot and minutes more"
    if policy.canary or policy.circuit_breaker:
        yield "that the campaign stops itself because calls fail"


def when_is(at: float) -> str:
    """Write an instant with its day, by the clock of this machine."""
    return reader.day_and_time(at)
