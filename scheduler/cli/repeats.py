"""What `run` and `submit` say of people whom an earlier campaign of the same name has called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from scheduler.campaign.checked import CheckedCampaign
from scheduler.cli import console
from scheduler.fields.durations import written
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.repeats import Repeats, instant, repeat_window, repeats
from scheduler.settings import Settings

#: Earlier campaigns that are named.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Window:
    """For how long whom one campaign has called is left out by others of its name."""

    of_campaign: float | None  #: seconds; None when this campaign calls everybody
    to_look: float  #: in which people are told of; 0 for not at all
    because: str  #: what has it call everybody
    is_fixed: bool  #: the campaign is there already, and keeps what it was created with
    comes_late: bool  #: --again is said of a campaign that was created without it


def window_of(
    ledger: Ledger, campaign_id: str, wanted: str | None, settings: Settings, *, again: bool
) -> Window:
    """Return the window of a campaign that is there, else what the command line says of it.

    Who names the id says which campaign is meant, as cron does, and is not second-guessed.
    """
    to_look = settings.repeat_window
    kept = repeat_window(ledger, campaign_id)
    if kept is not None:
        because = f"campaign {campaign_id} was created so"
        return Window(kept or None, kept or to_look, because, True, again and kept > 0)
    is_exempt = again or wanted is not None or not to_look
    because = "--again says so" if again else "--id says which campaign this is"
    return Window(None if is_exempt else to_look, to_look, because, False, False)


def tell(
    ledger: Ledger, checked: CheckedCampaign, campaign_id: str, account: str, window: Window
) -> int:
    """Say whom an earlier campaign of this name has called; return how many contacts are left.

    Counted are rows that the campaign does not know yet.
    """
    if window.comes_late:
        console.warn(
            f"campaign {campaign_id} was created without --again and is not finished: whom it has"
            f" skipped stays skipped. {_afterwards(campaign_id)}"
        )
    if not window.to_look:
        return checked.callable_count
    with console.counting("looking for earlier calls") as counted:
        found = repeats(
            ledger,
            campaign_id,
            account,
            checked.name,
            window.to_look,
            _counted(checked.chunks(), counted),
        )
    count = sum(one.count for one in found)
    if not count:
        return checked.callable_count
    begin = (
        f"{count:,} of {checked.callable_count:,} contacts are with earlier campaigns of this name"
        f" (of the last {written(window.to_look)}, or not over)"
    )
    named = [_described(one) for one in found[:_NAMED]]
    if len(found) > _NAMED:
        named.append(f"  … and {len(found) - _NAMED} campaigns more")
    if window.of_campaign is None:
        console.say(f"{begin}; they are called all the same, for {window.because}:", *named)
        return checked.callable_count
    left = checked.callable_count - count
    console.warn(
        f"{begin}; they are not called now, and end as skipped: already_called:",
        *named,
        ("" if left else "Nobody is left to call. ")
        + _ways_out(campaign_id, found[0], is_fixed=window.is_fixed),
    )
    return left


def _counted(
    chunks: Iterable[tuple[int, bytes]], counted: Callable[[int], None]
) -> Iterator[bytes]:
    read = 0
    for count, packed in chunks:
        yield packed
        read += count
        counted(read)


def _described(one: Repeats) -> str:
    said = []
    if one.last_at is not None:
        said.append(f"{one.called:,} called, the last at {instant(one.last_at)}")
    if one.waiting:
        said.append(f"{one.waiting:,} whose calls are not over")
    return f"  {one.campaign_id}: {', '.join(said)}"


def _ways_out(campaign_id: str, earlier: Repeats, *, is_fixed: bool) -> str:
    if is_fixed:
        return _afterwards(campaign_id)
    # A numbered one is meant by the id that it follows.
    meant = earlier.campaign_id.partition("+")[0]
    said = (
        f"Say --again to call them all the same, or --id {meant} to go on with that campaign,"
        " which calls whom it does not know"
    )
    if earlier.waiting:
        said += f"; `callsched cancel {earlier.campaign_id}` calls its rest off"
    return said


def _afterwards(campaign_id: str) -> str:
    retry = f"callsched retry {campaign_id} --only skipped:already_called"
    return f"To call them all the same, afterwards: {retry}"
