"""Writes transcripts for people: as text, as Markdown, as subtitles.

A transcript is the list of a result's record: `{speaker, text, started_at, ended_at}`, of which all
but the text may be missing. Whatever comes from a call is foreign text: nothing in it acts on a
terminal, ends a line, or marks up a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from scheduler.fields.visible import one_line

#: The assumed length of a line when neither its end nor the next line's start is known.
LAST_SECONDS = 3.0
#: The longest assumed length when only the next line's start is known: it may be an hour later.
LONGEST_UNTIL_NEXT_SECONDS = 7.0
#: The longest possible line: an end that is later is an error in the data.
LONGEST_LINE_SECONDS = 300.0

#: SubRip has two digits for hours.
_MOST_MILLISECONDS = 100 * 3_600_000 - 1

_MARKUP = re.compile(r"([\\`*_\[\]<>&~|#])")
#: What would be between the times of a subtitle, and what players take for a tag of its style.
_ARROW = re.compile("-{2,}>")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_STYLE = re.compile(r"\{(?=\\|[A-Za-z]:)")
#: What would begin a list or underline a heading, at the beginning of a line.
_OPENING = re.compile(r"^(\d*)([-+=.)])")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of a transcript, in seconds from the start of its call."""

    start: float
    end: float  #: later than its start
    speaker: str  #: "" when nobody knows
    text: str

    @property
    def words(self) -> str:
        """The line as `speaker: text`."""
        return f"{self.speaker}: {self.text}" if self.speaker else self.text


def spoken(transcript: Iterable[Mapping[str, Any]], began_at: float | None) -> list[Spoken]:
    """Return the lines in the order in which they were said; those without words are left out.

    Without the start of the call, or when the API's clock is behind ours, the first line is it.
    """
    lines = [line for line in transcript if one_line(line.get("text") or "")]
    if not lines:
        return []
    timed = sorted(zip(_starts(lines, began_at), lines, strict=True), key=lambda one: one[0])
    earliest = timed[0][0]
    zero = earliest if began_at is None else min(began_at, earliest)
    following = [start for start, _ in timed[1:]] + [float("-inf")]
    return [
        Spoken(
            start - zero,
            _end(line, start, after) - zero,
            one_line(line.get("speaker") or ""),
            one_line(line["text"]),
        )
        for (start, line), after in zip(timed, following, strict=True)
    ]


def _starts(lines: list[Mapping[str, Any]], began_at: float | None) -> list[float]:
    """Return the start of each line; one without a start follows the line before."""
    known = (line["started_at"] for line in lines if line.get("started_at") is not None)
    latest = next(known, 0.0) if began_at is None else began_at
    starts = []
    for line in lines:
        written = line.get("started_at")
        start = latest if written is None else written
        starts.append(start)
        latest = _own_end(line, start) or start
    return starts


def _end(line: Mapping[str, Any], start: float, after: float) -> float:
    if (ended_at := _own_end(line, start)) is not None:
        return ended_at
    return min(after, start + LONGEST_UNTIL_NEXT_SECONDS) if after > start else start + LAST_SECONDS


def _own_end(line: Mapping[str, Any], start: float) -> float | None:
    """Return the end that a line gives; None if it gives none, or an impossible one."""
    ended_at = line.get("ended_at")
    if ended_at is None or not 0 < ended_at - start <= LONGEST_LINE_SECONDS:
        return None
    return float(ended_at)


# Text and subtitles -----------------------------------------------------------------------------


def text(lines: Iterable[Spoken]) -> str:
    """Return plain text, one line each: time, speaker, words."""
    return "".join(f"{_clock(line.start)}  {line.words}\n" for line in lines)


def srt(lines: Iterable[Spoken]) -> str:
    """Return subtitles in SubRip format (.srt)."""
    cues = []
    for number, line in enumerate(lines, start=1):
        start = min(_milliseconds(line.start), _MOST_MILLISECONDS - 1)
        end = min(max(_milliseconds(line.end), start + 1), _MOST_MILLISECONDS)
        times = f"{_timecode(start)} --> {_timecode(end)}"
        cues.append(f"{number}\n{times}\n{_subtitle(line.words)}\n")
    return "\n".join(cues)


def _subtitle(words: str) -> str:
    """Return words without anything that a player takes for a tag: SubRip can't quote one."""
    return _STYLE.sub("{ ", _TAG.sub("< ", _ARROW.sub("->", words)))


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _timecode(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"


def _clock(seconds: float) -> str:
    whole = max(0, int(seconds))
    short = f"{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 3600}:{short}" if whole >= 3600 else short


# Markdown ---------------------------------------------------------------------------------------

_LISTED = {
    "action_items": "Action items",
    "follow_ups": "Follow-ups",
    "questions": "Questions",
    "topics": "Topics",
}


def markdown(
    lines: Iterable[Spoken], contact: str, began_at: float | None, insights: Mapping[str, Any]
) -> str:
    """Return a page: the summary, the conversation, and what the API made of it."""
    parts = [f"# Call to {_shown(contact)}"]
    if began_at is not None:
        parts.append(f"{datetime.fromtimestamp(began_at, UTC):%Y-%m-%d %H:%M} UTC")
    if summary := _opening(insights.get("summary") or ""):
        parts += ["## Summary", summary]
    parts += ["## Transcript", *_turns(lines)]
    for name, title in _LISTED.items():
        if items := [_item(item) for item in insights.get(name) or []]:
            parts += [f"## {title}", "\n".join(items)]
    return "\n\n".join(parts) + "\n"


def _turns(lines: Iterable[Spoken]) -> list[str]:
    """Return a paragraph for each turn; lines whose speakers nobody knows stay apart."""
    turns = groupby(enumerate(lines), key=lambda one: one[1].speaker or one[0])
    return [_turn([line for _, line in turn]) for _, turn in turns]


def _turn(lines: list[Spoken]) -> str:
    first = lines[0]
    who = f"**{_shown(first.speaker)}** " if first.speaker else ""
    return f"{who}({_clock(first.start)}) {' '.join(_shown(line.text) for line in lines)}"


def _item(item: Mapping[str, Any]) -> str:
    assignee = _shown(item.get("assignee") or "")
    due = _shown(item.get("due_by") or "")[:10]
    more = ", ".join(filter(None, (assignee, f"due {due}" if due else "")))
    return f"- {_opening(item.get('text') or '')}" + (f" ({more})" if more else "")


def _shown(foreign: str) -> str:
    """Return foreign text with its Markdown quoted, for the middle of a line."""
    return _MARKUP.sub(r"\\\1", one_line(foreign))


def _opening(foreign: str) -> str:
    """Return foreign text with its Markdown quoted, for the beginning of a line."""
    return _OPENING.sub(r"\1\\\2", _shown(foreign))
