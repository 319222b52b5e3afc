"""What `callsched schema presets` tells a person and a program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.campaign.keys.presets import NO_LEGAL_ADVICE, SILENT_CALL, of_states, presets
from tests.functional.campaign import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, "") as site:
        yield site


def test_every_preset_is_listed_with_what_it_sets(site: Site) -> None:
    told = site.call("schema", "presets")
    record = site.call("schema", "presets", "--json").record

    assert [name for name in presets() if f"\n{name} " not in told.out] == []
    assert NO_LEGAL_ADVICE in told.out
    assert SILENT_CALL in told.out
    assert [each["name"] for each in record["presets"]] == list(presets())
    assert (record["not_legal_advice"], record["silent_call"]) == (NO_LEGAL_ADVICE, SILENT_CALL)


def test_one_preset_is_told_with_its_text_its_sources_and_its_date(site: Site) -> None:
    florida = presets()["us-fl"]

    told = site.call("schema", "presets", "us-fl").out
    (record,) = site.call("schema", "presets", "us-fl", "--json").record["presets"]

    for word in (florida.text, *florida.sources, "2026-09, unverified", NO_LEGAL_ADVICE):
        assert word in told
    assert record == {
        "name": "us-fl",
        "title": florida.title,
        "text": florida.text,
        "sources": list(florida.sources),
        "as_of": "2026-09",
        "unverified": True,
        "also": ["us-tcpa"],
        "by_state": [],
        "calling_hours": "8:00-20:00",
        "holidays": [],
        "caps": [{"calls": 3, "per_seconds": 86400.0}],
        "do_not_call_max_age_days": None,
    }


def test_the_preset_that_chooses_by_state_says_how_and_among_which(site: Site) -> None:
    told = site.call("schema", "presets", "us").out
    (record,) = site.call("schema", "presets", "us", "--json").record["presets"]

    for words in (presets()["us"].text, "those of each contact's state", "us-al, us-ct, us-fl"):
        assert words in told
    assert record["by_state"] == [one.name for one in of_states()]
    assert (record["also"], record["calling_hours"], record["caps"]) == (["us-tcpa"], None, [])


def test_a_plan_says_whose_rules_hold_for_whom(site: Site) -> None:
    rows = ["phone_number,state", "+12125550143,Florida", "+13055550144,", "+12125550145,"]
    (site.home / "people.csv").write_text("\n".join([*rows, "+12125550146,Active", ""]))
    (site.home / "c.yaml").write_text("contacts: people.csv\npreset: us\n")

    told = site.call("plan", "c.yaml")
    record = site.call("plan", "c.yaml", "--json").record

    assert "8:00-20:00; for contacts in FL" in told.out
    assert "us-ky" not in told.out
    assert "3 contacts are held to the rules of their states" in told.out
    assert "state: expected a state of the United States" in told.err
    assert record["skipped"] == {"invalid_row": 1}
    assert sorted((one["states"], one["contacts"]) for one in record["states"]) == [
        (["FL"], 1),
        (["FL", "NY"], 1),
        (["NY"], 1),
    ]
    assert [one["name"] for one in record["presets"]] == ["us-fl", "us-tcpa"]


def test_a_name_that_is_none_is_bad_usage(site: Site) -> None:
    refused = site.call("schema", "presets", "us-f")

    assert refused.wait() == 2
    assert "did you mean us-fl?" in refused.err
    assert refused.out == ""
