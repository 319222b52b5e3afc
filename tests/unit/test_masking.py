"""Dates are shown as they were written, and no phone number is, however it is written."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from scheduler.cli import plan_lines
from scheduler.fields.contact_label import label_of
from scheduler.masking import mask, mask_text
from scheduler.plan.spoken import spoken
from scheduler.web.masks import concealed
from tests.every import every

DATES = (
    "2026-12-18",
    "2026/12/18",
    "2026.12.18",
    "12/18/2026",
    "18/12/2026",
    "18.12.2026",
    "1.2.2026",
    "18-12-2026",
)
TIMES = ("", " 17:00", " 5:00 PM", " 9:00am", " 05:00:30 p.m.", ", 17:00", " 17:00:00.123456")
INSTANTS = (
    "2026-12-18T17:00",
    "2026-12-18T17:00:00.000Z",
    "2026-12-18 17:00:00-05:00",
    "2026-12-18T17:00:00+0530",
    "2026-12-18T17:00 EST",
    "2026-12-18T17:00:00+05:30[Asia/Kolkata]",
    "20261218T170000Z",
    "20261218T1700",
    "20261218T17:00",
    "nightly-20261124T140000Z",
    "18.12.26 17:00",
    "12/18/26 5:00 PM",
    "2026-12-31..2027-01-02",
    "2026-12-31 - 2027-01-02",
)


@pytest.mark.parametrize("around", ["{}", "got '{}'", "({})", "at {}.", "{}, then"])
def test_a_date_is_shown_as_it_was_written(around: str) -> None:
    with every() as case:
        for written in (*(d + t for d in DATES for t in TIMES), *INSTANTS):
            text = around.format(written)
            with case(text):
                assert mask_text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("2026-12-18 0142", "…0142"),
        ("2026-12-18-50", "…1850"),
        ("12/18/2026/50", "…2650"),
        ("+12.12.2026", "…2026"),
        ("49 12.12.2026", "…2026"),
        ("12.12/2026", "…2026"),
        ("12 12 2026", "…2026"),
        ("13/13/2026", "…2026"),
        ("32.12.2026", "…2026"),
        ("12.12.3026", "…3026"),
        ("12.12.26", "12.12.26"),  # of six digits
        ("20261218", "…1218"),
        ("20121201 10:30", "…0110:30"),  # of Hong Kong, as it is written there
        ("46374.70833", "…0833"),
        ("2026-12-18 17:00 2125550142", "2026-12-18 17:00 …0142"),
        ("2026-12-18 17:00 +12125550142", "2026-12-18 17:00 …0142"),
        ("2026-12-18 17:00+12125550142", "2026-12-18 17:00…0142"),
    ],
)
def test_what_may_be_a_number_is_no_date(text: str, masked: str) -> None:
    assert mask_text(text) == masked


#: A valid number of each region, and what people put between digits.
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
EXAMPLES = [found for region in REGIONS if (found := phonenumbers.example_number(region))]
BETWEEN = st.sampled_from(["", " ", "-", ".", "/", " - ", "(", ") ", "\u00a0", "\u2011", "  "])


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Return the digits of a number with its country code, most of its own drawn at random."""
    example = phonenumbers.format_number(draw(st.sampled_from(EXAMPLES)), PhoneNumberFormat.E164)
    free = draw(st.integers(0, len(example) - 4))
    return example[1 : len(example) - free] + draw(
        st.text("0123456789", min_size=free, max_size=free)
    )


@given(st.data())
def test_no_number_looks_like_a_date(data: st.DataObject) -> None:
    digits = data.draw(numbers())
    # Eight digits without a plus may be a date; every longer number is none.
    plus = data.draw(st.sampled_from(["+", "00", ""] if len(digits) > 8 else ["+", "00"]))
    gaps = data.draw(st.lists(BETWEEN, min_size=len(digits), max_size=len(digits)))
    written = plus + "".join(digit + gap for digit, gap in zip(digits, gaps, strict=True))

    masked = mask_text(f"call to {written} failed")

    assert len(re.sub(r"\D", "", masked)) <= 4


@given(
    date=st.sampled_from(DATES),
    gap=BETWEEN,
    rest=st.text("0123456789", min_size=2, max_size=7),
    is_first=st.booleans(),
)
def test_digits_beside_a_date_make_a_number_of_it(
    date: str, gap: str, rest: str, is_first: bool
) -> None:
    masked = mask_text(date + gap + rest if is_first else rest + gap + date)

    assert len(re.sub(r"\D", "", masked)) <= 4


@pytest.mark.parametrize("form", [0, 1, 2, 3])
def test_a_number_in_the_form_of_its_country_is_masked(form: int) -> None:
    for example in EXAMPLES:
        written = phonenumbers.format_number(example, form)
        if len(re.sub(r"\D", "", written)) >= 7:
            assert len(re.sub(r"\D", "", mask_text(written))) <= 4, written


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("callsched masked-12345678:1:1", "callsched masked-12345678:1:1"),
        ("for +12025550143 masked-12345678:1:1", "for …0143 masked-12345678:1:1"),
    ],
)
def test_a_plan_shows_a_campaigns_own_id_whole(name: str, shown: str) -> None:
    order = {"row": 1, "contact_id": "", "phone_number": "+12025550143", "sip_uri": None}
    more = {"dtmf": "", "session_name": name, "max_duration_seconds": 60, "options": {}}
    none = {"caller_id": None, "ring_seconds": None, "record": False, "transcribe": False}

    found = list(plan_lines.orders([order | more | none | spoken(())]))

    assert f"  session_name: {shown}" in found


@pytest.mark.parametrize("number", ["+12025550143", "12345", "sip:ada@example.com"])
def test_what_is_masked_stays_as_it_is(number: str) -> None:
    assert mask(mask(number)) == mask(number)


def test_no_number_hides_behind_an_ellipsis() -> None:
    assert mask("…+12025550143") == "…0143"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "expected one such as +12025550123, got +12025550142",
            "… such as +12025550123, got …0142",
        ),
        ("such as +120255501234", "such as …1234"),
        ("campaign night-20261122+2 is paused", "campaign night-20261122+2 is paused"),
        ("schedule w20261122x: fired", "schedule w20261122x: fired"),
        ("account 12025550142", "account …0142"),
        ("call 2025550142:1:2 now", "call …0142:1:2 now"),
        ("call w20261122x:1:2 now", "call w20261122x:1:2 now"),
    ],
)
def test_what_is_ours_is_known_by_what_it_stands_in(text: str, masked: str) -> None:
    assert mask_text(text) == masked.replace("… such", "expected one such")


def test_a_contacts_id_is_shown_unless_it_gives_its_number_away() -> None:
    record = {"contact_id": "P20261122", "phone_number": "+12025550142", "dtmf": "1#"}

    assert label_of(record | {"sip_uri": ""}, 7) == "P20261122"
    assert concealed(record) == {"contact_id": "P20261122", "phone_number": "…0142", "dtmf": "…"}
    for given_away in ("+12025550142", "+12025550142,1#", "x-202.555.0142"):
        shown = concealed(record | {"contact_id": given_away})["contact_id"]
        assert "0142" in shown
        assert label_of(record | {"contact_id": given_away, "sip_uri": ""}, 7) == "#7 …0142"
        assert "555" not in shown
    # Of whom nobody says the number, the id may be it.
    assert concealed({"contact_id": "2025550142"}) == {"contact_id": "…0142"}
    # What a campaign's author names so is free text.
    theirs = {"contact_id": "2025550143", "phone_number": "+12025550142"}
    assert concealed({"variables": theirs})["variables"]["contact_id"] == "…0143"
