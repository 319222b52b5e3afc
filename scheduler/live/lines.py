"""The live transcript of a campaign's calls, line by line, with the contact of each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.fields.contact_label import label_of
from scheduler.ledger import listeners, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.models import CallState, CampaignState

#: How long one read waits for a line. Once the calls are over, one silent read ends the stream.
LOOK_SECONDS = 1.0

#: Keys of a contact that go into a line's record.
_FIELDS = ("contact_id", "phone_number", "sip_uri")


def row_of(ledger: Ledger, campaign_id: str, contact: str | None) -> int | None:
    """Return the row of a contact, None without one: lines of all calls. Raises LedgerError."""
    if contact is None:
        views.campaign(ledger, campaign_id)
        return None
    row = views.find_row(ledger, campaign_id, contact)
    views.result(ledger, campaign_id, row)
    return row


def lines_after(
    ledger: Ledger, campaign_id: str, row: int | None, after: str, *, follow: bool
) -> Iterator[tuple[str, LiveLine]]:
    """Yield each kept line after a place ("0": from the start), with its own place.

    With `follow`, wait for what comes, until the calls are over. Raises LedgerError.
    """
    while True:
        # Checked before reading: lines from before the end are then sure to be in this read.
        is_last = not follow or _is_over(ledger, campaign_id, row)
        wait_seconds = LOOK_SECONDS if follow else 0.0
        found = listeners.lines(ledger, campaign_id, row, after=after, block_seconds=wait_seconds)
        yield from found
        if found:
            after = found[-1][0]
        elif is_last:
            return


def _is_over(ledger: Ledger, campaign_id: str, row: int | None) -> bool:
    if row is None:
        return views.campaign(ledger, campaign_id).state is CampaignState.FINISHED
    return bool(views.result(ledger, campaign_id, row)["state"] == CallState.ENDED)


class Contacts:
    """The contacts of lines; each is read once."""

    def __init__(self, ledger: Ledger, campaign_id: str) -> None:
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._known: dict[int, dict[str, Any]] = {}

    def of(self, row: int) -> dict[str, Any]:
        """Return a contact's `label` for people, with further keys for programs."""
        if row not in self._known:
            record = views.result(self._ledger, self._campaign_id, row)
            named = {name: record[name] for name in _FIELDS}
            self._known[row] = named | {"label": label_of(record, row)}
        return self._known[row]


def as_record(place: str, heard: LiveLine, contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line as JSON has it."""
    return {
        "campaign_id": heard.attempt.campaign_id,
        "row": heard.attempt.row,
        **{name: contact[name] for name in _FIELDS},
        "kind": heard.kind,
        "speaker": heard.speaker,
        "text": heard.text,
        "said_at": heard.said_at,
        "noted_at": noted_at(place),
    }


def noted_at(place: str) -> float:
    """Return when the ledger recorded the line at a place, in epoch seconds."""
    return int(place.partition("-")[0]) / 1000
