"""A whole plan as one JSON record: which contacts are called, by which rules, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from scheduler.accounts import Account
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.script_rules import keys_hide, unverified
from scheduler.fields.counts import counted
from scheduler.fields.scripts import heeds_machines, uses_callbacks
from scheduler.hours.openings import Source
from scheduler.models import Attempt, Contact, Policy
from scheduler.plan import rules, taken
from scheduler.plan.forecast import Assumed, Forecast
from scheduler.plan.planning import ContactCounts, Duplicate
from scheduler.plan.rules import Record
from scheduler.plan.spoken import spoken
from scheduler.providers import CallsBack, StartOrder, kind_of, sharing
from scheduler.providers.callbacks import ROOT
from scheduler.providers.kind import NO_CALLER_ID

_PROBLEMS_KEPT = 10

_EXCLUSIVE = "CALLSCHED_EXCLUSIVE=true (exclusive: true in the accounts file)"


@dataclass(frozen=True, slots=True)
class Planned:
    """All that a plan is made of: the checked file, its contacts in numbers, and the forecast."""

    checked: CheckedCampaign
    campaign_id: str
    policy: Policy
    seen: ContactCounts
    assumed: Assumed
    dials: Forecast
    in_sandbox: bool = False  #: it runs in the sandbox: the plan gives no advice on the account

    def as_record(self) -> Record:
        """Return the plan as JSON has it, without its hash."""
        checked, seen = self.checked, self.seen
        in_force = rules.in_force(self.policy, seen.states)
        reporting = callbacks(checked, self.policy, in_sandbox=self.in_sandbox)
        worst = min(seen.worst_case_seconds, self.policy.budget_seconds or inf)
        return {
            "campaign_id": self.campaign_id,
            "rows": checked.row_count,
            "contacts": seen.callable_count,
            "columns": taken.columns(checked.taken),
            "skipped": dict(seen.skipped.most_common()),
            "duplicates": [_duplicate(each) for each in seen.duplicates],
            "do_not_call": [{"name": name, "entries": count} for name, count in checked.lists],
            "time_zones": [
                {"zones": list(zones), "contacts": count}
                for zones, count in seen.zones.most_common()
            ],
            "zone_sources": {source.value: seen.sources[source] for source in Source},
            **_forecast(self.dials, self.assumed),
            "worst_case_minutes": worst / 60,
            "worst_case_minutes_with_retries": self._worst_with_retries() / 60,
            "caller_ids": list(checked.account.caller_ids),
            "callbacks": reporting,
            "states": [
                {"states": list(states), "contacts": count}
                for states, count in seen.states.most_common()
            ],
            "rules": [*rules.rules(in_force), *rules.by_state(seen.states)],
            **rules.notices(in_force),
            "advice": [] if self.in_sandbox else [*advice(checked.account, self.policy, reporting)],
            "first": list(self._orders()),
            "warnings": [*checked.warnings, *self.warnings()],
            "problems": [str(problem) for problem in checked.problems[:_PROBLEMS_KEPT]],
            "cleaned": _cleaned(checked),
        }

    def warnings(self) -> Iterator[str]:
        """Yield warnings about the contacts as a whole; none of them refuses the campaign."""
        count, api = self.seen.pressed_count, kind_of(self.checked.account)
        if count and api.traits.keys_hide_machines and heeds_machines(self.policy):
            contacts = counted(count, "contact has", "contacts have")
            yield f"{contacts} key presses: {keys_hide(api)}"

    def _worst_with_retries(self) -> float:
        """Return the length of all calls, each at its longest and with all its attempts."""
        seconds = self.seen.worst_case_seconds * rules.most_attempts(self.policy)
        return min(seconds, self.policy.budget_seconds or inf)

    def _orders(self) -> Iterator[Record]:
        """Yield the first starts as records, whatever their provider calls the fields."""
        for row, contact in self.seen.first:
            attempt, callers = Attempt(self.campaign_id, row, 1), self.checked.account.caller_ids
            yield _order(contact, attempt, self.policy, callers)


def callbacks(
    checked: CheckedCampaign, policy: Policy, *, in_sandbox: bool = False
) -> Record | None:
    """Return how the provider reports on live calls by callbacks; None for one that can't.

    The sandbox's address is None: it takes a free port when it runs.
    """
    if CallsBack not in kind_of(checked.account).abilities:
        return None
    there = checked.callbacks
    is_used = uses_callbacks(policy)
    return {
        "address": there.public_url + ROOT if there and not in_sandbox else None,
        "are_told": there is not None and there.is_told(is_used=is_used),
        "are_used": is_used,
        "is_here": there is not None and there.only_where_used,  # for a provider here
        "can_verify": checked.can_verify,
    }


def advice(account: Account, policy: Policy, reporting: Record | None = None) -> Iterator[str]:
    """Yield what the account lacks for this campaign, each with a remedy.

    `reporting` is what `callbacks` returns.
    """
    if not account.credentials.suffice:
        yield (
            f"account {account.name} has no credentials, so that nobody can be called:"
            " `callsched doctor` says what to set"
        )
    has_callers = account.caller_ids or "caller_id" in policy.options
    if kind_of(account).needs_caller_id and not has_callers:
        yield f"there is no number to call from: {NO_CALLER_ID}"
    if sharing.may_be_shared(account):
        remedy = sharing.remedy(_EXCLUSIVE)
        yield f"the account is {sharing.SHARED}; {remedy}"
    if reporting and reporting["are_told"] and not reporting["can_verify"]:
        yield f"no callback will be heeded: who verifies it {unverified(kind_of(account))}"


def assumed(
    policy: Policy, account: Account, *, ceiling: int | None, now: float, expected: float | None
) -> Assumed:
    """Return a forecast's assumptions: `ceiling` slots, else the account's, from `now` on.

    `expected` is the likely length of a call in seconds; None: its longest.
    """
    slots = ceiling or account.max_concurrency
    paces = (policy.max_starts_per_second, account.starts_per_second)
    return Assumed(
        now=now,
        slots=min(slots, policy.max_concurrency or slots),
        expected_seconds=expected,
        starts_per_second=min((pace for pace in paces if pace), default=0.0),
    )


def _forecast(dials: Forecast, assumed: Assumed) -> dict[str, Any]:
    return {
        "assumed": {
            "begins_at": assumed.now,
            "slots": assumed.slots,
            "expected_seconds": assumed.expected_seconds,
            "starts_per_second": assumed.starts_per_second or None,
        },
        "dials": dials.dials,
        "never": dict(dials.never.most_common()),
        "first_dial_at": dials.begins_at,
        "ends_at": dials.ends_at,
        "local_times": {
            name: time_of_day and {"time": str(time_of_day), "zone": time_of_day.zone}
            for name, time_of_day in (
                ("earliest", dials.local_times.earliest),
                ("latest", dials.local_times.latest),
            )
        },
        "hours": [
            {"at": one.at, "dials": one.dials, "in_use": round(one.in_use, 3), "left": one.left}
            for one in dials.hours
        ],
    }


def _order(
    contact: Contact, attempt: Attempt, policy: Policy, caller_ids: Sequence[str] = ()
) -> dict[str, Any]:
    order = StartOrder.of(attempt, policy, contact, caller_ids=caller_ids)
    return {
        "row": attempt.row,
        "contact_id": contact.contact_id,
        "phone_number": order.phone_number or None,
        "sip_uri": order.sip_uri or None,
        "dtmf": order.dtmf,
        "session_name": order.session_name,
        "caller_id": order.caller_id or None,
        "ring_seconds": order.ring_seconds,
        "max_duration_seconds": order.max_duration_seconds,
        "record": order.record,
        "transcribe": order.transcribe,
        "on_machine": order.on_machine,
        **spoken(order.script, order.machine_script),
        # The name of the conversation begins with its session's.
        "options": {key: value for key, value in order.options.items() if key != "session_name"},
    }


def _duplicate(found: Duplicate) -> Record:
    """Return a row that is not called, and the one that is called instead."""
    contact, first = found.row.contact, found.first
    return {
        "row": found.number,
        "line": found.row.line,
        "contact_id": contact.contact_id,
        "phone_number": contact.phone_number or None,
        "sip_uri": contact.sip_uri or None,
        "dtmf": contact.dtmf,
        "of_row": first.row,
        "of_line": first.line,
        "shares": "id" if first.shares_id else "party",
    }


def _cleaned(checked: CheckedCampaign) -> dict[str, Any]:
    cleanings = checked.cleanings
    examples = [
        {"line": one.line, "written": one.written, "number": one.number} for one in cleanings.kept
    ]
    return {"count": cleanings.count, "examples": examples}
