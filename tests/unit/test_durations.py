"""How a length of time is written, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from scheduler.fields.durations import Duration, positive_seconds, seconds, written

FIELD: TypeAdapter[float] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", 90),
        ("1500ms", 1.5),
        ("5m", 300),
        ("2h", 7200),
        ("0.5s", 0.5),
        (" 1s ", 1),
        ("0s", 0),
    ],
)
def test_a_length_of_time_is_a_number_and_a_unit(text: str, length: float) -> None:
    assert seconds(text) == pytest.approx(length)


@pytest.mark.parametrize(
    "text", ["", "90", "s", "90 s", "-5s", "1.s", ".5s", "5w", "1h30m", "inf", 90, None, True]
)
def test_anything_else_is_refused_with_examples(text: object) -> None:
    with pytest.raises(ValueError, match="such as 90s, 1500ms, 5m or 2h"):
        seconds(text)


@pytest.mark.parametrize("text", ["0s", "0.0ms"])
def test_nothing_is_no_length_where_one_is_needed(text: str) -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        positive_seconds(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [(7200.0, "2h"), (5400.0, "90m"), (90.0, "90s"), (1.5, "1500ms"), (0.0, "0ms")],
)
def test_it_is_written_in_the_largest_unit_that_leaves_a_whole_number(
    length: float, text: str
) -> None:
    assert written(length) == text


@given(st.integers(0, 10**9))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    assert seconds(written(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


def test_a_field_reads_text_and_writes_text() -> None:
    length = FIELD.validate_python("90s")

    assert length == 90.0
    assert FIELD.dump_python(length) == "90s"


@pytest.mark.parametrize("value", ["0s", "soon", 90, None])
def test_a_field_refuses_what_is_no_length(value: object) -> None:
    with pytest.raises(ValidationError):
        FIELD.validate_python(value)
