"""What `init` writes: a file that is understood, however that of the contacts is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from scheduler.campaign.reading import Reading
from scheduler.campaign.sample import sample
from scheduler.errors import ConfigError
from scheduler.operations import launch, starter
from scheduler.operations.starter import Answers
from scheduler.settings import Settings

PATIENTS = """\
Patient No,First Name,Mobile Phone,City
0042,Ana,(202) 555-0100,Washington
0043,Ben,303-555-0101,Denver
"""


def settings(**chosen: Any) -> Settings:
    return Settings(**chosen)


def contacts(tmp_path: Path, text: str = PATIENTS, name: str = "Patients of 2026.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (
            "Patient No,First Name,Mobile Phone,City",
            {"phone_number": "Mobile Phone", "id": "Patient No", "name": "First Name"},
        ),
        ("phone_number,id", {"phone_number": "phone_number", "id": "id"}),
        (
            "Ref #,Time zone,Customer,tel",
            {"id": "Ref #", "timezone": "Time zone", "name": "Customer", "phone_number": "tel"},
        ),
        ("tel,,Notes", {"phone_number": "tel"}),
        ("Nr,Telefon (mobil)", {"id": "Nr", "phone_number": "Telefon (mobil)"}),
        ("Handy privat,Handy dienstlich", {}),
        ("sip_uri,Handy privat", {}),
    ],
)
def test_columns_are_guessed_from_their_names(
    tmp_path: Path, header: str, meant: dict[str, str]
) -> None:
    found = sample(contacts(tmp_path, f"{header}\n"))

    assert starter.likely_columns(found) == meant


def test_what_is_written_calls_every_contact_by_its_own_names(tmp_path: Path) -> None:
    people, path = contacts(tmp_path), tmp_path / "autumn.yaml"
    answers = Answers(
        people,
        "autumn",
        starter.likely_columns(sample(people)),
        region="US",
        hours="mon-fri 9:00-12:00, 13:00-17:00; sat 10:00-14:00",
        timezone="America/New_York",
        says='Hello {{ name }}: "see" you\u2028soon #1 \U0001f600',
        provider=starter.caller("", settings()).api.name,
        is_named=True,
    )

    starter.write(answers, path)

    with launch.read(path, settings(), Reading()) as checked:
        rows = [row.contact for row in checked.rows()]
        policy = checked.policy
    assert [(each.contact_id, each.name, each.phone_number) for each in rows] == [
        ("0042", "Ana", "+12025550100"),
        ("0043", "Ben", "+13035550101"),
    ]
    assert policy.max_duration_seconds == 300
    assert policy.timezone == "America/New_York"


@pytest.mark.parametrize("hours", ["9:00-17:00", "always", "mon-fri 8:00-18:00"])
@pytest.mark.parametrize("zone", ["", "Europe/Paris"])
@pytest.mark.parametrize("says", ["null", "Hello."])
def test_any_answers_make_a_file_that_is_understood(
    tmp_path: Path, hours: str, zone: str, says: str
) -> None:
    people, path = contacts(tmp_path, "phone_number\n+12025550143\n", "null"), tmp_path / "c.yaml"
    people = people.rename(tmp_path / "yes.csv")
    answers = Answers(
        people,
        "no",
        hours=hours,
        timezone=zone,
        says=says,
        provider=starter.caller("", settings()).api.name,
        is_named=True,
    )

    starter.write(answers, path)

    with launch.read(path, settings(), Reading()) as checked:
        assert (checked.callable_count, checked.problem_count) == (1, 0)


@pytest.mark.parametrize("name", starter.EXAMPLES)
def test_an_example_is_a_campaign_of_the_sandbox(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.yaml"

    starter.write_example(name, path)

    with launch.read(path, settings(), Reading(in_sandbox=True)) as checked:
        assert checked.callable_count >= 3
        assert (checked.problem_count, checked.warnings) == (0, ())
        assert all("55501" in (row.contact.phone_number or "") for row in checked.rows())
    assert f"{name}.yaml" not in path.read_text() and f"{name}.csv" not in path.read_text()


@pytest.mark.parametrize("taken", ["mine.yaml", "mine.csv"])
def test_nothing_is_replaced_unless_it_is_meant(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("theirs")

    with pytest.raises(ConfigError, match="--force"):
        starter.write_example("survey", tmp_path / "mine.yaml")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["theirs"]

    starter.write_example("survey", tmp_path / "mine.yaml", replaces=True)
    assert (tmp_path / taken).read_text() != "theirs"


def test_an_account_that_can_t_speak_is_not_made_to() -> None:
    silent = settings(symbl_app_id="app", symbl_app_secret=SecretStr("secret"))
    speaking = settings(twilio_account_sid="AC" + "0" * 32, twilio_auth_token=SecretStr("0" * 32))

    mute, voice = starter.caller("", silent), starter.caller("", speaking)

    assert not mute.is_nobodys and not voice.is_nobodys
    mute.expect_able("")
    voice.expect_able("Hi")
    with pytest.raises(ConfigError, match="can't speak"):
        mute.expect_able("Hello")
    with pytest.raises(ConfigError, match="something to say"):
        voice.expect_able("")
    with pytest.raises(ConfigError, match="nobody"):
        starter.caller("nobody", speaking)


def test_who_has_no_account_begins_with_a_provider_that_still_answers() -> None:
    begun = starter.caller("", settings())

    assert begun.is_nobodys and not begun.api.may_be_gone
    with pytest.raises(ConfigError, match="use --say TEXT"):
        begun.expect_able("")


def test_a_silent_file_is_understood(tmp_path: Path) -> None:
    people, path = contacts(tmp_path, "phone_number\n+12025550143\n"), tmp_path / "c.yaml"
    silent = settings(symbl_app_id="app", symbl_app_secret=SecretStr("secret"))

    starter.write(Answers(people, "c", provider="symbl"), path)

    with launch.read(path, silent, Reading()) as checked:
        assert (checked.callable_count, checked.problem_count) == (1, 0)
    assert "callsched schema campaign --provider symbl" in path.read_text()
    assert "\nprovider:" not in path.read_text()
