"""Tells the user about people whom an earlier campaign of the same name has called."""

from __future__ import annotations

from scheduler.cli import console
from scheduler.cli.campaigns import ANY_HOUR
from scheduler.cli.suggested import suggested
from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.ledger import repeats
from scheduler.ledger.repeats import Repeats
from scheduler.operations.repeats import Because, Earlier

#: How many earlier campaigns are named.
_NAMED = 3


def tell(campaign_id: str, earlier: Earlier) -> None:
    """Say how many contacts earlier campaigns have called, and what becomes of these contacts."""
    window = earlier.window
    if window.comes_late:
        console.warn(
            f"campaign {campaign_id} was created without --again and is not finished: contacts"
            f" that it skipped stay skipped. {_afterwards(campaign_id)}"
        )
    if not earlier.count:
        return
    begin = (
        f"{earlier.count:,} of {counted(earlier.callable_count, 'contact is', 'contacts are')}"
        f" in earlier campaigns of this name (of the last {written(window.to_look)}, or"
        " unfinished)"
    )
    if window.of_campaign is None:
        because = _because(campaign_id, window.because)
        text = f"{begin}; they are called anyway, because {because}:"
        console.say(text, *_named(earlier))
        return
    console.warn(
        f"{begin}; they are not called now, and end as skipped: already_called:",
        *_named(earlier),
        ("" if earlier.left else "Nobody is left to call. ") + _ways_out(campaign_id, earlier),
    )


def _because(campaign_id: str, why: Because) -> str:
    if campaign_id.endswith(ANY_HOUR):
        return "--any-hour makes a campaign of its own"
    record = {
        Because.CREATED_SO: f"campaign {campaign_id} was created with --again or --id",
        Because.AGAIN: "you said --again",
        Because.NAMED: "you named this campaign with --id",
    }
    return record[why]


def _named(earlier: Earlier) -> list[str]:
    lines = [_described(one) for one in earlier.found[:_NAMED]]
    if len(earlier.found) > _NAMED:
        lines.append(f"  … and {counted(len(earlier.found) - _NAMED, 'other campaign')}")
    return lines


def _described(one: Repeats) -> str:
    lines = []
    if one.last_at is not None:
        lines.append(f"{one.called:,} called, the last at {repeats.instant(one.last_at)}")
    if one.waiting:
        lines.append(f"{one.waiting:,} waiting or live")
    return f"  {one.campaign_id}: {', '.join(lines)}"


def _ways_out(campaign_id: str, earlier: Earlier) -> str:
    if earlier.window.because is Because.CREATED_SO:
        return _afterwards(campaign_id)
    first = earlier.found[0]
    # The command names a numbered campaign by the id before the number.
    meant = first.campaign_id.partition("+")[0]
    text = (
        f"Use --again to call them anyway, or --id {meant} to continue that campaign, which"
        " calls only new contacts"
    )
    if first.waiting:
        text += f"; `{suggested('cancel', first.campaign_id)}` cancels its remaining calls"
    return text


def _afterwards(campaign_id: str) -> str:
    retry = suggested("retry", campaign_id, "--only", "skipped:already_called")
    return f"To call them anyway, afterwards: {retry}"
