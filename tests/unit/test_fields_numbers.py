"""Which numbers are dialled, and what a message shows of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.fields.numbers import e164
from scheduler.masking import mask, mask_text, shown


@pytest.mark.parametrize(
    "written",
    ["+12025550100", "+1 (202) 555-0100", "+1.202.555.0100", "+1\u00a0202\u2011555\u20110100"],
)
def test_a_number_is_read_as_people_write_it(written: str) -> None:
    assert e164(written, None) == "+12025550100"


@pytest.mark.parametrize("area", [202, 867])
def test_numbers_that_are_reserved_for_fiction_can_be_called(area: int) -> None:
    for ending in range(100):
        number = f"+1{area}55501{ending:02d}"
        assert e164(number, None) == number


def test_a_national_number_needs_a_default_region() -> None:
    assert e164("(202) 555-0100", "US") == "+12025550100"
    with pytest.raises(ValueError, match="or set default_region; got …0100"):
        e164("(202) 555-0100", None)


def test_the_international_prefix_is_the_one_of_the_default_region() -> None:
    assert e164("0012025550100", "DE") == "+12025550100"
    for region in (None, "US"):
        with pytest.raises(ValueError, match="; write \\+ instead of 00, got …0100"):
            e164("0012025550100", region)
    with pytest.raises(ValueError, match="or set default_region; got …0100"):
        e164("0002025550100", None)


@pytest.mark.parametrize("written", ["911", "112", "+1911", "+112", "110", "08001"])
def test_emergency_and_short_numbers_are_refused(written: str) -> None:
    for region in ("US", "DE", None):
        with pytest.raises(ValueError, match="expected"):
            e164(written, region)


def test_a_number_that_a_spreadsheet_has_shortened_is_refused_with_a_hint() -> None:
    with pytest.raises(ValueError, match="format the column as text"):
        e164("1.20256E+10", "US")


@pytest.mark.parametrize(
    "written",
    [
        "1-800-FLOWERS",
        "+12025550100 ext. 5",
        "+12025550100,1#",
        "+1202555010\u0660",
        "+1\n2025550100",
    ],
)
def test_what_would_ring_somebody_else_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected an international number"):
        e164(written, "US")


@given(st.text(max_size=60), st.sampled_from([None, "US", "DE"]))
def test_any_text_is_a_number_or_is_refused_in_words(written: str, region: str | None) -> None:
    try:
        number = e164(written, region)
    except ValueError as error:
        assert str(error).startswith("expected")
    else:
        assert number[0] == "+" and number[1:].isdecimal()


def test_a_mask_shows_four_digits_and_never_more_than_half() -> None:
    assert mask("+1 (202) 555-0100") == "…0100"
    assert mask("911") == "…1"
    assert mask("nobody") == "…"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call to +1 202-555-0100 failed", "call to …0100 failed"),
        ('{"to":"12025550100"}', '{"to":"…0100"}'),
        ("sip:2025550100@host", "sip:…0100@host"),
        ("12 of 300 in 4.5 s", "12 of 300 in 4.5 s"),
        ("http://192.168.100.200:8080/x", "http://192.168.100.200:8080/x"),
        ("wss://host/12025550100", "wss://host/…0100"),
    ],
)
def test_numbers_are_masked_in_free_text(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@given(st.text(), st.integers(10**6, 10**15), st.text())
def test_no_whole_number_survives_in_free_text(before: str, number: int, after: str) -> None:
    assert str(number) not in mask_text(f"{before} {number} {after}")


def test_what_is_quoted_in_a_message_is_short_and_printable() -> None:
    assert shown("a\x1b" + "b" * 500) == "'a\\x1b" + "b" * 57 + "…'"
