"""Finds the faults of a script that only show with one contact's cells filled in."""

from __future__ import annotations

from collections.abc import Collection

from scheduler.campaign.columns import OPTION, Fault
from scheduler.campaign.do_not_call import DoNotCall
from scheduler.fields.scripts import filled_for_machines, target, targets
from scheduler.masking import mask, mask_text
from scheduler.models import Attempt, Contact, Policy
from scheduler.providers import CallbackAddress, Kind, StartOrder
from scheduler.providers.kind import nothing_wrong

COLUMN, MACHINE_COLUMN = "call.script", "call.on_machine"

#: The beginning of a provider's message about a call that it would end before `max_duration`.
_LENGTH = "max_duration: "


def script_faults(
    contact: Contact,
    line: int,
    api: Kind,
    policy: Policy,
    *,
    countries: frozenset[str] | None = None,
    allowed: Collection[str] = (),
    do_not_call: DoNotCall,
    callbacks: CallbackAddress | None = None,
    account: str = "",
) -> list[Fault]:
    """Return the faults of a contact's start; each refuses its row.

    Only numbers of `countries` (None: any), and only those of `allowed` (empty: any), may be
    called. `callbacks` is where the provider of `account` reaches us, which a start may have to
    say.
    """
    if not (policy.script or policy.machine_script) and api.check_order is nothing_wrong:
        return []
    both = [key for key in api.script_keys if policy.script and contact.options.get(key)]
    if both:
        return [Fault(f"{OPTION}{both[0]}", "the campaign has a script: expected one of the two")]
    attempt = Attempt("campaign", line, 1)
    try:
        order = StartOrder.of(attempt, policy, contact, callbacks=callbacks, account=account)
        for each in targets(order.script):
            _expect_callable(each, countries, allowed, do_not_call)
    except ValueError as error:
        return [_machine_fault(policy, contact) or Fault(COLUMN, str(error))]
    wrong = api.check_order(order)
    if wrong.startswith(_LENGTH):
        return [Fault("max_duration", wrong.removeprefix(_LENGTH))]
    return [Fault(COLUMN if policy.script else "call", wrong)] if wrong else []


def _machine_fault(policy: Policy, contact: Contact) -> Fault | None:
    """Return the fault of a contact's script for machines, if it has one."""
    try:
        filled_for_machines(policy, contact)
    except ValueError as error:
        return Fault(MACHINE_COLUMN, str(error))
    return None


def _expect_callable(
    number: str,
    countries: frozenset[str] | None,
    allowed: Collection[str],
    do_not_call: DoNotCall,
) -> None:
    try:
        why = target_refused(target(number, None, countries), allowed, do_not_call)
    except ValueError as error:
        why = str(error)
    if why:
        raise ValueError(f"transfer: {why}")


def target_refused(number: str, allowed: Collection[str], do_not_call: DoNotCall) -> str:
    """Return why no call may be transferred to a number; "" if calls may."""
    if allowed and number not in allowed:
        return f"{_masked(number)} is not among CALLSCHED_ALLOWED_NUMBERS"
    for each in do_not_call.lists:
        if each.entry_for(number):
            return f"{_masked(number)} is on the do-not-call list {each.name}"
    return ""


def _masked(address: str) -> str:
    return mask(address) if address.startswith("+") else mask_text(address)
