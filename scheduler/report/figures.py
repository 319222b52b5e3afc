"""The figures of a campaign: records are counted one by one, and none of them is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from scheduler.heard import OnTheLine
from scheduler.ledger.accounts import Load
from scheduler.ledger.lateness import Lateness
from scheduler.models import CallState, Disposition
from scheduler.reached import Reached, reached_in, why
from scheduler.report.answers import Answers
from scheduler.report.curves import Bars, Slots, refusals
from scheduler.report.foreign_text import contact_of, message, shown
from scheduler.report.header import Header, Source, Span
from scheduler.report.late import Late
from scheduler.report.opt_outs import OptOuts
from scheduler.report.spread import Spread
from scheduler.report.topics import LISTS, InsightTotals

_LONGEST_NOTE = 200
_LONGEST_WORD = 40
_MOST_INTENTS = 100

#: (disposition, reason) of a call that has ended; (state, "") of one that has not.
End = tuple[str, str]


@dataclass(slots=True)
class Figures:
    """The figures of one campaign."""

    header: Header
    loads: tuple[Load, ...] = ()
    numbers: bool = False  #: whether whole phone numbers may be shown
    transcripts: bool = False  #: whether anything that was said may be shown
    contacts: int = 0
    ends: Counter[End] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)  #: calls that are not over, by state
    attempts: Counter[int] = field(default_factory=Counter)  #: contacts by number of attempts
    placed: int = 0  #: calls that the provider took, answered or not
    reached: Counter[Reached] = field(default_factory=Counter)  #: ended calls by group
    #: Ended calls by group and by what puts them into it: a `reached.Why`, else how they ended.
    observed: Counter[tuple[Reached, str]] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)  #: of `OnTheLine`
    intents: Counter[str] = field(default_factory=Counter)  #: calls by intent that was heard
    opt_outs: OptOuts = field(default_factory=OptOuts)
    lengths: Spread = field(default_factory=Spread)  #: seconds of calls that were placed
    late: Late = field(default_factory=Late)
    slots: Slots = field(default_factory=Slots)
    insights: InsightTotals = field(default_factory=InsightTotals)
    answers: Answers = field(default_factory=Answers)

    def __post_init__(self) -> None:
        self.answers.numbers = self.insights.numbers = self.numbers
        self.insights.lists_items = self.transcripts

    def add(self, record: Mapping[str, Any]) -> None:
        """Count the record of the next contact, in the order of the file."""
        self.contacts += 1
        state, disposition, reason = (
            shown(record.get(name), _LONGEST_WORD) for name in ("state", "disposition", "reason")
        )
        if state == CallState.ENDED:
            self.ends[disposition, reason] += 1
        else:
            self.open[state] += 1
        self._add_heard(record)
        self.attempts[record.get("attempts") or 0] += 1
        if (length := record.get("duration_seconds")) is not None:
            self.lengths.add(length)
        self.late.add(record)
        self.answers.add(record.get("answers") or {})
        contact = contact_of(record, self.contacts, numbers=self.numbers)
        self.insights.add(record, self.contacts, contact)
        self.opt_outs.add(record, self.contacts, contact)

    def _add_heard(self, record: Mapping[str, Any]) -> None:
        self.placed += bool(record.get("connection_id"))
        if (group := reached_in(record)) is not None:
            self.reached[group] += 1
            self.observed[group, shown(why(record), _LONGEST_WORD)] += 1
        if heard := shown(record.get("heard"), _LONGEST_WORD):
            self.heard[heard] += 1
        for intent in {shown(each, _LONGEST_WORD) for each in record.get("intents") or ()}:
            if intent in self.intents or len(self.intents) < _MOST_INTENTS:
                self.intents[intent] += 1

    @property
    def ended(self) -> int:
        """How many calls are over."""
        return self.ends.total()

    @property
    def ended_late(self) -> Lateness:
        """What ended late: of all attempts, if the ledger has counted them, else of the last."""
        counted = self.header.late
        return counted if counted.calls >= self.late.calls else self.late.counted

    @property
    def retries(self) -> int:
        """How many times somebody was dialled again."""
        return sum((times - 1) * contacts for times, contacts in self.attempts.items() if times > 1)

    @property
    def unknown(self) -> dict[str, int]:
        """How many calls ended as unknown, by reason."""
        return {
            reason: calls
            for (disposition, reason), calls in self.ends.items()
            if disposition == Disposition.UNKNOWN
        }

    @property
    def period(self) -> tuple[float, float] | None:
        """When the first slot was taken and the last one given back; None without any."""
        if not len(self.slots):
            return None
        return self.slots.since, max(self.slots.until(self.header.made_at), self.slots.since)

    @property
    def refused(self) -> Bars | None:
        """Starts that the API refused on the account meanwhile; None if they were not counted."""
        return refusals(self.loads, *self.period) if self.loads and self.period else None

    @property
    def limits(self) -> tuple[int, int] | None:
        """The lowest and the highest limit meanwhile; None without samples."""
        learned = [load.learned for load in self.loads]
        return (min(learned), max(learned)) if learned else None

    def orders(self) -> list[dict[str, Any]]:
        """Return what operators did, without the names of their machines."""
        return [
            {
                "at": each.at,
                "what": each.what,
                "who": message(each.who.partition("@")[0], _LONGEST_NOTE, numbers=self.numbers),
                "note": message(each.note, _LONGEST_NOTE, numbers=self.numbers),
            }
            for each in self.header.orders
        ]

    def as_record(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        header = self.header
        return {
            "campaign_id": header.campaign_id,
            "name": header.name,
            "state": header.state,
            "is_over": header.is_over,
            "told_at": header.made_at,
            "created_at": header.created_at,
            "finished_at": header.finished_at,
            "stopped_itself": header.stopped_itself or None,
            "contacts": self.contacts,
            "ended": self.ended,
            "outcomes": [
                {"disposition": disposition, "reason": reason or None, "calls": calls}
                for (disposition, reason), calls in self.ends.most_common()
            ],
            "not_over": dict(self.open),
            "placed": self.placed,
            "reached": self._reached(),
            "heard": {each: self.heard[each] for each in OnTheLine},
            "intents": dict(self.intents.most_common()),
            "asked_not_to_be_called": self.opt_outs.as_record(),
            "attempts": {str(times): calls for times, calls in sorted(self.attempts.items())},
            "retries": self.retries,
            "lengths": self._lengths(),
            "ends": self.late.ends_record() | self._ended_late(),
            "stops": self.late.sendings_record(),
            "slots": self._slots(),
            "refused": self.refused.total if self.refused else None,
            "unknown": self.unknown,
            "answers": self.answers.as_record(),
            "said": self._said(),
            "orders": self.orders(),
        }

    def _reached(self) -> dict[str, Any]:
        """Return the groups of ended calls, each with what puts calls into it."""
        return {
            group: {
                "calls": self.reached[group],
                "observed": {
                    observed: calls
                    for (one, observed), calls in self.observed.most_common()
                    if one is group
                },
            }
            for group in Reached
        }

    def _ended_late(self) -> dict[str, Any]:
        known = self.ended_late
        return {
            "late": known.calls,
            "worst_seconds": known.worst_seconds,
            "since": known.since,
            "until": known.until,
            "causes": dict(known.causes),
        }

    def _lengths(self) -> dict[str, Any]:
        return {
            "calls": len(self.lengths),
            "total_seconds": round(self.lengths.total, 3),
            "p50_seconds": self.lengths.percentile(0.5),
            "p90_seconds": self.lengths.percentile(0.9),
            "max_seconds": self.lengths.highest,
        }

    def _slots(self) -> dict[str, Any]:
        peak = self.slots.peak
        lowest, highest = self.limits or (None, None)
        return {
            "attempts": len(self.slots),
            "peak": int(peak.value) if peak else 0,
            "peak_at": peak.at if peak else None,
            "limit_lowest": lowest,
            "limit_highest": highest,
        }

    def _said(self) -> dict[str, Any]:
        topics = self.insights.topics
        counts = {
            "transcripts": self.insights.transcripts,
            "silent": self.insights.silent,
            "not_recorded": self.insights.not_recorded,
            "not_read": self.insights.unread,
            "erased": self.insights.erased,
        }
        if not self.transcripts:
            return counts
        return {
            **counts,
            "topics": [{"text": text, "calls": calls} for text, calls in topics.most_frequent()],
            "different_topics": len(topics),
            **{name: self.insights.counts[name] for name in LISTS},
        }


def read(
    source: Source,
    *,
    numbers: bool = False,
    transcripts: bool = False,
    taken: Callable[[int, Mapping[str, Any]], None] = lambda row, record: None,
    counted: Callable[..., None] = lambda done, total=None: None,
) -> Figures:
    """Read a campaign once; call `taken` with each record and its row, and `counted` with how many.

    Without `transcripts` nothing of what was said in a call is in the figures.
    """
    figures = Figures(source.header, source.loads, numbers, transcripts)
    for row, record in zip(count(1), source.records, strict=False):
        figures.add(record)
        taken(row, record)
        if source.spans is None and (span := _span(record)):
            figures.slots.add(span)
        if row % 100 == 0:
            counted(row, source.total)
    for number, span in enumerate(source.spans or (), start=1):
        figures.slots.add(span)
        if number % 100 == 0:
            counted(number, max(number, source.total or 0))
    return figures


def _span(record: Mapping[str, Any]) -> Span | None:
    """Return when the last attempt of a call held its slot; None if its record doesn't say."""
    began_at = record.get("begun_at") or record.get("started_at")
    return (began_at, record.get("ended_at")) if began_at else None
