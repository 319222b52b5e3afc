"""In which state a contact is, and which rules hold for it where a campaign has `preset: us`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers.geodata import GEOCODE_DATA

from scheduler import records
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.duplicates import Duplicates
from scheduler.campaign.keys.presets import of_states
from scheduler.campaign.loader import load
from scheduler.hours.openings import hours_of, opening, verdicts, zones_of
from scheduler.hours.states import (
    AREA_CODES,
    STATES,
    columns,
    held_to,
    of_number,
    state,
    zones_in,
)
from scheduler.models import EVERY_STATE, Contact, Reason, Row
from scheduler.plan import rules as planned
from scheduler.plan.planning import survey

ALABAMA, CALIFORNIA, FLORIDA = "+12055550143", "+13235550143", "+13055550143"
NEW_YORK, TOLL_FREE, PERSONAL = "+12125550143", "+18005550143", "+15225550143"
TORONTO, LONDON, ROOM = "+14165550143", "+442079460143", "sip:room@example.com"


# The table of area codes --------------------------------------------------------------------------


def described() -> dict[str, set[str]]:
    """Return which state the library's descriptions tell of each area code."""
    named = re.compile(r"(?:^|, )([A-Z]{2})$")
    spelled = {"Washington State": "WA", "Washington D.C.": "DC"}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for prefix, texts in GEOCODE_DATA.items():
        text = texts.get("en", "")
        if prefix[0] != "1":
            continue
        match = named.search(text)
        told = match[1] if match else spelled.get(text, "")
        if not told and len(prefix) == 4:
            try:
                told = state(text)
            except ValueError:
                continue  # a province, or an island
        if told in STATES:
            found[prefix[1:4]].add(told)
    return found


def test_the_table_says_what_the_library_says() -> None:
    odd = {"201": {"NJ", "NY"}}  # one exchange of it, 201 631, is described as New York's

    said = {code: states for code, states in described().items() if states != odd.get(code)}

    assert len(said) > 300
    assert said == {code: {AREA_CODES[code]} for code in said}
    assert AREA_CODES["201"] == "NJ"


def test_no_area_code_of_the_states_is_missing() -> None:
    geographic = phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
    territories = {"AS", "GU", "MP", "PR", "VI"}
    missing = []
    for code in map(str, range(200, 1000)):
        for exchange in ("234", "320", "555", "633", "788"):
            number = phonenumbers.parse(f"+1{code}{exchange}2368")
            region = phonenumbers.region_code_for_number(number)
            is_geographic = phonenumbers.number_type(number) == geographic
            if (region in territories or (region == "US" and is_geographic)) and (
                AREA_CODES.get(code) is None or (region != "US" and AREA_CODES[code] != region)
            ):
                missing.append(code)

    assert missing == []


# What is read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[(name, "FL") for name in ("FL", "fl", "Florida", "FLORIDA", " florida ", "US-FL")],
        *[(name, "NY") for name in ("N.Y.", "New York", "new_york", "New-York")],
        *[(name, "DC") for name in ("DC", "D.C.", "Washington, D.C.", "District of Columbia")],
        *[(name, "WA") for name in ("WA", "Washington", "Washington State")],
        *[(name, "VI") for name in ("VI", "U.S. Virgin Islands", "Virgin Islands")],
        ("Puerto Rico", "PR"),
        ("west virginia", "WV"),
    ],
)
def test_a_state_is_read_by_its_letters_and_by_its_name(written: str, meant: str) -> None:
    assert state(written) == meant


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Kalifornia", "did you mean California?"),
        ("West Virgina", "did you mean West Virginia?"),
        *[(word, "expected a state") for word in ("Fla", "ON", "Active", "FL/GA", "12", "XX")],
    ],
)
def test_what_is_no_state_is_refused_with_what_to_do(written: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(hint)) as refused:
        state(written)

    assert "give it another name" in str(refused.value)


def test_a_province_is_one_only_where_it_may_stand() -> None:
    assert [state(name, or_province=True) for name in ("ON", "Ontario", "FL")] == ["", "", "FL"]
    with pytest.raises(ValueError, match="expected a state"):
        state("Bavaria", or_province=True)


def test_a_column_is_found_whatever_its_case() -> None:
    names = ("State", "US_STATE", "us state", "status", "home state", "province", "statement")

    assert columns(names) == ("State", "US_STATE", "us state")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        *[(ALABAMA, "AL"), (CALIFORNIA, "CA"), ("+12025550143", "DC"), ("+17875550143", "PR")],
        *[(number, EVERY_STATE) for number in (TOLL_FREE, PERSONAL, "+19995550143", "")],
        *[(number, "") for number in (TORONTO, "+18765550143", LONDON)],
    ],
)
def test_a_number_tells_its_state_or_that_it_tells_none(number: str, expected: str) -> None:
    assert of_number(number) == expected


@pytest.mark.parametrize(
    ("named", "number", "expected"),
    [
        ((), ALABAMA, ("AL",)),
        (("AL",), ALABAMA, ("AL",)),
        (("FL",), ALABAMA, ("AL", "FL")),
        (("FL", "GA"), ALABAMA, ("AL", "FL", "GA")),
        ((), TOLL_FREE, (EVERY_STATE,)),
        (("FL",), TOLL_FREE, ("FL",)),
        ((), "", (EVERY_STATE,)),
        (("FL",), "", ("FL",)),
        ((), TORONTO, ()),
        (("WA",), TORONTO, ("WA",)),
        ((), LONDON, ()),
    ],
)
def test_where_column_and_number_differ_both_hold(
    named: tuple[str, ...], number: str, expected: tuple[str, ...]
) -> None:
    assert held_to(named, number) == expected


# A campaign with `preset: us` ---------------------------------------------------------------------


def checked(folder: Path, *rows: str, preset: str = "us") -> CheckedCampaign:
    path = folder / "c.yaml"
    contacts = "".join(f"  - {{{row}}}\n" for row in rows)
    path.write_text(f"calling_hours: always\npreset: {preset}\ncontacts:\n{contacts}")
    return load(path, max_duration_ceiling_seconds=60)


def only(folder: Path, row: str, preset: str = "us") -> tuple[CheckedCampaign, Row]:
    with checked(folder, f"phone_number: {ALABAMA}, id: one", row, preset=preset) as campaign:
        _, second = campaign.rows()
        return campaign, second


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        (f"phone_number: {FLORIDA}", ["us-tcpa", "us-fl"]),
        (f"phone_number: {NEW_YORK}", ["us-tcpa"]),
        (f"phone_number: {NEW_YORK}, State: florida", ["us-tcpa", "us-fl"]),
        (f"phone_number: {FLORIDA}, us_state: TX", ["us-tcpa", "us-fl", "us-tx"]),
        (f"phone_number: {FLORIDA}, state: ''", ["us-tcpa", "us-fl"]),
        (f"phone_number: {TORONTO}, state: ON", ["us-tcpa"]),
        (f"phone_number: {LONDON}", ["us-tcpa"]),
        (f"sip_uri: '{ROOM}', STATE: FL", ["us-tcpa", "us-fl"]),
        *[
            (whom, ["us-tcpa", *(one.name for one in of_states() if one.hours)])
            for whom in (f"phone_number: {TOLL_FREE}", f"sip_uri: '{ROOM}'")
        ],
    ],
)
def test_the_rules_of_a_contact_are_those_of_its_states(
    tmp_path: Path, row: str, rules: list[str]
) -> None:
    campaign, found = only(tmp_path, row)

    assert found.reason is None
    assert [rule.name for rule in hours_of(campaign.policy, found.contact)] == rules


def test_a_state_that_is_none_refuses_its_row_alone(tmp_path: Path) -> None:
    _, found = only(tmp_path, f"phone_number: {NEW_YORK}, state: Active")

    assert found.reason is Reason.INVALID_ROW
    assert found.error.startswith("state: expected a state of the United States")


@pytest.mark.parametrize("preset", ["us", "us-tcpa"])
def test_the_column_stays_a_variable(tmp_path: Path, preset: str) -> None:
    _, found = only(tmp_path, f"phone_number: {NEW_YORK}, State: Florida", preset)

    assert found.contact.variables == {"State": "Florida"}


def test_without_the_preset_a_column_state_is_any_column(tmp_path: Path) -> None:
    campaign, found = only(tmp_path, f"phone_number: {NEW_YORK}, state: Active", "us-tcpa")

    assert found.reason is None
    assert found.contact.states == ()
    assert {rule.states for rule in campaign.policy.hours} == {()}
    assert campaign.policy.caps == ()


def test_a_preset_that_is_named_beside_it_holds_for_everybody(tmp_path: Path) -> None:
    campaign, found = only(tmp_path, f"phone_number: {NEW_YORK}", "[us, us-fl]")

    assert [rule.name for rule in hours_of(campaign.policy, found.contact)] == ["us-fl", "us-tcpa"]
    assert [rule.name for rule in campaign.policy.hours].count("us-fl") == 1
    assert [cap.states for cap in campaign.policy.caps if cap.name == "us-fl"] == [()]


@pytest.mark.parametrize(
    ("row", "now", "opens"),
    [
        # The 23rd of November 2026 is a Monday.
        (f"phone_number: {ALABAMA}", "2026-11-23T20:30-06:00", "2026-11-24T08:00-06:00"),
        (f"phone_number: {ALABAMA}", "2026-11-22T12:00-06:00", "2026-11-23T08:00-06:00"),
        (f"phone_number: {NEW_YORK}", "2026-11-23T20:30-05:00", "2026-11-23T20:30-05:00"),
        (
            f"phone_number: {NEW_YORK}, state: FL, timezone: America/New_York",
            "2026-11-23T20:30-05:00",
            "2026-11-24T08:00-05:00",
        ),
        # All states at once: Maine closes at 17:00 and at the weekend, Kentucky opens at 10:00.
        *[
            (f"{whom}, timezone: America/New_York", now, opens)
            for whom in (f"phone_number: {TOLL_FREE}", f"sip_uri: '{ROOM}'")
            for now, opens in [
                ("2026-11-23T09:00-05:00", "2026-11-23T10:00-05:00"),
                ("2026-11-23T16:59-05:00", "2026-11-23T16:59-05:00"),
                ("2026-11-20T17:00-05:00", "2026-11-23T10:00-05:00"),
            ]
        ],
        # Somebody who took the number along is at home where the state is, and clocks are behind.
        (
            f"phone_number: {NEW_YORK}, state: California",
            "2026-11-23T09:00-05:00",
            "2026-11-23T08:00-08:00",
        ),
        (
            f"phone_number: {NEW_YORK}, state: California",
            "2026-11-23T21:00-05:00",
            "2026-11-24T08:00-08:00",
        ),
        (f"sip_uri: '{ROOM}', state: TX", "2026-11-22T12:30-06:00", "2026-11-22T12:00-07:00"),
        (f"phone_number: {LONDON}", "2026-11-22T07:00+00:00", "2026-11-22T08:00+00:00"),
    ],
)
def test_when_a_contact_is_called(tmp_path: Path, row: str, now: str, opens: str) -> None:
    campaign, found = only(tmp_path, row)

    at = opening(campaign.policy, found.contact, datetime.fromisoformat(now).timestamp()).at

    assert at == datetime.fromisoformat(opens).timestamp()


def test_a_toll_free_number_without_a_zone_finds_no_hour_of_every_state(tmp_path: Path) -> None:
    campaign, found = only(tmp_path, f"phone_number: {TOLL_FREE}")

    assert opening(campaign.policy, found.contact, 0.0).reason is Reason.OUTSIDE_HOURS


def test_a_number_that_tells_its_state_has_the_zones_of_its_own_only() -> None:
    assert zones_in("FL") == ("America/Chicago", "America/New_York")
    contact = Contact("c", phone_number=FLORIDA, states=("FL",))

    assert zones_of(contact, records.decode_policy("{}")) == ("America/New_York",)


def test_explain_says_to_whose_rules_a_contact_is_held(tmp_path: Path) -> None:
    campaign, found = only(tmp_path, f"phone_number: {NEW_YORK}, state: FL")
    told = {one.rule: one.found for one in verdicts(campaign.policy, found.contact, 0.0)}
    _, unknown = only(tmp_path, f"phone_number: {TOLL_FREE}")
    untold = {one.rule: one.found for one in verdicts(campaign.policy, unknown.contact, 0.0)}

    assert told["us"] == "it is held to the rules of FL, NY"
    assert "us-fl" in told
    assert "us-ky" not in told
    assert untold["us"] == "its state can't be told: it is held to the rules of every state"
    assert {"us-fl", "us-ky"} <= untold.keys()


def test_a_plan_lists_the_rules_of_states_in_which_somebody_is(tmp_path: Path) -> None:
    with checked(tmp_path, f"phone_number: {ALABAMA}") as campaign:
        policy = campaign.policy
    some: Counter[tuple[str, ...]] = Counter({("FL", "NY"): 2, ("ME",): 1})
    told = [(one["rule"], one["says"]) for one in planned.rules(planned.in_force(policy, some))]

    assert ("us-tcpa", "8:00-21:00") in told
    assert ("us-fl", "8:00-20:00; for contacts in FL") in told
    assert ("us-me", "1 in 8h to one party; for contacts in ME") in told
    assert {rule for rule, _ in told if rule.startswith("us-")} == {"us-tcpa", "us-fl", "us-me"}
    assert planned.by_state(some) == [
        {"rule": "us", "says": "3 contacts are held to the rules of their states"}
    ]

    all_of_them = Counter({**some, (EVERY_STATE,): 4})
    assert planned.in_force(policy, all_of_them) == policy
    assert planned.by_state(all_of_them)[0]["says"].endswith(
        "; 4, whose state can't be told, to those of every state"
    )
    assert planned.by_state(Counter()) == []


def test_states_survive_the_ledger() -> None:
    contact = Contact("c", phone_number=FLORIDA, states=("FL", EVERY_STATE))

    assert records.decode(records.encode(contact, 2)) == (contact, 2)
    assert '"t"' not in records.encode(Contact("c", phone_number=FLORIDA), 2)


def test_contacts_of_one_zone_whose_states_differ_are_forecast_apart(tmp_path: Path) -> None:
    numbers = (NEW_YORK, "+12125550144", FLORIDA, "+12025550143")
    with checked(tmp_path, *(f"phone_number: {number}" for number in numbers)) as campaign:
        seen = survey(campaign, campaign.policy, Duplicates(campaign.chunks(), lambda _rows: None))

    assert seen.states == {("NY",): 2, ("FL",): 1, ("DC",): 1}
    # New York and the District have no rules of their own, and one zone.
    assert sorted(group.count for group in seen.groups) == [1, 3]
