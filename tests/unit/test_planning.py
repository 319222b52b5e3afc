"""Whom a plan counts, what it groups, and what its hash stands for."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from scheduler import records
from scheduler.campaign.duplicates import Duplicates
from scheduler.campaign.loader import load
from scheduler.campaign.reading import AS_IT_IS, Reading
from scheduler.models import Attempt, Contact, OnMachine, Policy, Reason, Row
from scheduler.operations.launch import route_of
from scheduler.plan import record, taken
from scheduler.plan.forecast import Assumed, Forecast
from scheduler.plan.plan_hash import plan_hash
from scheduler.plan.planning import ContactCounts, survey
from scheduler.providers import StartOrder, accounts_of
from scheduler.script import Say
from scheduler.settings import Settings
from tests.toy_provider import TALKER

NEW_YORK, NEW_YORKS_OTHER, CHICAGO, TOLL_FREE = (
    *("+12125550123", "+12125550124", "+13125550123", "+18005550123"),
)
CEILING = 14_400.0


def surveyed(folder: Path, text: str, name: str = "c.yaml", **more: Any) -> ContactCounts:
    path = folder / name
    path.write_text(text)
    with load(path, max_duration_ceiling_seconds=CEILING) as checked:
        return survey(checked, checked.policy, Duplicates(checked.chunks()), **more)


def table(*lines: str) -> str:
    return "\n".join(["phone_number,id,timezone,max_duration,not_before,not_after", *lines, ""])


# Whom -----------------------------------------------------------------------------------------


def test_every_row_is_counted_once(tmp_path: Path) -> None:
    text = table(f"{NEW_YORK},a", f"{NEW_YORK},b", f"{CHICAGO},a", f"{TOLL_FREE},c", "+1202,d")

    seen = surveyed(tmp_path, text, "c.csv", allowed={NEW_YORK})

    assert seen.callable_count == 1
    assert seen.skipped == {Reason.DUPLICATE: 2, Reason.NOT_ALLOWED: 1, Reason.INVALID_NUMBER: 1}


def test_contacts_are_counted_by_the_zones_in_which_they_may_be(tmp_path: Path) -> None:
    text = table(NEW_YORK, NEW_YORKS_OTHER, f"{CHICAGO},,Asia/Tokyo", TOLL_FREE)

    seen = surveyed(tmp_path, text, "c.csv")

    toll_free = max(seen.zones, key=len)
    assert len(toll_free) > 30
    assert seen.zones == {
        ("America/New_York",): 2,
        ("Asia/Tokyo", "America/Chicago"): 1,
        toll_free: 1,
    }


def test_contacts_that_may_be_called_at_the_same_times_are_one_group(tmp_path: Path) -> None:
    same = ",,2h,2026-12-14T09:00:10Z,2026-12-14T10:00:50Z"
    text = table(NEW_YORK, f"{CHICAGO},,America/New_York", f"{NEW_YORKS_OTHER},{same}")

    first, second = surveyed(tmp_path, text, "c.csv").groups

    assert (first.count, first.first_row, first.last_row) == (2, 1, 2)
    assert (second.count, second.max_duration_seconds) == (1, 7200)


def test_bounds_are_narrowed_to_whole_minutes(tmp_path: Path) -> None:
    text = table(f"{NEW_YORK},,,,1970-01-02T00:00:10Z,1970-01-02T00:02:50Z".replace("1970", "2026"))

    (group,) = surveyed(tmp_path, text, "c.csv").groups

    assert group.contact.not_before is not None
    assert group.contact.not_after is not None
    assert group.contact.not_before % 60 == 0
    assert group.contact.not_after - group.contact.not_before == 60


def test_the_worst_case_counts_each_call_at_its_longest(tmp_path: Path) -> None:
    text = table(f"{NEW_YORK},,,2m", CHICAGO)

    assert surveyed(tmp_path, text, "c.csv").worst_case_seconds == 120 + 1800


def test_a_checksum_that_two_have_in_common_makes_no_duplicate() -> None:
    rows = [Row(Contact(id_, NEW_YORK, dtmf=id_[-1]), 2, True) for id_ in ("c-43880", "c-74125")]
    packed = b"".join(map(records.pack_row, [*rows, rows[0]]))
    keys = list(records.unpack_keys(packed))

    duplicates = Duplicates([(3, packed)])

    assert crc32(keys[0][0]) == crc32(keys[1][0])
    assert [first and first.row for _, first in duplicates.judged([(3, packed)])] == [None, None, 1]


def test_a_start_is_shown_as_it_is_ordered() -> None:
    contact = Contact("a", NEW_YORK, dtmf="1#", options={"languages": ["fr-CA"]})
    policy = Policy(options={"session_name": "hello", "languages": ["en-US"], "timezone": "UTC"})
    attempt = Attempt("c", 7, 1)
    order = asdict(StartOrder.of(attempt, policy, contact))
    del order["options"]["session_name"], order["script"], order["other_caller_ids"]
    del order["callbacks"], order["machine_script"]

    shown = record._order(contact, attempt, policy)

    assert {name: shown[name] or "" for name in order} == {
        name: value or "" for name, value in order.items()
    }


def test_it_says_for_how_many_machines_stay_unknown(
    campaign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traits = replace(TALKER.traits, keys_hide_machines=True)
    monkeypatch.setattr(record, "kind_of", lambda _: replace(TALKER, traits=traits))
    policy = Policy(machine_script=(Say("Call us."),))
    with load(campaign, max_duration_ceiling_seconds=CEILING) as checked:

        def warned(policy: Policy, pressed: int) -> list[str]:
            seen, stands_on = ContactCounts(pressed_count=pressed), Assumed(0.0, 1)
            planned = record.Planned(checked, "c", policy, seen, stands_on, Forecast())
            return list(planned.warnings())

        assert warned(policy, 0) == warned(Policy(), 3) == []
        assert warned(policy, 1)[0].startswith("1 contact has key presses: talker does not report")
        assert warned(Policy(on_machine=OnMachine.STOP), 1200)[0].startswith("1,200 contacts have")


# The hash -------------------------------------------------------------------------------------


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(f"phone_number\n{NEW_YORK}\n{CHICAGO}\n")
    (tmp_path / "never.txt").write_text(f"{TOLL_FREE}\n")
    path = tmp_path / "c.yaml"
    path.write_text("contacts: people.csv\ndo_not_call: never.txt\ncaps: {min_gap: 4h}\n")
    return path


def hashed(path: Path, *, policy: Policy | None = None, **settings: Any) -> str:
    chosen = Settings(**settings)
    route = partial(route_of, accounts_of(chosen), chosen)
    ceiling = chosen.max_duration_ceiling
    with load(path, route_of=route, max_duration_ceiling_seconds=ceiling) as checked:
        meant = policy or checked.policy
        return plan_hash(checked, meant, chosen, AS_IT_IS)


def test_the_same_campaign_has_the_same_hash_whatever_the_time(campaign: Path) -> None:
    with load(campaign, max_duration_ceiling_seconds=CEILING) as checked:
        said = plan_hash(checked, checked.policy, Settings(), Reading(encoding="UTF8"))

    assert said == hashed(campaign)
    assert len(said) == 16


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("people.csv", CHICAGO, NEW_YORKS_OTHER),
        ("never.txt", TOLL_FREE, "+18005550124"),
        ("c.yaml", "4h", "5h"),
    ],
)
def test_another_file_list_or_policy_has_another_hash(
    campaign: Path, name: str, old: str, new: str
) -> None:
    before = hashed(campaign)
    changed = campaign.parent / name

    changed.write_text(changed.read_text().replace(old, new))

    assert hashed(campaign) != before


@pytest.mark.parametrize(
    "other",
    [
        {"symbl_countries": ("US",)},
        {"allowed_numbers": (NEW_YORK,)},
        {"max_duration_ceiling": 7200.0},
        {"policy": Policy(max_duration_seconds=60.0)},
    ],
)
def test_what_changes_whom_or_when_changes_the_hash(campaign: Path, other: dict[str, Any]) -> None:
    assert hashed(campaign, **other) != hashed(campaign)


def test_a_ceiling_of_the_account_is_no_part_of_a_plan(campaign: Path) -> None:
    assert hashed(campaign, max_concurrency=50) == hashed(campaign)


def test_another_account_is_another_plan(campaign: Path) -> None:
    assert hashed(campaign, account="other") != hashed(campaign)


def test_so_many_rows_and_another_encoding_are_other_plans(campaign: Path) -> None:
    chosen = Settings()
    with load(campaign, max_duration_ceiling_seconds=CEILING) as checked:
        said = {
            plan_hash(checked, checked.policy, chosen, Reading(encoding, first=first))
            for first in (None, 2)
            for encoding in ("utf-8", "latin-1")
        }

    assert len(said) == 4


def test_a_plan_says_what_each_column_was_taken_for_and_how_to_map_the_others(
    tmp_path: Path,
) -> None:
    text = "Mobile Phone,Patient No,First Name,Town\n202-555-0100,P1,Ana,Rome\n"
    (tmp_path / "c.csv").write_text(text)
    with load(
        tmp_path / "c.csv", Reading(region="US"), max_duration_ceiling_seconds=CEILING
    ) as checked:
        found = taken.columns(checked.taken)

    assert [each["taken_for"] for each in found] == ["phone_number", *["variable"] * 3]
    assert list(taken.lines(found)) == [
        "columns: phone_number ← 'Mobile Phone'; variables: 'Patient No', 'First Name', 'Town'",
        "no column is the id or the name; a campaign file maps them: columns:"
        " {id: 'Patient No', name: 'First Name'}",
    ]
