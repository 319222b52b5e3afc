"""Insights across the calls of a campaign: its topics, action items and questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduler.heard import OnTheLine
from scheduler.report.foreign_text import quoted

#: Different topics that are counted; of more, only the first ones.
MOST_TOPICS = 50_000
#: Items of each kind that are listed.
MOST_LISTED = 200
MOST_TOPICS_SHOWN = 30

_LONGEST_TOPIC = 120
_LONGEST_ITEM = 600

#: What is listed, under its name in a record, in the order of the page.
LISTS = {"action_items": "Action items", "follow_ups": "Follow-ups", "questions": "Questions"}


@dataclass(frozen=True, slots=True)
class Item:
    """Something that somebody has to do, or a question that somebody asked."""

    text: str
    contact: str
    row: int
    said_at: float | None  #: when its call began
    assignee: str
    due_by: str


@dataclass(slots=True)
class Topics:
    """In how many calls each topic came up, however it was capitalised."""

    _calls: Counter[str] = field(default_factory=Counter)
    _spelt: dict[str, str] = field(default_factory=dict)
    left_out: bool = False  #: there were too many different ones to count

    def add(self, topics: Iterable[str]) -> None:
        """Count the topics of one call."""
        for spelt in {text.casefold(): text for text in topics if text}.values():
            topic = spelt.casefold()
            if topic not in self._spelt and len(self._spelt) >= MOST_TOPICS:
                self.left_out = True
                continue
            self._spelt.setdefault(topic, spelt)
            self._calls[topic] += 1

    def __len__(self) -> int:
        return len(self._spelt)

    def most_frequent(self, most: int = MOST_TOPICS_SHOWN) -> list[tuple[str, int]]:
        """Return the most frequent topics with their numbers of calls; ties in first-met order."""
        return [(self._spelt[topic], calls) for topic, calls in self._calls.most_common(most)]


@dataclass(slots=True)
class InsightTotals:
    """The insights of all calls, counted; and the first ones of each kind, listed."""

    lists_items: bool = False  #: keep topics and items; else count only the calls
    numbers: bool = False  #: whether whole phone numbers may be shown
    transcripts: int = 0  #: calls with a transcript that has words
    silent: int = 0  #: calls with a transcript in which nobody says a word
    not_recorded: int = 0  #: calls of which nothing was recorded
    unread: int = 0  #: calls of which something could not be read
    erased: int = 0
    topics: Topics = field(default_factory=Topics)
    listed: dict[str, list[Item]] = field(default_factory=lambda: {name: [] for name in LISTS})
    counts: Counter[str] = field(default_factory=Counter)  #: items by kind (LISTS), listed or not

    @property
    def is_any(self) -> bool:
        """Whether there was anything to read in any call."""
        return any(
            (self.transcripts, self.silent, self.not_recorded, self.unread, self.erased)
        ) or any(self.counts.values())

    def add(self, record: Mapping[str, Any], row: int, contact: str) -> None:
        """Count the transcript and insights of one call."""
        if "transcript" in record:
            self.transcripts += bool(record["transcript"])
            is_recorded = record.get("heard") != OnTheLine.NOT_RECORDED
            self.silent += not record["transcript"] and is_recorded
            self.not_recorded += not record["transcript"] and not is_recorded
        self.unread += bool(record.get("insights_error"))
        self.erased += bool(record.get("insights_erased"))
        if not self.lists_items:
            return
        insights = record.get("insights") or {}
        topics = insights.get("topics") or ()
        self.topics.add(self._text(each.get("text"), _LONGEST_TOPIC) for each in topics)
        for name in LISTS:
            self._list(name, insights.get(name) or (), record, row, contact)

    def _list(
        self,
        name: str,
        items: Iterable[Mapping[str, Any]],
        record: Mapping[str, Any],
        row: int,
        contact: str,
    ) -> None:
        for each in items:
            self.counts[name] += 1
            if len(self.listed[name]) < MOST_LISTED:
                self.listed[name].append(
                    Item(
                        self._text(each.get("text"), _LONGEST_ITEM),
                        contact,
                        row,
                        record["started_at"],
                        self._text(each.get("assignee"), _LONGEST_TOPIC),
                        self._text(each.get("due_by"), _LONGEST_TOPIC)[:10],
                    )
                )

    def _text(self, foreign: object, most: int) -> str:
        return quoted(foreign, most, numbers=self.numbers)
