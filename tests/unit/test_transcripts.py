"""What was said, written for people: nothing in it acts, and players can read it."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.fields.visible import one_line
from scheduler.report.transcripts import markdown, spoken, srt, text

BEGAN_AT = 1_795_379_852.2

_CUE = re.compile(r"(\d+)\n(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})\n(.+)\n")
_TURNING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def said(words: str, at: float | None = 0.0, until: float | None = None, who: str = "") -> Any:
    """Return a line of a record, its instants counted from the start of the call."""
    line: dict[str, Any] = {"speaker": who, "text": words}
    line["started_at"] = None if at is None else BEGAN_AT + at
    return line | ({} if until is None else {"ended_at": BEGAN_AT + until})


def cues(subtitles: str) -> list[tuple[int, int, int, str]]:
    """Read subtitles as a player does: number, start and end in milliseconds, words."""
    found = []
    for block in subtitles.split("\n\n") if subtitles else []:
        match = _CUE.fullmatch(block if block.endswith("\n") else block + "\n")
        assert match, block
        number, *times, words = match.groups()
        hours, minutes, seconds, rest = ([int(part) for part in times[at::4]] for at in range(4))
        start, end = (
            ((hours[at] * 60 + minutes[at]) * 60 + seconds[at]) * 1000 + rest[at] for at in (0, 1)
        )
        found.append((int(number), start, end, words))
    return found


def test_a_line_of_text_says_when_who_and_what() -> None:
    lines = spoken([said("Good morning.", 4.1, who="Ana"), said("Hello.", 3725)], BEGAN_AT)

    assert text(lines) == "00:04  Ana: Good morning.\n1:02:05  Hello.\n"


def test_subtitles_are_numbered_and_count_from_the_start_of_the_call() -> None:
    lines = spoken([said("Hello.", 1.5, 2.25), said("Yes?", 3.0, 3.5, "Ana")], BEGAN_AT)

    assert srt(lines) == (
        "1\n00:00:01,500 --> 00:00:02,250\nHello.\n\n2\n00:00:03,000 --> 00:00:03,500\nAna: Yes?\n"
    )


@pytest.mark.parametrize(
    ("until", "then", "end"),
    [
        (2.0, 4.0, 2.0),
        (None, 4.0, 4.0),
        (0.5, 4.0, 4.0),  # before its own start
        (1.0, 4.0, 4.0),  # at its own start
        (None, 3600.0, 8.0),  # an hour before the next
        (91.0, 3600.0, 91.0),
        (360_000.0, 4.0, 4.0),  # after a hundred hours
        (360_000.0, None, 4.0),
        (None, 1.0, 4.0),  # at once with the next
        (None, None, 4.0),  # the last
    ],
)
def test_a_line_ends_when_it_says_so_or_when_the_next_one_starts(
    until: float | None, then: float | None, end: float
) -> None:
    transcript = [said("Hello.", 1.0, until)] + ([] if then is None else [said("Yes?", then)])

    assert spoken(transcript, BEGAN_AT)[0].end == pytest.approx(end)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("<b>tag</b> {\\an8}", "< b>tag< /b> { \\an8}"),
        ("one\r\ntwo ---> three", "one two -> three"),
        ("3 < 4 {and} 5 > 4", "3 < 4 {and} 5 > 4"),
    ],
)
def test_words_are_no_tags_of_a_subtitle(words: str, shown: str) -> None:
    assert cues(srt(spoken([said(words)], BEGAN_AT))) == [(1, 0, 3000, shown)]


def test_an_end_that_cant_be_true_moves_no_other_line() -> None:
    lines = spoken([said("a", 1.0, 360_000.0), said("b", None), said("c", 9.0)], BEGAN_AT)

    assert [(line.text, round(line.start)) for line in lines] == [("a", 1), ("b", 1), ("c", 9)]


def test_lines_stand_in_the_order_in_which_they_were_said() -> None:
    lines = spoken([said("b", 2.0), said("a", 1.0), said("c", 3.0)], BEGAN_AT)

    assert [line.text for line in lines] == ["a", "b", "c"]


def test_a_line_without_its_instant_comes_after_the_one_before() -> None:
    lines = spoken([said("a", 1.0, 2.0), said("b", None), said("c", 9.0)], BEGAN_AT)

    assert [(line.text, round(line.start)) for line in lines] == [("a", 1), ("b", 2), ("c", 9)]


@pytest.mark.parametrize("began_at", [None, BEGAN_AT + 100])
def test_no_time_is_before_the_start(began_at: float | None) -> None:
    lines = spoken([said("a", 3.0), said("b", 5.0)], began_at)

    assert [round(line.start) for line in lines] == [0, 2]


def test_what_has_no_words_is_left_out() -> None:
    nothing: Any = {"speaker": "Ana", "text": None}
    assert spoken([said(" \x1b\n"), nothing, said("")], BEGAN_AT) == []
    assert (srt([]), text([])) == ("", "")


def test_a_page_has_turns_and_what_was_made_of_the_call() -> None:
    transcript = [
        said("Good morning.", 1.0, who="Ana"),
        said("How are you?", 2.0, who="Ana"),
        said("Fine.", 3.0),
        said("Thanks.", 4.0),
    ]
    insights = {
        "summary": "Ana asked *Ben*.",
        "action_items": [
            {"text": "1. Ring <b>back</b>", "assignee": "Ana", "due_by": "2026-11-23T07:00:00Z"}
        ],
        "topics": [{"text": "health", "score": 0.9}],
        "questions": [],
    }

    page = markdown(spoken(transcript, BEGAN_AT), "c-001", BEGAN_AT, insights)

    assert page == (
        "# Call to c-001\n\n"
        "2026-11-22 20:37 UTC\n\n"
        "## Summary\n\nAna asked \\*Ben\\*.\n\n"
        "## Transcript\n\n"
        "**Ana** (00:01) Good morning. How are you?\n\n"
        "(00:03) Fine.\n\n"
        "(00:04) Thanks.\n\n"
        "## Action items\n\n"
        "- 1\\. Ring \\<b\\>back\\</b\\> (Ana, due 2026-11-23)\n\n"
        "## Topics\n\n- health\n"
    )


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\r\nb\u2028c\x85d", "a b c d"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800half", "half"),
        ("Grüße, 你好, 👩\u200d👩\u200d👧", "Grüße, 你好, 👩\u200d👩\u200d👧"),
    ],
)
def test_nothing_in_foreign_text_acts_on_a_terminal(foreign: str, shown: str) -> None:
    assert one_line(foreign) == shown


INSTANTS = st.none() | st.floats(-1e9, 1e12)
ODD = ["1", "-->", "--->", "00:00:01,000 --> 00:00:02,000", "\x1b]0;x\x07"]
ODD += ["<b>tag</b>", "<<i>", "{\\an8}", "{{\\an8}", "{y:i}", "</font>"]
WORDS = st.text() | st.sampled_from(ODD)
TAG = re.compile(r"-->|<[A-Za-z/]|\{\\|\{[A-Za-z]:")


def letters(words: str) -> str:
    """Return what of words may not be lost."""
    return re.sub(r"[\s>-]", "", words)


TRANSCRIPTS = st.lists(
    st.fixed_dictionaries(
        {"text": WORDS},
        optional={"speaker": WORDS, "started_at": INSTANTS, "ended_at": INSTANTS},
    ),
    max_size=8,
)


@given(TRANSCRIPTS, INSTANTS)
def test_subtitles_can_always_be_read(transcript: list[Any], began_at: float | None) -> None:
    lines = spoken(transcript, began_at)

    read = cues(srt(lines))

    assert [number for number, *_ in read] == list(range(1, len(lines) + 1))
    assert [letters(words) for *_, words in read] == [letters(line.words) for line in lines]
    assert not any(TAG.search(words) for *_, words in read)
    assert all(start < end <= start + 300_001 for _, start, end, _ in read)
    assert [start for _, start, _, _ in read] == sorted(start for _, start, _, _ in read)


@given(TRANSCRIPTS, INSTANTS)
def test_nothing_that_is_written_acts(transcript: list[Any], began_at: float | None) -> None:
    lines = spoken(transcript, began_at)

    # A page shows the day of the call, and no day is beyond the year 9999.
    page = markdown(lines, "\x1b[2J", BEGAN_AT, {"summary": "\x9b2J", "topics": transcript})

    for written in (text(lines), srt(lines), page):
        acting = {one for one in written if category(one) in {"Cc", "Cs", "Zl", "Zp"}}
        assert acting <= {"\n"}
        assert not _TURNING & set(written)
