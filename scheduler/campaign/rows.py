"""Whether one row can be called, and what is wrong with it if not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TypeVar
from zoneinfo import available_timezones

from scheduler.campaign.columns import UNDERSTOOD, RawRow
from scheduler.campaign.numbers import e164
from scheduler.campaign.schema import DTMF, DTMF_EXPECTED, within_ceiling
from scheduler.durations import positive_seconds
from scheduler.errors import Problem
from scheduler.masking import mask_text, shown
from scheduler.models import Contact, Reason, Row

_LONGEST_ID = 200
_LONGEST_NAME = 1000
_LONGEST_RAW_ID = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_BREAKS = re.compile(r"[ \t]*[\r\n\t]+[ \t]*")
_DTMF = re.compile(DTMF)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the campaign says about all its rows."""

    ceiling_seconds: float
    default_region: str | None = None
    dtmf: str = ""  #: of contacts that have none of their own


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell."""

    column: str
    message: str

    @property
    def reason(self) -> Reason:
        """Why the row is skipped for it."""
        if self.column == "phone_number":
            return Reason.INVALID_NUMBER
        return Reason.INVALID_ROW


class _Cells:
    """Reads the cells of one row and gathers what is wrong with them."""

    def __init__(self, raw: RawRow) -> None:
        self._raw = raw
        self.faults: list[Fault] = []

    def text(self, column: str) -> str:
        return self._raw.cells.get(column, "").strip()

    def read(self, column: str, reader: Callable[[str], _T], absent: _T) -> _T:
        written = self.text(column)
        if not written and column != "phone_number":
            return absent
        try:
            return reader(written)
        except ValueError as error:
            self.faults.append(Fault(column, str(error)))
            return absent

    def variables(self) -> dict[str, str]:
        return {
            name: cell
            for name, cell in self._raw.cells.items()
            if name not in UNDERSTOOD and cell.strip()
        }


def check(raw: RawRow, rules: Rules) -> tuple[Row, list[Fault]]:
    """Return the row as it is loaded, and every fault that keeps it from being called."""
    cells = _Cells(raw)
    contact = Contact(
        phone_number=cells.read("phone_number", lambda text: e164(text, rules.default_region), ""),
        contact_id=cells.read("id", _contact_id, ""),
        name=cells.read("name", _name, ""),
        dtmf=cells.read("dtmf", _dtmf, "") or rules.dtmf,
        timezone=cells.read("timezone", _timezone, ""),
        max_duration_seconds=cells.read(
            "max_duration", lambda text: _duration(text, rules.ceiling_seconds), None
        ),
        variables=cells.variables(),
    )
    has_id = bool(contact.contact_id)
    if not cells.faults:
        return Row(_identified(contact, contact.party), raw.line, has_id), []
    first = cells.faults[0]
    as_given = _as_given(cells.text("phone_number"), raw.line)
    refused = _identified(replace(contact, phone_number=as_given), as_given)
    error = f"{first.column}: {first.message}"
    return Row(refused, raw.line, has_id, first.reason, error), cells.faults


def problems_of(raw: RawRow, faults: list[Fault], path: str) -> Iterator[Problem]:
    """Yield the faults of a row with their places."""
    for fault in faults:
        yield raw.problem(path, fault.column, fault.message, fault.reason)


def _identified(contact: Contact, stand_in: str) -> Contact:
    return contact if contact.contact_id else replace(contact, contact_id=stand_in)


def _as_given(number: str, line: int) -> str:
    """Return the raw number of a refused row, fit to be shown; a row without one is its line."""
    return _CONTROL.sub("�", number[:_LONGEST_RAW_ID]) or f"line {line}"


def _contact_id(written: str) -> str:
    if len(written) > _LONGEST_ID or _CONTROL.search(written):
        raise ValueError(
            f"expected at most {_LONGEST_ID} printable characters, got {shown(written)}"
        )
    return written


def _name(written: str) -> str:
    name = _LINE_BREAKS.sub(" ", written)
    if len(name) > _LONGEST_NAME or _CONTROL.search(name):
        raise ValueError(
            f"expected at most {_LONGEST_NAME} printable characters, got {shown(name)}"
        )
    return name


def _dtmf(written: str) -> str:
    if not _DTMF.fullmatch(written):
        raise ValueError(f"expected {DTMF_EXPECTED}, got {shown(written)}")
    return written


@cache
def _timezones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=1024)
def _timezone(written: str) -> str:
    near = _timezones().get(written.lower())
    if near == written:
        return written
    hint = f"did you mean {near}" if near else "expected an IANA name such as America/New_York"
    raise ValueError(f"{hint}, got {shown(written)}")


@lru_cache(maxsize=1024)
def _duration(written: str, ceiling_seconds: float) -> float:
    try:
        length_seconds = positive_seconds(written)
    except ValueError as error:
        raise ValueError(mask_text(str(error))) from None
    return within_ceiling(length_seconds, ceiling_seconds)
