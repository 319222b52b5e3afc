"""Which column is meant by a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.campaign.names import ALIASES, Names
from scheduler.errors import CampaignError
from scheduler.models import Contact


def names(*written: str, **columns: str) -> tuple[str, ...]:
    header = Names(tuple(columns.items())).header(written)
    assert header.faults == ()
    return header.names


def faults(*written: str, **columns: str) -> tuple[str, ...]:
    return Names(tuple(columns.items())).header(written).faults


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((alias, ours) for ours, aliases in ALIASES.items() for alias in aliases),
        ("Phone Number", "phone_number"),
        ("PHONE-NUMBER", "phone_number"),
        ("Cell #", "phone_number"),
        ("  Mobile:", "phone_number"),
        ("Max. Duration", "max_duration"),
        ("Time_Zone", "timezone"),
        ("favourite number", "favourite number"),
        ("tone", "tone"),
    ],
)
def test_common_names_are_understood(written: str, meant: str) -> None:
    other = "sip_uri" if meant not in ("phone_number", "sip_uri") else "city"

    assert names(written, other) == (meant, other)


def test_two_that_could_mean_the_same_are_an_error_that_says_so() -> None:
    (fault,) = faults("Phone", "Mobile", "name")

    assert fault == (
        "'Phone' and 'Mobile' could each be phone_number: rename one to phone_number, or say in"
        " a YAML file which one it is, such as columns: {phone_number: 'Phone'}, or"
        " columns: {phone_number: ['Phone', 'Mobile']} to call the first valid one"
    )


def test_our_own_name_leaves_no_doubt() -> None:
    assert names("phone_number", "mobile") == ("phone_number", "mobile")
    assert names("sip_uri", "number", "Full Name") == ("sip_uri", "number", "name")


def test_the_file_says_which_column_is_meant() -> None:
    assert names("Phone", "MOBILE", "lead_id", phone_number="mobile", id="lead_id") == (
        "Phone",
        "phone_number",
        "id",
    )


def test_a_column_of_ours_that_is_taken_from_another_one_is_an_error() -> None:
    (fault,) = faults("phone_number", "cell", phone_number="cell")

    assert "phone_number is a column, and columns takes it from 'cell'" in fault


def test_the_reasons_of_a_reject_are_read_over() -> None:
    assert names("phone_number", "Reject_Reason", "reject_message") == ("phone_number", "", "")


def written(tmp_path: Path, document: str, table: str) -> Path:
    (tmp_path / "a.csv").write_text(table)
    path = tmp_path / "a.yaml"
    path.write_text(f"contacts: a.csv\n{document}")
    return path


def contacts(path: Path) -> list[Contact]:
    with load(path, max_duration_ceiling_seconds=600) as checked:
        return [row.contact for row in checked.rows()]


def refused(path: Path) -> list[str]:
    with pytest.raises(CampaignError) as caught:
        contacts(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_a_mapping_settles_the_rest(tmp_path: Path, delimiter: str) -> None:
    table = "Rufnummer,Kunde,Sprache\n+12025550100,K-1,es-US\n".replace(",", delimiter)
    mapping = "columns: {phone_number: rufnummer, id: Kunde, call.languages: Sprache}\n"

    (contact,) = contacts(written(tmp_path, mapping, table))

    assert (contact.phone_number, contact.contact_id) == ("+12025550100", "K-1")
    assert (contact.options, contact.variables) == ({"languages": ["es-US"]}, {})


def test_a_template_may_name_a_column_as_it_is_written(tmp_path: Path) -> None:
    document = (
        "columns: {id: Kunde}\n"
        "call: {session_name: \"{{ Kunde }} {{ id }} {{ contact['Full Name'] }} {{ phone }}\"}\n"
    )
    table = "Phone,Kunde,Full Name\n+1 202 555 0100,K-1,Ada\n".replace("Phone", "phone")

    (contact,) = contacts(written(tmp_path, document, table))

    assert contact.options == {"session_name": "K-1 K-1 Ada +12025550100"}


def test_a_mapping_to_a_column_that_is_not_there_is_refused_at_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "columns: {id: Kunden}\n", "phone,Kunde\n+12025550100,K-1\n")

    assert refused(path) == [
        "a.yaml:2:15: columns.id: there is no column 'Kunden': did you mean 'Kunde'?"
    ]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ("{fone: a}", "columns: 'fone' is no column of ours"),
        ("{id: a, name: A}", "columns: expected every column of the file once, got 'a' twice"),
        ("[id]", "columns: expected names of ours and of the file"),
    ],
)
def test_a_mapping_that_can_not_be_meant_is_refused(
    tmp_path: Path, columns: str, problem: str
) -> None:
    (said,) = refused(written(tmp_path, f"columns: {columns}\n", "phone,a\n+12025550100,K-1\n"))

    assert problem in said


def test_a_problem_names_the_column_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Cell #,tz\n+12025550100,Mars\n+12025550101,\n")

    with load(path, max_duration_ceiling_seconds=600) as checked:
        (problem,) = checked.problems
        first = next(checked.rows())

    assert str(problem).startswith(f"{path}:2:tz: unknown time zone")
    assert first.error.startswith("tz: unknown time zone 'Mars'")
