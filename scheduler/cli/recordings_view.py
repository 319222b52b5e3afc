"""Shows recordings as a table or as JSON, and says what is wrong with any of them."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.cli import console
from scheduler.fields.counts import counted
from scheduler.operations.recordings import CallRecording, Listed

_COLUMNS = ("contact", "attempt", "recording", "seconds", "channels", "file")


def show(found: Listed, campaign_id: str, *, json: bool, is_saved: bool) -> None:
    """Show the recordings, then say which are missing."""
    if json:
        shown = [each.as_record() for each in found.recordings]
        console.emit({"campaign_id": campaign_id, "erased": found.erased, "recordings": shown})
    elif known := [each for each in found.recordings if each.recording is not None]:
        columns = _COLUMNS if is_saved else _COLUMNS[:-1]
        rows = ([*_row(each)][: len(columns)] for each in known)
        console.out.print(console.table("", columns, rows, sheds=("channels", "attempt")))
    elif not found.recordings:
        console.say("nothing was recorded")
    for each in found.recordings:
        _say_what_is_wrong(each)
    if found.erased:
        console.say(
            f"{counted(found.erased, 'attempt was', 'attempts were')} erased: there is no recording"
        )


def _row(each: CallRecording) -> Iterator[object]:
    recording = each.recording
    if recording is None:
        return
    length = recording.duration_seconds
    yield from (each.label, each.attempt, recording.recording_id)
    yield from ("" if length is None else f"{length:g}", recording.channels, each.file)


def _say_what_is_wrong(each: CallRecording) -> None:
    named = f"the call to {each.label}, attempt {each.attempt}"
    if each.recording is None:
        console.fail(f"{named}: what was recorded can't be listed: {each.error}")
    elif each.error:
        console.fail(f"{named}, recording {each.recording.recording_id}: {each.error}")
    elif not each.recording.is_complete:
        console.fail(f"{named}, recording {each.recording.recording_id}: it is not complete yet")
