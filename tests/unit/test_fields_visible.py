from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.fields.visible import indented, visible, visible_lines

#: What Unicode's bidirectional algorithm takes for a mark, an override or an isolate.
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
MARKS = "\u061c\u200e\u200f"


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b]0;title\x07\x1b[31mred", r"\x1b]0;title\x07\x1b[31mred"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("a\x85b\u2028c\u2029d\x0be\x0cf", r"a\x85b\u2028c\u2029d\x0be\x0cf"),
        ("\x7f\x80\x9b31m\x00", r"\x7f\x80\x9b31m\x00"),
        ("\u202egnp.exe\u202c \u2066x\u2069", r"\u202egnp.exe\u202c \u2066x\u2069"),
        ("\u200e\u200f\u061c", r"\u200e\u200f\u061c"),
        ("\ud800half", r"\ud800half"),
        ("[/red] [bold] :smile: \\x1b", "[/red] [bold] :smile: \\x1b"),
        ("Grüße, 你好, 👩\u200d👩\u200d👧, سلام", "Grüße, 你好, 👩\u200d👩\u200d👧, سلام"),
    ],
)
def test_what_would_act_is_written_as_an_escape(foreign: str, shown: str) -> None:
    assert visible(foreign) == shown


def test_nothing_of_unicode_that_acts_is_left() -> None:
    every = visible("".join(map(chr, range(0x110000))))

    assert not [one for one in every if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [one for one in every if unicodedata.bidirectional(one) in TURNING or one in MARKS]


@given(st.text())
def test_what_is_visible_stays_as_it_is(foreign: str) -> None:
    once = visible(foreign)

    assert visible(once) == once
    assert len(once.splitlines()) <= 1


def test_only_our_own_lines_are_lines() -> None:
    assert visible("one\ntwo\r\n", keep="\n") == "one\ntwo\\r\n"
    assert visible_lines(["said:", "a\nb", 3]) == "said:\na\\nb\n3"
    assert (
        indented("Traceback\n\n[2026] FAKE\x1b\x85x\n") == "  Traceback\n\n  [2026] FAKE\\x1b\\x85x"
    )
