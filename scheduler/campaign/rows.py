"""Checks one row: can it be called, and if not, why not?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TypeVar

from scheduler.campaign.columns import UNDERSTOOD, Fault, RawRow
from scheduler.campaign.contact_number import ContactNumber, contact_number
from scheduler.campaign.do_not_call import NO_LISTS, DoNotCall
from scheduler.campaign.keys.calling_hours import instant
from scheduler.campaign.schema import within_ceiling
from scheduler.campaign.script_faults import script_faults
from scheduler.campaign.start import NOTHING_PERSONAL, Personal, Start
from scheduler.errors import Problem
from scheduler.fields.durations import positive_seconds
from scheduler.fields.scripts import unsaid
from scheduler.fields.services import NotCalled
from scheduler.fields.sip import sip_uri
from scheduler.fields.texts import DTMF, DTMF_EXPECTED
from scheduler.hours import states
from scheduler.hours.named_zones import timezone
from scheduler.hours.openings import opening
from scheduler.masking import mask_text, shown
from scheduler.models import Contact, Policy, Reason, Row
from scheduler.providers import CallbackAddress

_LONGEST_ID = 200
_LONGEST_NAME = 1000
_LONGEST_RAW_ID = 64
_LONGEST_SECONDS = 9
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_BREAKS = re.compile(r"[ \t]*[\r\n\t]+[ \t]*")
_DTMF = re.compile(DTMF)
_PAUSES = re.compile(r"[wWpP]")  # what dialling strings of other systems have for a comma
_EXTENSION = re.compile(r"(?:ext(?:ension)?[.:]?|x|#)?\s*(\d{1,10})(?:[.]0)?#?", re.IGNORECASE)
_BEFORE_EXTENSION = ",,"  #: a pause of a second, in which an exchange asks for the extension
_T = TypeVar("_T")
_NO_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Rules:
    """The campaign's rules for all its rows."""

    ceiling_seconds: float
    start: Start
    default_region: str | None = None
    countries: frozenset[str] | None = None  #: whose numbers may be called; None: any
    countries_setting: str = ""  #: the variable that says so
    do_not_call: DoNotCall = NO_LISTS
    timezone: str = ""  #: of the campaign; "": it has none
    by_state: bool = False  #: whether rules depend on the state in which a contact is
    policy: Policy = _NO_POLICY
    allowed: frozenset[str] = frozenset()  #: the only numbers that may be called; empty: any
    callbacks: CallbackAddress | None = None  #: where the provider reaches us; None: nowhere
    account: str = ""  #: on which they are dialled
    now: float = 0.0  #: epoch seconds, the same for all rows


class _Cells:
    """Reads the cells of one row, and collects their faults."""

    def __init__(self, raw: RawRow) -> None:
        self.raw = raw
        self.faults: list[Fault] = []

    def text(self, column: str) -> str:
        return self.raw.cells.get(column, "").strip()

    def read(
        self,
        column: str,
        reader: Callable[[str], _T],
        absent: _T,
        reason: Reason = Reason.INVALID_ROW,
    ) -> _T:
        written = self.text(column)
        if not written and reason is Reason.INVALID_ROW:
            return absent
        try:
            return reader(written)
        except NotCalled as error:
            self.faults.append(Fault(column, str(error), error.reason))
        except ValueError as error:
            self.faults.append(Fault(column, str(error), reason))
        return absent

    def address(self, rules: Rules) -> tuple[ContactNumber, str]:
        """Return the phone number and the SIP address; one of them is empty."""
        number, uri = self.written_number(), self.text("sip_uri")
        if number and uri:
            self.faults.append(Fault("sip_uri", "expected no sip_uri beside a phone_number"))
        if not number and not uri and {"phone_number", "sip_uri"} <= self.raw.cells.keys():
            fault = "expected a phone_number or a sip_uri, got neither"
            self.faults.append(Fault("phone_number", fault, Reason.INVALID_NUMBER))
            return ContactNumber(), ""
        if number or "sip_uri" not in self.raw.cells:
            found = contact_number(self.raw, rules.default_region, rules.countries)
            if isinstance(found, Fault):
                self.faults.append(_advised(found, rules.countries_setting))
                return ContactNumber(), ""
            return found, ""
        return ContactNumber(), self.read("sip_uri", sip_uri, "", Reason.INVALID_NUMBER)

    def written_number(self) -> str:
        """Return the row's number as it is written; of several columns, the first that has one."""
        choices = self.raw.header.choices
        if not choices:
            return self.text("phone_number")
        return next(filter(None, map(self.text, choices)), "")

    def presses(self) -> str:
        """Return the key presses: those of the column dtmf, or an extension after a pause."""
        keys = self.read("dtmf", _dtmf, "")
        if "extension" not in self.raw.cells:
            return keys
        extension = self.read("extension", _extension, "")
        if keys and extension:
            self.faults.append(Fault("extension", "expected no extension beside dtmf"))
        return keys or extension

    def states(self, number: str) -> tuple[str, ...]:
        """Return the states to whose rules the contact is held."""
        reader = partial(states.state, or_province=states.of_number(number) == "")
        columns = states.columns(tuple(self.raw.cells))
        named = [self.read(column, reader, "") for column in columns]
        return states.held_to(filter(None, named), number)

    def personal(self, start: Start, read: Mapping[str, str], *, presses: bool) -> Personal:
        """Return the row's own options and filled texts; `read` has the normalised cells."""
        if not self.raw.own and not start.is_personal:
            return NOTHING_PERSONAL
        cells = self.named(start.columns, read)
        personal = start.personal(self.raw.own, cells, presses=presses)
        self.faults += personal.faults
        return personal

    def named(self, columns: Iterable[str], read: Mapping[str, str]) -> dict[str, str]:
        """Return the cells of columns that templates name; `read` takes precedence."""
        meant = ((name, self.raw.header.keys.get(name, name)) for name in columns)
        return {
            name: read.get(key) or self.text(key)
            for name, key in meant
            if key in self.raw.cells or key in read
        }

    def put_unread_first(self) -> None:
        """Put the faults of cells without a value first, and drop other faults of these cells."""
        if unread := self.raw.unread:
            others = [fault for fault in self.faults if fault.column not in unread]
            self.faults = [Fault(column, why) for column, why in unread.items()] + others

    def variables(self) -> dict[str, str]:
        return {
            name: cell
            for name, cell in self.raw.cells.items()
            if name not in UNDERSTOOD and cell.strip()
        }


def _advised(fault: Fault, setting: str) -> Fault:
    """Add to the fault of a number from another country how to allow it."""
    if fault.reason is not Reason.UNSUPPORTED_COUNTRY:
        return fault
    return replace(fault, message=f"{fault.message}: set {setting} to call it")


def check(raw: RawRow, rules: Rules) -> tuple[Row, list[Fault]]:
    """Return the row to load, and every fault that keeps it from being called."""
    cells = _Cells(raw)
    contact = _contact(cells, rules)
    if not cells.faults:
        cells.faults += script_faults(
            contact,
            raw.line,
            rules.start.api,
            rules.policy,
            countries=rules.countries,
            allowed=rules.allowed,
            do_not_call=rules.do_not_call,
            callbacks=rules.callbacks,
            account=rules.account,
        )
    cells.put_unread_first()
    has_id = bool(contact.contact_id)
    if not cells.faults:
        address = _identified(contact, contact.party)
        return _listed(Row(address, raw.line, has_id, due_at=_due_at(contact, rules)), rules)
    first = cells.faults[0]
    number, uri = cells.written_number(), cells.text("sip_uri")
    as_given = _as_given(number or uri, raw.line)
    refused = replace(
        contact,
        phone_number="" if uri and not number else as_given,
        sip_uri=as_given if uri and not number else "",
    )
    error = f"{raw.header.columns.get(first.column, first.column)}: {first.message}"
    return Row(_identified(refused, as_given), raw.line, has_id, first.reason, error), cells.faults


def _due_at(contact: Contact, rules: Rules) -> float | None:
    """Return when the contact may be called first; None: now, or never (the dial decides that)."""
    at = opening(rules.policy, contact, rules.now).at
    return at if rules.now < at < math.inf else None


def _listed(row: Row, rules: Rules) -> tuple[Row, list[Fault]]:
    """Return a valid row, skipped if a do-not-call list has its contact."""
    fault = rules.do_not_call.fault(row.contact)
    if fault is None:
        return row, []
    return replace(row, reason=fault.reason, error=f"{fault.column}: {fault.message}"), [fault]


def _contact(cells: _Cells, rules: Rules) -> Contact:
    number, uri = cells.address(rules)
    contact_id, name = cells.read("id", _contact_id, ""), cells.read("name", _name, "")
    dtmf = cells.presses() or rules.start.dtmf
    read = {"phone_number": number.e164, "sip_uri": uri, "name": name}
    zone = cells.read("timezone", timezone, "")
    clocks = zone or rules.timezone
    personal = cells.personal(rules.start, read, presses=bool(dtmf))
    has_keys, own = bool(dtmf or personal.dtmf), personal.options
    contact = Contact(
        contact_id=contact_id,
        phone_number=number.e164,
        phone_column=number.column,
        sip_uri=uri,
        name=name,
        dtmf=dtmf or personal.dtmf,
        timezone=zone,
        not_before=cells.read("not_before", partial(instant, zone=clocks, later=True), None),
        not_after=cells.read("not_after", partial(instant, zone=clocks, later=False), None),
        max_duration_seconds=cells.read(
            "max_duration", lambda text: _duration(text, rules.ceiling_seconds), None
        ),
        variables=cells.variables(),
        options=rules.start.for_keys(own) if has_keys else own,
        states=cells.states(number.e164) if rules.by_state else (),
    )
    named = cells.named(rules.start.script_columns, read)
    return replace(contact, script_cells=unsaid(contact, named)) if named else contact


def problems_of(raw: RawRow, faults: list[Fault], path: str) -> Iterator[Problem]:
    """Yield the faults of a row with their places."""
    for fault in faults:
        yield raw.problem(path, fault.column, fault.message, fault.reason)


def _identified(contact: Contact, stand_in: str) -> Contact:
    return contact if contact.contact_id else replace(contact, contact_id=stand_in)


def _as_given(address: str, line: int) -> str:
    """Return the address of a refused row as it is written, printable; its line if it has none."""
    return _CONTROL.sub("�", address[:_LONGEST_RAW_ID]) or f"line {line}"


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


def _extension(written: str) -> str:
    found = _EXTENSION.fullmatch(written)
    if found is None:
        raise ValueError(f"expected an extension such as 212, got {shown(written)}")
    return _BEFORE_EXTENSION + found[1]


def _dtmf(written: str) -> str:
    if not _DTMF.fullmatch(written):
        mended = _PAUSES.sub(",", "".join(written.split()))
        hint = f": did you mean {shown(mended)}?" if _DTMF.fullmatch(mended) else ""
        raise ValueError(f"expected {DTMF_EXPECTED}, got {shown(written)}{hint}")
    return written


@lru_cache(maxsize=1024)
def _duration(written: str, ceiling_seconds: float) -> float:
    try:
        length_seconds = positive_seconds(written)
    except ValueError as error:
        is_number = len(written) <= _LONGEST_SECONDS and written.isdecimal() and int(written)
        hint = f": did you mean {written}s?" if is_number else ""
        raise ValueError(mask_text(f"{error}{hint}")) from None
    return within_ceiling(length_seconds, ceiling_seconds)
