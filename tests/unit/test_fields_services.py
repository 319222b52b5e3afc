"""Which numbers are never dialled, though somebody has them, and which are dialled otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.campaign.loader import load
from scheduler.fields.costly import why_costly
from scheduler.fields.numbers import e164, is_changed
from scheduler.fields.services import NotCalled
from scheduler.models import Reason
from tests.examples import examples


def reason(written: str, region: str | None = None) -> Reason:
    with pytest.raises(NotCalled, match="expected a") as caught:
        e164(written, region)
    assert written not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize(
    ("written", "region"),
    [("911", "US"), ("9-1-1", None), ("112", "US"), ("112", "DE"), ("+1 911", None), ("999", "GB")],
)
def test_nobody_has_us_call_an_emergency_number(written: str, region: str | None) -> None:
    assert reason(written, region) is Reason.EMERGENCY_NUMBER


@pytest.mark.parametrize(("written", "region"), [("411", "US"), ("511", "US"), ("118 118", "GB")])
def test_a_short_number_is_a_services(written: str, region: str | None) -> None:
    assert reason(written, region) is Reason.SHORT_NUMBER


@pytest.mark.parametrize(
    ("written", "region"),
    [("+1 900 555 0100", None), ("(900) 555-0100", "US"), ("+44 909 876 5432", None)],
)
def test_a_premium_number_costs_more_than_a_call(written: str, region: str | None) -> None:
    assert reason(written, region) is Reason.PREMIUM_NUMBER


@pytest.mark.parametrize("written", ["555-0100", "+1202555", "5550100"])
def test_a_number_that_lost_its_area_is_nobodys_short_number(written: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        e164(written, "US")

    assert not isinstance(caught.value, NotCalled)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("12025550100", "put a plus sign before it"),
        ("2025550100", "or set default_region"),
        ("+1 202 555 0100 ext. 5", "put an extension into the column dtmf"),
        ("+1 202 555 0100 x5", "put an extension into the column dtmf"),
    ],
)
def test_a_refused_number_is_told_what_to_do(written: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        e164(written, None)


NATIONAL = st.integers(2 * 10**9, 10**10 - 1).map(str)
PREFIXES = st.sampled_from(["", "1", "+1"])


def read_by_phonenumbers(written: str, region: str | None) -> str:
    """Return what phonenumbers makes of a number that can be called at the usual price, else ""."""
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return ""
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    kind = phonenumbers.number_type(parsed)
    is_usual = kind != phonenumbers.PhoneNumberType.UNKNOWN and not why_costly(number, kind)
    return number if is_usual and not re.fullmatch(r"\+1...[2-9]11....", number) else ""


@examples(300)
@given(
    national=NATIONAL,
    before=PREFIXES,
    region=st.sampled_from([None, "US", "CA"]),
    layout=st.sampled_from(
        ["{}{}{}{}", "{}-{}-{}-{}", "{} ({}) {}-{}", "{}.{}.{}.{}", "{} {} {} {}", "{}({}){}{}"]
    ),
)
def test_numbers_of_north_america_are_read_as_phonenumbers_reads_them(
    national: str, before: str, region: str | None, layout: str
) -> None:
    written = layout.format(before, national[:3], national[3:6], national[6:]).lstrip("-. ")
    expected = read_by_phonenumbers(written, region)

    if expected:
        assert e164(written, region) == expected
    else:
        with pytest.raises(ValueError, match="expected"):
            e164(written, region)


SEPARATORS = st.text(st.sampled_from(" ()./-\u00a0\u2010"), max_size=2)


@examples(300)
@given(
    national=NATIONAL,
    before=PREFIXES,
    region=st.sampled_from([None, "US", "CA"]),
    between=st.lists(SEPARATORS, min_size=3, max_size=3),
)
def test_whatever_stands_between_the_digits_no_other_number_is_read(
    national: str, before: str, region: str | None, between: list[str]
) -> None:
    parts = [before, national[:3], national[3:6], national[6:]]
    written = "".join(part + mark for part, mark in zip(parts, [*between, ""], strict=True))

    try:
        number = e164(written, region)
    except ValueError:
        return
    assert number == read_by_phonenumbers(written, region)


@pytest.mark.parametrize(
    ("written", "number", "changed"),
    [
        ("+12025550100", "+12025550100", False),
        ("+1 (202) 555-0100", "+12025550100", False),
        ("1 202 555 0100", "+12025550100", False),
        ("(202) 555-0100", "+12025550100", True),
        ("0012025550100", "+12025550100", True),
        ("+44 (0)20 7946 0958", "+442079460958", True),
    ],
)
def test_cleaning_that_adds_or_drops_digits_is_a_change(
    written: str, number: str, changed: bool
) -> None:
    assert is_changed(written, number) is changed


def test_the_campaign_counts_its_changes_and_shows_the_first_ones_masked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("phone\n(202) 555-0100\n+12025550101\n" + "2025550102\n" * 11)
    path = tmp_path / "a.yaml"
    path.write_text("contacts: a.csv\ndefault_region: US\n")

    with load(path, max_duration_ceiling_seconds=600) as checked:
        found = checked.cleanings

    assert found.count == 12
    assert len(found.kept) == 10
    first = found.kept[0]
    assert (first.line, first.written, first.number) == (2, "…0100", "+1…0100")
