"""Which formats contacts come in, and that all of them say the same."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from scheduler.campaign.file.source import CHUNK_BYTES
from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.hours.weeks import read_week
from scheduler.models import Row

ALWAYS = read_week("always")
TABLE = 'phone_number,id,note\n+12025550100,c-1,"a, ""b"""\n+12025550101,c-2,\n'
OBJECTS = (
    '{"phone_number": "+12025550100", "id": "c-1", "note": "a, \\"b\\""}\n\n'
    '{"phone_number": "+12025550101", "id": "c-2"}\n'
)


def rows(path: Path) -> list[Row]:
    with load(path, max_duration_ceiling_seconds=600, default_hours=ALWAYS) as checked:
        return list(checked.rows())


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(CampaignError) as caught:
        rows(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def zipped(content: bytes) -> bytes:
    """Return it in gzip, without the time: a test's name must not change with it."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE),
        ("a.tsv", TABLE.replace(",", "\t").replace("a\t", "a,")),
        ("a.txt", TABLE.replace(",", "|").replace("a|", "a,")),
        ("a.csv", TABLE.replace(",", ";").replace("a;", "a,")),
        ("a.csv", "sep=;\n" + TABLE.replace(",", ";").replace("a;", "a,")),
        ("a.csv", TABLE.replace(',"a', ', "a')),
        ("a.csv", "\ufeff" + TABLE.replace("\n", "\r\n")),
        ("a.csv", zipped(TABLE.encode())),
        ("a.csv.gz", zipped(TABLE.encode())),
        ("a.gz", zipped(TABLE.encode())),
        ("a.gz", zipped(OBJECTS.encode())),
        ("a.jsonl", OBJECTS),
        ("a.ndjson", "\ufeff" + OBJECTS),
        ("a.jsonl.gz", zipped(OBJECTS.encode())),
    ],
)
def test_every_format_says_the_same(tmp_path: Path, name: str, content: str | bytes) -> None:
    first, second = (row.contact for row in rows(written(tmp_path, name, content)))

    assert (first.phone_number, first.contact_id) == ("+12025550100", "c-1")
    assert first.variables == {"note": 'a, "b"'}
    assert (second.phone_number, second.contact_id) == ("+12025550101", "c-2")
    assert second.variables == {}


@pytest.mark.parametrize("name", ["b.jsonl", "b.csv.gz", "b.gz"])
def test_a_document_takes_its_contacts_from_any_of_them(tmp_path: Path, name: str) -> None:
    content = OBJECTS if name.endswith("jsonl") else TABLE
    written(tmp_path, name, zipped(content.encode()))
    document = written(tmp_path, "a.yaml.gz", zipped(f"contacts: {name}\n".encode()))

    assert [row.contact.contact_id for row in rows(document)] == ["c-1", "c-2"]


def test_a_document_can_not_take_its_contacts_from_a_document(tmp_path: Path) -> None:
    (said,) = refused(written(tmp_path, "a.yaml", "contacts: b.yaml\n"))

    assert said.startswith("a.yaml:1:11: contacts: ")
    assert "expected a file that ends in .csv" in said


def test_the_same_content_has_the_same_digest_whether_it_is_compressed(tmp_path: Path) -> None:
    digests = set()
    for content in (TABLE.encode(), zipped(TABLE.encode())):
        with load(written(tmp_path, "a.csv", content), max_duration_ceiling_seconds=600) as checked:
            digests.add(checked.digest)

    assert len(digests) == 1


@pytest.mark.parametrize("ending", ["csv.gz", "yaml.gz"])
def test_a_gzip_file_that_is_cut_off_is_refused(tmp_path: Path, ending: str) -> None:
    content = TABLE * 200 if ending == "csv.gz" else "contacts: [" + "x" * 2000
    (said,) = refused(written(tmp_path, f"a.{ending}", zipped(content.encode())[:-10]))

    assert "this gzip file is cut off or damaged" in said


def test_a_document_that_grows_when_it_is_inflated_is_bounded(tmp_path: Path) -> None:
    (said,) = refused(written(tmp_path, "a.yaml.gz", zipped(b" " * 2**25)))

    assert said.startswith("a.yaml.gz: expected at most 4 MiB")


def test_a_line_that_grows_when_it_is_inflated_is_bounded(tmp_path: Path) -> None:
    bomb = zipped(b"phone_number\n" + b"1" * (400 * CHUNK_BYTES))

    (said,) = refused(written(tmp_path, "a.csv.gz", bomb))

    assert said == "a.csv.gz:2: this line is longer than 1,000,000 characters"


def test_an_object_has_keys_of_a_call_as_a_contact_of_a_list_has(tmp_path: Path) -> None:
    contact = {"phone": 12025550100, "call": {"languages": ["es-US"], "push_speaker_events": True}}
    path = written(tmp_path, "a.jsonl", json.dumps(contact | {"call.timezone": None, "vip": True}))
    document = written(tmp_path, "a.yaml", "contacts: a.jsonl\ndefault_region: US\n")

    (row,) = rows(document)

    assert path.exists()
    assert row.contact.phone_number == "+12025550100"
    assert row.contact.options == {"languages": ["es-US"], "push_speaker_events": True}
    assert row.contact.variables == {"vip": "true"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[1]", 'expected an object such as {"phone_number": "+12025550123"} in each line'),
        ("{", "this is no JSON from character 2 on"),
        ('{"phone_number": NaN}', "NaN is no JSON"),
        ('{"phone_number": "1", "phone_number": "2"}', "'phone_number' is there twice"),
        ('{"phone_number": "\\ud800"}', "got half a character"),
        ('{"phone_number": ["1"]}', "phone_number: expected text, got a list or keys"),
        ('{"city": "Rome"}', "expected a column phone_number or sip_uri; got 'city'"),
        ("[" * 100_000, "this one is nested too deeply"),
    ],
)
def test_a_line_without_the_shape_of_a_contact_refuses_the_file(
    tmp_path: Path, line: str, problem: str
) -> None:
    good = '{"phone_number": "+12025550100"}\n'

    (said,) = refused(written(tmp_path, "a.jsonl", f"{good}{line}\n{good}"))

    assert said.startswith("a.jsonl:2: ")
    assert problem in said


def test_a_template_may_name_what_any_object_has(tmp_path: Path) -> None:
    written(tmp_path, "a.jsonl", OBJECTS)
    path = written(tmp_path, "a.yaml", 'contacts: a.jsonl\ncall: {session_name: "{{ note }}"}\n')

    first, second = rows(path)

    assert first.contact.options == {"session_name": 'a, "b"'}
    assert second.reason == "invalid_row"


def test_a_template_that_names_what_no_object_has_refuses_the_file(tmp_path: Path) -> None:
    written(tmp_path, "a.jsonl", OBJECTS)
    path = written(tmp_path, "a.yaml", 'contacts: a.jsonl\ncall: {session_name: "{{ nore }}"}\n')

    assert refused(path) == [
        "a.yaml:2:22: call.session_name: there is no column 'nore': did you mean note?"
    ]
