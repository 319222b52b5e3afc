"""Whose numbers are called: those of the countries that are allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.errors import ConfigError
from scheduler.fields.numbers import e164
from scheduler.fields.services import NotCalled
from scheduler.models import Reason
from scheduler.operations.launch import route_of
from scheduler.providers import accounts_of
from scheduler.settings import Settings
from tests.routes import through

HERE = frozenset({"US", "CA"})


def called(settings: Settings) -> frozenset[str] | None:
    return route_of(accounts_of(settings), settings, None).countries


def allowed(*names: str) -> frozenset[str] | None:
    return called(Settings(symbl_countries=names))


@pytest.mark.parametrize("area", [202, 212, 303, 416, 604, 867])
def test_numbers_for_fiction_of_both_countries_are_called(area: int) -> None:
    for ending in range(100):
        number = f"+1{area}55501{ending:02d}"
        assert e164(number, None, HERE) == number


@pytest.mark.parametrize(
    ("number", "where"),
    [
        ("+442079460123", "in GB"),
        ("+12423456789", "in BS"),
        ("+17872345678", "in PR"),
        ("+80012340142", "of no country"),
    ],
)
def test_a_number_of_another_country_is_told_from_one_that_does_not_exist(
    number: str, where: str
) -> None:
    with pytest.raises(NotCalled, match=f"in CA or US, got …{number[-4:]} {where}$"):
        e164(number, None, HERE)

    assert e164(number, None, None) == number


def test_a_row_of_another_country_is_skipped_with_the_setting_that_would_call_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text("phone_number\n+442079460123\n+12025550100\n")

    with load(
        path,
        route_of=through(countries=HERE),
        max_duration_ceiling_seconds=600,
    ) as campaign:
        row = next(campaign.rows())

    assert row.reason is Reason.UNSUPPORTED_COUNTRY
    assert row.error == (
        "phone_number: expected a number in CA or US, got …0123 in GB: "
        "set CALLSCHED_SYMBL_COUNTRIES to call it"
    )
    assert campaign.problem_counts == {"unsupported_country": 1}
    with load(path, max_duration_ceiling_seconds=600) as campaign:
        assert campaign.callable_count == 2


def test_the_setting_names_countries_in_any_case() -> None:
    assert allowed("us", "GB") == frozenset({"US", "GB"})
    assert allowed("any") is None
    assert called(Settings()) == HERE


@pytest.mark.parametrize("names", [("UK",), ("US", "any"), ("USA",), ()])
def test_a_country_that_there_is_not_names_the_setting(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="CALLSCHED_SYMBL_COUNTRIES: expected ISO countries"):
        allowed(*names)
