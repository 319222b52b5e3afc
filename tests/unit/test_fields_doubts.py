"""A cell that is no single number for certain is refused, never completed."""

from __future__ import annotations

import random
import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from scheduler.fields.costly import RANGES, why_costly
from scheduler.fields.numbers import e164, is_changed, possible
from scheduler.fields.services import NotCalled
from scheduler.models import Reason
from tests.examples import examples


def refusal(written: str, region: str | None) -> str:
    with pytest.raises(ValueError, match=r"^expected") as caught:
        e164(written, region)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("3023125014.0", "DE", "+493023125014"),
        ("03023125010.0", "DE", "+493023125010"),
        ("3023125014,0", "DE", "+493023125014"),
        ("3023125014.00", "DE", "+493023125014"),
        ("+4930 23125010.0", None, "+493023125010"),
        ("+43 1 5550143.0", None, "+4315550143"),
        ("+39 06 6982 0143.0", None, "+390669820143"),
        ("+61 2 5550 0143.0", None, "+61255500143"),
        ("2025550142.0", "US", "+12025550142"),
        ("12025550142.0", "US", "+12025550142"),
        ("212.555.0142", "US", "+12125550142"),
        ("+1.2125550142", None, "+12125550142"),
        ("030.23125014", "DE", "+493023125014"),
        ("01.23.45.67.89", "FR", "+33123456789"),
        ("(212) 555.0142", "US", "+12125550142"),
    ],
)
def test_a_zero_that_a_spreadsheet_left_is_no_digit(
    written: str, region: str | None, number: str
) -> None:
    assert e164(written, region) == number
    assert possible(written, region) == number


@pytest.mark.parametrize(
    "written",
    [
        *("3023125014.5", "3023125014,5", "3023125014.75", "3023125014.000", "212.5550142"),
        *("+1.212.555.0149.5", "030 23125 014.5", "030.23125.0", "2125550.142"),
    ],
)
def test_any_other_decimal_is_refused_with_that_word(written: str) -> None:
    for region in ("DE", "US"):
        assert "decimal" in refusal(written, region)
        with pytest.raises(ValueError, match="decimal"):
            possible(written, region)


@pytest.mark.parametrize(
    "written", ["2026-12-18", "18.12.2026", "12/18/2026", "2026-12-18 17:00", "18-12-2026"]
)
def test_a_date_is_no_number_where_numbers_are_as_short(written: str) -> None:
    for region in ("NO", "SG", "DE"):
        assert "date" in refusal(written, region)


@pytest.mark.parametrize("written", ["212555014.0", "1212555014.0", "21255501.0"])
def test_a_number_that_lost_a_digit_is_not_completed_by_the_zero_behind_it(written: str) -> None:
    assert "exists" in refusal(written, "US")


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("030 23125-14/15", "DE"),
        ("(030) 231 25-14/-15", "DE"),
        ("030 23125 14 - 17", "DE"),
        ("030 23125-14-17", "DE"),
        ("030/23125-14/15", "DE"),
        ("5550142/5550143", "DE"),
        ("12345/12346", "DE"),
        ("030 23125 030 23126", "DE"),
        ("030 23125014 030 23125015", "DE"),
        ("030 231 25 und 030 231 26", "DE"),
        ("+43 1 5550143/44", None),
        ("+39 06 6982 0143/0144", None),
        ("212-555-0142 / 212-555-0143", "US"),
        ("212-555-0144; 212-555-0145", "US"),
        ("212-555-0146, 212-555-0147", "US"),
        ("212-555-0146,212-555-0147", "US"),
        ("212-555-0148 ::: 212-555-0149", "US"),
        ("212-555-0148 | 212-555-0149", "US"),
        ("212-555-0140 or 0141", "US"),
        ("212-555-0140 & 0141", "US"),
        ("212-555-0140/41", "US"),
        ("212-555-0142\n212-555-0143", "US"),
        ("2125550142 2125550143", "US"),
        ("+12125550142 +12125550143", None),
        ("+12125550142\u2028+12125550143", None),
        ("+1\n2025550100", None),
    ],
)
def test_two_numbers_in_a_cell_are_told_as_several(written: str, region: str | None) -> None:
    said = refusal(written, region)

    assert "several numbers" in said and "a row of its own" in said and "columns:" in said
    with pytest.raises(ValueError, match="several numbers"):
        possible(written, region)


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("030/23125-014", "DE", "+493023125014"),
        ("+49 30/23125-014", None, "+493023125014"),
        ("0049 30/23125-014", "DE", "+493023125014"),
        ("(030)/23125014", "DE", "+493023125014"),
        ("0664/123 45 67", "AT", "+436641234567"),
        ("01/5550143", "AT", "+4315550143"),
        ("212/555-0142", "US", "+12125550142"),
        ("030 - 23125 - 14", "DE", "+49302312514"),
        ("+49 (0)30 23125014", None, "+493023125014"),
    ],
)
def test_a_slash_behind_the_area_is_punctuation(
    written: str, region: str | None, number: str
) -> None:
    assert e164(written, region) == number


@pytest.mark.parametrize(
    "written",
    [
        *("+1 (212) 555-0142 ext. 5", "+1 212 555 0143 x5", "212-555-0144;ext=12", "x 5"),
        *("+12125550145#5", "+12125550146,,5", "+12125550146,5", "+12125550147p5"),
        *("+12125550141*227", "+1 (212) 555-0142 Local 212", "+1 212 555 0143 poste 5"),
        *("+1 212 555 0142 (ext 5)", "tel:+1-212-555-0143;ext=5", "212 555 0142 extension 12"),
        *("(212) 555-0144 Apt 5", "+1 212 555 0142 Nebenstelle 12", "+1 212 555 0142 anexo 5"),
    ],
)
def test_an_extension_is_refused_with_the_word_about_dtmf(written: str) -> None:
    if written[0] == "x":
        written = f"+1 212 555 0142 {written}"
    assert "dtmf" in refusal(written, "US")


def test_a_list_has_no_column_for_an_extension() -> None:
    with pytest.raises(ValueError, match="leave an extension out") as caught:
        possible("+1 (212) 555-0142 ext. 5", None)
    assert "dtmf" not in str(caught.value)


@pytest.mark.parametrize(
    "written", ["1-800-FLOWERS", "+1 212 555 O142", "+1 212 555 01NN", "Tel. +1 212 555 0142"]
)
def test_letters_are_told_as_letters(written: str) -> None:
    assert "letters" in refusal(written, "US")


@pytest.mark.parametrize(
    "written",
    [
        *("\u202a+12125550142\u202c", "\u2066+12125550142\u2069", "+1\u200b2125550142"),
        *("\u200e+12125550142", "+1\ufe0f-212-555-0142", "\ufeff+12125550142", "+1212555\xad0142"),
        *("+1\u202f212\u202f555\u202f0142", "+1\u2009212\u2009555\u20090142", "\t+12125550142"),
        *("+1\u2212212\u2212555\u22120142", "+1\uff0d212\uff0d555\uff0d0142", "+1 212·555·0142"),
        *("＋1 212 555 0142", "＋１２１２５５５０１４２", "+١٢١٢٥٥٥٠١٤٢", "+१२१२५५५०१४२"),  # noqa: RUF001
        *("'+12125550142", "\u2019+12125550142", "`+12125550142", '="+12125550142"'),
        *('"+12125550142"', "tel:+12125550142", "callto:+12125550142", "TEL:+1-212-555-0142"),
        *("(+1) 212-555-0142", "+(1) 212-555-0142", "+ 1 212 555 0142", "<+12125550142>"),
        *("+12125550142;", "\u201c+12125550142\u201d"),
    ],
)
def test_what_says_nothing_about_the_number_is_cleaned_and_counted(written: str) -> None:
    assert e164(written, None) == "+12125550142"
    assert possible(written, None) == "+12125550142"
    is_usual = written in ("\t+12125550142", "+ 1 212 555 0142", "+(1) 212-555-0142")
    assert is_changed(written, "+12125550142") is not is_usual


@pytest.mark.parametrize(
    "written",
    [
        *("++12125550142", "+0012125550142", "+02125550142", "-+12125550142", "+1212555014²"),
        *("+1212555014\u0662", "1️⃣2125550142", "+12125550142-", "+12125550142/", "(212 5550142"),
    ],
)
def test_signs_that_no_number_has_refuse_it(written: str) -> None:
    refusal(written, "US")


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("011 15-2345-0142", "AR", "+5491123450142"),
        ("+54 11 15 2345 0142", None, "+5491123450142"),
        ("+54 9 11 2345 0142", None, "+5491123450142"),
        ("+52 55 1234 0142", None, "+525512340142"),
    ],
)
def test_mobile_prefixes_are_read_by_the_rules_of_today(
    written: str, region: str | None, number: str
) -> None:
    assert e164(written, region) == number


@pytest.mark.parametrize("written", ["+52 1 55 1234 0142", "+52 044 55 1234 0142"])
def test_a_prefix_that_a_country_gave_up_is_refused_with_a_hint(written: str) -> None:
    assert "after +52 come ten digits" in refusal(written, None)


@pytest.mark.parametrize(
    "written",
    [
        *("+1 212 976 0142", "+1 212 555 1212", "+1 500 555 0142", "+1 533 555 0142"),
        *("+1 600 555 0142", "+1 900 555 0142", "+44 70 1234 0142", "+44 7640 123456"),
        *("+44 843 557 0142", "+44 871 872 0142", "+808 1234 0142", "+979 1 1234 0142"),
        *("+870 7712 30142", "+881 6 1234 5678", "+882 16 5550 0142", "+883 510 012 345 014"),
        *("+49 180 1234567", "+33 820 123456", "+61 1300 123 456", "+81 570 123 456"),
    ],
)
def test_who_calls_it_pays_more_than_for_a_call(written: str) -> None:
    with pytest.raises(NotCalled, match="at the usual price") as caught:
        e164(written, None)

    assert caught.value.reason is Reason.PREMIUM_NUMBER


@pytest.mark.parametrize("code", ["211", "311", "411", "511", "611", "711", "811", "911"])
def test_the_exchange_of_a_service_has_no_subscribers(code: str) -> None:
    assert "exists" in refusal(f"+1 212 {code} 0142", None)


def test_every_costly_range_has_a_source() -> None:
    assert all(source.startswith("https://") for _, _, source in RANGES)


COUNTRIES = [
    *("US", "CA", "GB", "DE", "AT", "CH", "FR", "IT", "ES", "PT", "NL", "BE", "LU", "IE", "DK"),
    *("SE", "NO", "FI", "IS", "PL", "CZ", "SK", "HU", "RO", "BG", "GR", "HR", "SI", "RS", "UA"),
    *("LT", "LV", "EE", "TR", "IL", "AE", "SA", "EG", "ZA", "NG", "KE", "GH", "MA", "IN", "PK"),
    *("BD", "LK", "TH", "VN", "ID", "MY", "SG", "PH", "JP", "KR", "TW", "HK", "AU", "NZ", "BR"),
    *("AR", "MX", "CL", "CO", "PE"),
]
USUAL = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def some_number(dice: random.Random, region: str) -> phonenumbers.PhoneNumber:
    """Return a valid number of a subscriber of a region, with its last digits thrown."""
    while True:
        kind = dice.choice(USUAL[:2])
        example = phonenumbers.example_number_for_type(region, kind)
        assert example is not None
        digits = phonenumbers.national_significant_number(example)
        thrown = f"{digits[:-4]}{dice.randrange(10_000):04}"
        number = phonenumbers.parse(f"+{example.country_code}{thrown}")
        plain = plain_of(number)
        kind = phonenumbers.number_type(number)
        if kind in USUAL and not why_costly(plain, kind) and not re.match(r"\+1...[2-9]11", plain):
            return number


def plain_of(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


#: Each says nothing about whose number it is.
HARMLESS = (
    lambda text, dice: text,
    lambda text, dice: text.replace(" ", dice.choice(["\u00a0", "\u2009", "\u202f", "  "])),
    lambda text, dice: text.replace("-", dice.choice(["\u2011", "\u2013", "\u2212", "\uff0d"])),
    lambda text, dice: "".join(
        each + dice.choice(["", "", "", "\u200b", "\u200e", "\ufeff"]) for each in text
    ),
    lambda text, dice: f"'{text}",
    lambda text, dice: f'="{text}"',
    lambda text, dice: f"tel:{text}",
    lambda text, dice: f"\u202a{text}\u202c ",
    lambda text, dice: text.translate({ord(d): 0xFF10 + int(d) for d in "0123456789"}),
    lambda text, dice: text.translate({ord(d): 0x0660 + int(d) for d in "0123456789"}),
)
#: Each may make another number of it, or more than one.
DOUBTFUL = (
    lambda text, other, dice: f"{text}.0",
    lambda text, other, dice: f"{text},0",
    lambda text, other, dice: f"{text}.{dice.randrange(1, 100)}",
    lambda text, other, dice: f"{text}/{dice.randrange(1, 100)}",
    lambda text, other, dice: f"{text} ext. {dice.randrange(1, 1000)}",
    lambda text, other, dice: f"{text} x{dice.randrange(1, 1000)}",
    lambda text, other, dice: f"{text}*{dice.randrange(1, 1000)}",
    lambda text, other, dice: f"{text},,{dice.randrange(1, 1000)}#",
    lambda text, other, dice: f"{text} local {dice.randrange(1, 1000)}",
    lambda text, other, dice: f"{text}{dice.choice('abco')}",
    lambda text, other, dice: f"{text} / {other}",
    lambda text, other, dice: f"{text}; {other}",
    lambda text, other, dice: f"{text},{other}",
    lambda text, other, dice: f"{text} | {other}",
    lambda text, other, dice: f"{text} ::: {other}",
    lambda text, other, dice: f"{text} or {other}",
    lambda text, other, dice: f"{text}\n{other}",
    lambda text, other, dice: f"{text} {other}",
)
FORMATS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)


@examples(600)
@given(seed=st.integers(0, 2**32), region=st.sampled_from(COUNTRIES))
def test_what_is_dialled_is_the_number_that_was_meant_or_nothing(seed: int, region: str) -> None:
    dice = random.Random(seed)
    number, another = some_number(dice, region), some_number(dice, region)
    form = dice.choice(FORMATS)
    text = phonenumbers.format_number(number, form)
    other = phonenumbers.format_number(another, form)
    is_doubtful = dice.random() < 0.6
    if is_doubtful:
        text = dice.choice(DOUBTFUL)(text, other, dice)
    written = dice.choice(HARMLESS)(text, dice)

    try:
        read = e164(written, region)
    except ValueError:
        assert is_doubtful, written
        return
    assert read == plain_of(number), written
    assert possible(written, region) == read


def test_there_are_sixty_countries_and_more() -> None:
    assert len(set(COUNTRIES)) >= 60
