"""How a campaign file is opened, and what reading it costs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.providers import PROVIDERS, CallbackAddress
from tests.examples import examples
from tests.routes import through
from tests.toy_provider import TALKER

CEILING = 14_400.0
SAMPLES = Path(__file__).parents[2] / "samples"
#: Where a sandbox tells of calls when nothing is set: what asks for keys needs no more.
IN_SANDBOX = CallbackAddress("http://127.0.0.1:8080", only_where_used=True)
ROW = "+12025550100,Ada,Rome\n"


def refusal(path: Path) -> str:
    with pytest.raises(CampaignError) as caught:
        load(path, max_duration_ceiling_seconds=CEILING)
    return str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.csv"

    assert refusal(path) == f"{path}: there is no such file"


def test_a_directory_is_no_campaign_file(tmp_path: Path) -> None:
    path = tmp_path / "folder.csv"
    path.mkdir()

    assert refusal(path) == f"{path}: this is a directory; expected a .yaml or .csv file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.touch(mode=0o000)

    assert refusal(path) == f"{path}: can't be read: Permission denied"


@pytest.mark.parametrize("name", ["contacts.docx", "contacts", ".csv"])
def test_a_file_with_another_ending_is_told_which_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    assert refusal(path) == (
        f"{path}: expected a file that ends in .yaml, .yml, .csv, .tsv, .txt, .xlsx, .xlsm,"
        " .jsonl, .ndjson, or in one of these and .gz"
    )


def test_the_digest_is_of_the_document_and_the_csv_that_it_names(tmp_path: Path) -> None:
    document, table = tmp_path / "a.yaml", tmp_path / "a.csv"
    document.write_text("contacts: a.csv\n")
    table.write_text("phone_number\n+12025550100\n")

    with load(document, max_duration_ceiling_seconds=CEILING) as campaign:
        whole = document.read_bytes() + table.read_bytes()

    assert campaign.digest == hashlib.sha256(whole).hexdigest()


def test_keeping_the_first_rows_does_not_change_the_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("phone_number,name,city\n" + ROW * 5000)

    with (
        load(path, max_duration_ceiling_seconds=CEILING) as every,
        load(path, Reading(first=3), max_duration_ceiling_seconds=CEILING) as first,
    ):
        assert (every.row_count, first.row_count) == (5000, 3)
        assert every.digest == first.digest


def test_a_name_becomes_a_part_of_an_id(tmp_path: Path) -> None:
    path = tmp_path / f"--Ümläut (1) {'x' * 100}.csv"
    path.write_text("phone_number,name,city\n" + ROW)

    with load(path, max_duration_ceiling_seconds=CEILING) as campaign:
        assert campaign.slug == "ml-ut-1-" + "x" * 52


def test_a_ceiling_below_the_default_duration_shortens_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("phone_number,name,city\n" + ROW)

    with load(path, max_duration_ceiling_seconds=60.0) as campaign:
        assert campaign.policy.max_duration_seconds == 60.0


def test_the_caller_is_told_how_many_rows_were_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("phone_number,name,city\n" + ROW * 2500)
    told: list[int] = []

    load(path, max_duration_ceiling_seconds=CEILING, on_progress=told.append).close()

    assert told == [1000, 2000, 2500]


@pytest.mark.parametrize(
    "sample",
    sorted(
        path.name
        for path in SAMPLES.iterdir()
        if path.suffix in (".csv", ".yaml") and path.name != "accounts.yaml"
    ),
)
def test_every_sample_can_be_called_and_rings_nobody_real(sample: str) -> None:
    countries = frozenset({"US", "CA"})
    has_script = "script:" in (SAMPLES / sample).read_text("utf-8")
    api = TALKER if has_script else PROVIDERS[0]
    with load(
        SAMPLES / sample,
        route_of=through(api, countries, callbacks=IN_SANDBOX),
        max_duration_ceiling_seconds=CEILING,
    ) as campaign:
        called = [row.contact for row in campaign.rows() if row.reason is None]
        refused = [row.contact.address for row in campaign.rows() if row.reason is not None]

    assert called
    assert set(refused) <= {"555-0123"}
    for contact in called:
        if contact.sip_uri:
            assert "@rooms.example.com" in contact.sip_uri
        else:
            assert contact.phone_number[5:10] == "55501"


BYTES = st.binary(max_size=300) | st.text(
    st.sampled_from("phone_number:contacts,;\t\r\n\"'-[]{}&*!%@#?|>+12025550100 \\\ufeff\0é\x1b"),
    max_size=200,
).map(str.encode)
PIECES = st.lists(
    st.sampled_from(
        [
            b"phone_number",
            b"contacts:",
            b"\n",
            b"- ",
            b": ",
            b",",
            b'"',
            b"+12025550100",
            b"\r",
            b"call: {",
            b"}",
            b"[",
            b"]",
            b"\xff",
            b"\x00",
            b"name",
            b"max_duration: 90s\n",
            b"  ",
            b"&a ",
            b"*a",
            b"!!str ",
            b"---\n",
            b"'",
            b"\xef\xbb\xbf",
            b'"\\ud800"',
            b"|\n ",
            b'session_name: "{{ name }}"',
            b"{{ ",
            b" }}",
            b"{% if %}",
            b"users: [{user_id: ",
            b"sip_uri: sip:a@b",
            b"call.languages",
            b"languages: ",
            b"insights: [topics]\n",
            b'{"phone": ',
            b'{"call": {',
            b'"+12025550100"}\n',
            b"sep=;\n",
            b"columns: {id: ",
            b"\x1f\x8b\x08",
        ]
    ),
    max_size=30,
).map(b"".join)


@pytest.mark.parametrize("ending", ["csv", "yaml", "jsonl", "gz"])
@examples(300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=BYTES | PIECES)
@example(written=b'contacts:\n- phone_number: "\\ud800"\n')
@example(written=b"phone_number\n\xed\xa0\x80")
def test_no_bytes_raise_anything_but_a_campaign_error(
    tmp_path: Path, ending: str, written: bytes
) -> None:
    path = tmp_path / f"any.{ending}"
    path.write_bytes(written)

    try:
        with load(path, max_duration_ceiling_seconds=CEILING) as campaign:
            assert list(campaign.rows())
    except CampaignError as error:
        assert 0 < len(error.problems) <= min(100, error.total)


def test_national_numbers_are_read_in_the_region_that_the_file_or_who_reads_it_names(
    tmp_path: Path,
) -> None:
    table, document = tmp_path / "c.csv", tmp_path / "c.yaml"
    table.write_text("phone_number\n202-555-0100\n+12025550101\n")
    document.write_text("contacts: c.csv\n")

    def read(path: Path, region: str | None) -> tuple[int, str, str]:
        with load(path, Reading(region=region), max_duration_ceiling_seconds=CEILING) as found:
            return found.callable_count, found.policy.default_region, found.digest

    for path in (table, document):
        without, within = read(path, None), read(path, "US")
        assert (without[:2], within[:2]) == ((1, ""), (2, "US"))
        # With one id, the row that was refused would count as known, and never be called.
        assert without[2] != within[2]

    document.write_text("contacts: c.csv\ndefault_region: GB\n")
    with pytest.raises(CampaignError, match=r"c\.yaml:2:17: .* says GB, and --region US: leave"):
        read(document, "US")
    document.write_text("contacts: c.csv\ndefault_region: us\n")
    assert read(document, "US") == read(document, None)
