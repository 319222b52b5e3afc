"""Reads a call as Twilio shows it into callsched's words.

See https://www.twilio.com/docs/voice/api/call-resource. Every property may be null, numbers are
texts, and reads are eventually consistent: a later one may show an earlier status.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from scheduler.errors import MaybeDone
from scheduler.providers.answer import Answer
from scheduler.providers.answers import any_json, json_of, most_values, text_in
from scheduler.providers.base import CallReport, Outcome, Stage
from scheduler.providers.http_dates import http_date
from scheduler.providers.twilio.answers import sid_in
from scheduler.providers.twilio.pages import PAGE

_STAGES: Mapping[str, Stage] = {
    "queued": Stage.QUEUED,
    "initiated": Stage.RINGING,  # of callbacks alone, as documented
    "ringing": Stage.RINGING,
    "in-progress": Stage.ANSWERED,
}
_OUTCOMES: Mapping[str, Outcome] = {
    "completed": Outcome.COMPLETED,
    "busy": Outcome.BUSY,
    "no-answer": Outcome.NO_ANSWER,
    "failed": Outcome.FAILED,
    "canceled": Outcome.CANCELED,
}
_MOST_LETTERS = 255
_LISTENERS = ("human", "fax", "unknown")


def read_report(answer: Answer, connection_id: str) -> CallReport:
    """Return the call in a 2xx. Raises MaybeDone if it has no call, or another call."""
    body = json_of(answer)
    if body is None or sid_in(body) != connection_id or not text_in(body, "status"):
        raise MaybeDone("what was read is not the call that was asked for")
    return _report(body, _read_at(answer))


def read_reports(answer: Answer, most_bytes: int) -> tuple[list[CallReport], Any]:
    """Return the calls of a page of the list, and the whole of its body.

    Leaves out a call that can't be read. Raises MaybeDone if the body is no such page.
    """
    body = any_json(answer, most_values(most_bytes))
    listed = body.get("calls") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise MaybeDone("what was read is no list of calls")
    at = _read_at(answer)
    calls = (each for each in listed[:PAGE] if isinstance(each, dict))
    return [_report(each, at) for each in calls if sid_in(each) and text_in(each, "status")], body


def stage_of(status: str) -> tuple[Stage, Outcome | None]:
    """Return how far a call has come, and how it ended if it is over."""
    outcome = _OUTCOMES.get(status)
    stage = Stage.OVER if outcome is not None else _STAGES.get(status, Stage.ALIVE)
    return stage, outcome


def is_placed_by_us(direction: str, parent: object) -> bool:
    """Whether a request to the API placed a call, not another call."""
    return direction == "outbound-api" and not parent


def _report(body: dict[str, Any], read_at: float | None) -> CallReport:
    stage, outcome = stage_of(text_in(body, "status"))
    return CallReport(
        connection_id=sid_in(body),
        stage=stage,
        outcome=outcome,
        address=address_of(kept(body, "to")),
        caller_id=kept(body, "from"),
        is_ours=is_placed_by_us(text_in(body, "direction"), body.get("parent_call_sid")),
        created_at=_instant(body, "date_created"),
        started_at=_instant(body, "start_time"),
        ended_at=_instant(body, "end_time"),
        duration_seconds=whole_seconds(text_in(body, "duration")),
        answered_by=answered_by(text_in(body, "answered_by")),
        price=_price(kept(body, "price"), kept(body, "price_unit")),
        read_at=read_at,
    )


def kept(body: Mapping[str, Any], name: str) -> str:
    """Return a text that is short enough to keep for very many calls; "" for a longer one.

    A SIP address has less than 255 characters; see
    https://www.twilio.com/docs/voice/api/sip-making-calls.
    """
    text = text_in(body, name)
    return text if len(text) <= _MOST_LETTERS and text.isascii() else ""


def _read_at(answer: Answer) -> float | None:
    return http_date(answer.headers.get("Date", ""))


def _instant(body: dict[str, Any], name: str) -> float | None:
    written = text_in(body, name)
    return http_date(written) if written else None


def address_of(written: str) -> str:
    """Return a call's target as orders write it: Twilio shows SIP addresses without a scheme."""
    is_bare = "@" in written and not written.lower().startswith(("sip:", "sips:", "client:"))
    return f"sip:{written}" if is_bare else written


def whole_number(written: str) -> int | None:
    """Return the number in a text; None if it has none."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def whole_seconds(written: str) -> float | None:
    """Return the seconds in a text; None if it has none."""
    number = whole_number(written)
    return None if number is None else float(number)


def answered_by(written: str) -> str:
    """Return who answered; "" if the API did not detect that."""
    if written.startswith("machine"):
        return "machine"
    return written if not written or written in _LISTENERS else "unknown"


def _price(amount: str, currency: str) -> str:
    """Return what a call has cost; Twilio writes the amount as a negative number."""
    try:
        cost = -Decimal(amount)
    except InvalidOperation:
        return ""
    return f"{abs(cost):f} {currency}".strip() if cost.is_finite() else ""


def bare(address: str) -> str:
    """Return a SIP address in the form for comparisons; any other text as it is.

    That is `name@host`: we could not verify which other parts of an address Twilio shows.
    """
    scheme, colon, rest = address.partition(":")
    if not colon or scheme.lower() not in ("sip", "sips"):
        return address
    name, at, host = rest.partition(";")[0].partition("?")[0].rpartition("@")
    ends_at = host.find("]") + 1
    host = host[:ends_at] if ends_at else host.partition(":")[0]
    return f"{name}{at}{host.lower()}"
