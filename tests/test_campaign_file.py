"""Every example of the pages about the campaign file is read as a campaign file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.providers import PROVIDERS
from scheduler.script import DoNotCall, Gather
from tests.routes import PUBLIC, through
from tests.toy_provider import TALKER

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "reference" / "campaign-file.md").read_text("utf-8")
SCRIPTS = (DOCS / "reference" / "scripts.md").read_text("utf-8")
README = (DOCS.parent / "README.md").read_text("utf-8")
SCHEDULES = (DOCS / "how-to" / "schedules.md").read_text("utf-8")
#: For an example that has no contacts of its own: the columns that examples name.
CONTACTS = (
    "phone_number,id,name,email,pin,province,city,account manager,appointment\n"
    "+12025550100,c-1,Ana,ana@example.org,4711,QC,Washington,Ben,Monday\n"
)


def examples(language: str, page: str = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "example",
    [
        *examples("yaml"),
        *examples("yaml", SCHEDULES),
        *examples("yaml", SCRIPTS),
        *examples("yaml", README),
    ],
)
def test_an_example_is_a_campaign_file(tmp_path: Path, example: str) -> None:
    path = tmp_path / "example.yaml"
    has_contacts = re.search(r"^contacts:", example, re.MULTILINE)
    path.write_text(example if has_contacts else f"{example}contacts: spoken-of.csv\n")
    (tmp_path / "spoken-of.csv").write_text(CONTACTS)
    has_script = "script:" in example
    (tmp_path / "contacts.csv").write_text(CONTACTS if has_script else examples("csv")[0])
    (tmp_path / "export.csv").write_text("Mobile #,Lead ID,Language\n+12025550100,L-1,en-US\n")
    for named in re.findall(r"[\w-]+\.(?:txt|csv)", example):
        if not (tmp_path / named).exists():
            (tmp_path / named).write_text("phone_number\n+12025550199\n")

    route = through(TALKER if has_script else PROVIDERS[0], callbacks=PUBLIC)
    with load(path, max_duration_ceiling_seconds=14_400, route_of=route) as campaign:
        rows = list(campaign.rows())

    assert [row.error for row in rows if row.error] == []


@pytest.mark.parametrize("example", examples("json"))
def test_an_example_in_json_is_a_line_of_contacts(tmp_path: Path, example: str) -> None:
    path = tmp_path / "example.jsonl"
    path.write_text(example)

    with load(path, max_duration_ceiling_seconds=14_400) as campaign:
        assert [row.error for row in campaign.rows()] == [""]


def test_the_sample_of_keys_asks_takes_a_wish_and_speaks_to_machines() -> None:
    path = DOCS.parent / "samples" / "confirmation.yaml"
    route = through(TALKER, callbacks=PUBLIC)

    with load(path, max_duration_ceiling_seconds=14_400, route_of=route) as campaign:
        assert [row.error for row in campaign.rows()] == [""] * 6
        (asks,) = (step for step in campaign.policy.script if isinstance(step, Gather))
        assert campaign.policy.machine_script

    assert (asks.name, asks.tries, list(asks.branches)) == ("confirm", 2, ["1", "2", "9"])
    assert asks.branches["9"][-1] == DoNotCall()
