"""Shows what `erase` has erased, what stays, and what is still to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scheduler.cli import console
from scheduler.fields.counts import counted
from scheduler.masking import mask, mask_text
from scheduler.operations.erase import Call, Erased

#: What stays on record, and why.
STAYS = (
    "that they were called, how each call ended, and who asked not to be called stays on record:"
    " without it callsched could call them again"
)

#: How many errors of the API are listed; all are counted.
_LISTED = 10


def show_number(
    erased: Erased, calls: Sequence[Call], number: str, *, remote: bool, json: bool
) -> None:
    """Say what was erased of the calls to a number, and which of them are still live."""
    if erased.under_way:
        console.say(
            f"{erased.under_way} of them are live: callsched keeps nothing of what is said from now"
            " on, but the API does: run the command again with --remote after they have ended"
        )
    campaigns = len({campaign.campaign_id for campaign, _ in calls})
    calls_named = (
        f"{counted(len(calls), 'call')} to {masked(number)} in {counted(campaigns, 'campaign')}"
    )
    if calls or json:
        _show(erased, calls_named, {"number": number}, remote=remote, json=json)


def masked(number: str) -> str:
    """Return what may be shown of a number or SIP address."""
    return mask_text(number) if number.startswith("sip") else mask(number)


def show_campaign(erased: Erased, campaign_id: str, *, remote: bool, json: bool) -> None:
    """Say what was erased of a campaign, and which of its calls are live or still to come."""
    if erased.under_way:
        console.say(
            f"{counted(erased.under_way, 'call is', 'calls are')} under way: callsched keeps"
            " nothing of what is said from now on, but the API does: run the command again with"
            " --remote after they have ended"
        )
    if erased.waiting:
        console.say(
            f"{counted(erased.waiting, 'call is', 'calls are')} still to be made: their live lines"
            " can be read for a day, and nothing else of what is said is collected"
        )
    record = {"campaign_id": campaign_id, "under_way": erased.under_way}
    calls_named = f"{counted(erased.calls, 'call')} of campaign {campaign_id}"
    _show(erased, calls_named, record, remote=remote, json=json)


def _show(
    erased: Erased, calls_named: str, record: Mapping[str, Any], *, remote: bool, json: bool
) -> None:
    if json:
        console.emit({**record, **erased.as_record()})
    else:
        console.out.print(f"erased what was said in {calls_named}", markup=False)
        console.out.print(STAYS, markup=False)
    if remote:
        _say_what_the_api_did(erased)
    elif erased.may_be_kept:
        console.say(
            "the API may still have its own copy: run the command again with --remote to have it"
            " deleted"
        )
    for problem in erased.errors[:_LISTED]:
        what = "call" if problem.is_call else "conversation"
        console.fail(f"{what} {problem.id_}: {problem.error}")
    if len(erased.errors) > _LISTED:
        console.say(f"… and {len(erased.errors) - _LISTED} more")


def _say_what_the_api_did(erased: Erased) -> None:
    calls = erased.at_api
    if erased.sandboxed:
        whose = counted(erased.sandboxed, "call was", "calls were")
        console.say(f"{whose} in the sandbox of a run, which is gone with all that it had")
        if erased.sandboxed == erased.calls:
            return
    if calls is None or erased.conversations:
        console.say(
            f"the API deleted {erased.deleted} of {counted(erased.conversations, 'conversation')}"
        )
    if calls is None:
        return
    console.say(
        f"the API deleted the records of {calls.deleted} of {counted(calls.known, 'call')}, and"
        f" {counted(calls.recordings, 'recording')}"
    )
    for kept in sorted(calls.kept):
        console.say(f"it says that it keeps {kept}")
