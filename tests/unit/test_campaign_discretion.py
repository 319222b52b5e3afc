"""A campaign may name any file of the machine: errors show nothing of one that is no list."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from tests.every import every

#: Stands wherever somebody's secret might.
SECRET = "wJalrXUtnFEMI"

#: Files that are no contacts and no list.
OTHERS: dict[str, bytes] = {
    "an INI file": f"[{SECRET}]\naws_secret_access_key = {SECRET}\n".encode(),
    "accounts": f"root:{SECRET}:0:0:root:/root:/bin/bash\ndaemon:{SECRET}:1:1\n".encode(),
    "variables": f"API_KEY={SECRET}\nexport TOKEN='{SECRET}'\n".encode(),
    "a key": f"-----BEGIN {SECRET} KEY-----\n{SECRET}=\n-----END-----\n".encode(),
    "a table": f"user,{SECRET}\n{SECRET},{SECRET}\n".encode(),
    "a table of a semicolon": f"user;{SECRET};phone bill\n1;{SECRET};3\n".encode(),
    "columns of phones": f"my {SECRET} phone,mobile {SECRET}\n1,2\n".encode(),
    "a column twice": f"{SECRET},{SECRET}\n1,2\n".encode(),
    "an open quote": f'"{SECRET}\n{SECRET}\n'.encode(),
    "a control character": f"{SECRET}\x07\n".encode(),
    "a NUL byte": f"{SECRET}\0\n".encode(),
    "Latin-1": f"ol\xe9 {SECRET}\n".encode("latin-1"),
    "Latin-1 later": f"{SECRET}\n{SECRET}\xe9 {SECRET}\n".encode("latin-1"),
    "Windows": f"{SECRET}\u2019s\n".encode("cp1252"),
    "UTF-16": f"{SECRET}\n".encode("utf-16"),
    "an object": f'{{"{SECRET}": "{SECRET}"}}\n'.encode(),
    "an object in an object": f'{{"{SECRET}": {{"{SECRET}": 1}}}}\n'.encode(),
    "a key twice": f'{{"{SECRET}": 1, "{SECRET}": 2}}\n'.encode(),
    "a broken object": f'{{"phone_number": {SECRET}}}\n'.encode(),
    "YAML": f"user: {SECRET}\ncontacts: {SECRET}\n".encode(),
    "gzip": gzip.compress(f"{SECRET}\n".encode()),
    "a long line": f"{SECRET} ".encode() * 100_000,
}
ENDINGS = (".csv", ".txt", ".jsonl", ".xlsx", ".gz", "")
CONTACTS = 'contacts: [{phone_number: "+12025550101"}]\n'


def refusal(folder: Path, written: str) -> str:
    (folder / "campaign.yaml").write_text(written)
    with pytest.raises(CampaignError) as caught:
        load(folder / "campaign.yaml", Reading(processes=1), max_duration_ceiling_seconds=14_400)
    return str(caught.value)


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_of_another_file_is_shown(tmp_path: Path, ending: str) -> None:
    with every() as case:
        for kind, content in OTHERS.items():
            (tmp_path / f"x{ending}").write_bytes(content)
            for written in (f"contacts: x{ending}\n", f"{CONTACTS}do_not_call: x{ending}\n"):
                with case(f"{kind} in {written}"):
                    said = refusal(tmp_path, written)
                    assert SECRET not in said
                    assert "x" in said


def test_who_names_the_file_alone_is_shown_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"Mobil,Name\n1,2\n")

    with pytest.raises(CampaignError, match="got 'Mobil', 'Name'"):
        load(path, Reading(processes=1), max_duration_ceiling_seconds=14_400)
    assert "`plan` with this file alone" in refusal(tmp_path, "contacts: x.csv\n")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("phone_nmber,name", "rename 'phone_nmber' to phone_number"),
        ("phone,Mobile", "'phone' and 'Mobile' could each be phone_number"),
        ("phone_number,Town,town", "no valid contacts"),
        ("phone_number,call.prio", "prio"),
    ],
)
def test_a_list_of_contacts_with_a_slip_in_its_header_says_which(
    tmp_path: Path, header: str, said: str
) -> None:
    (tmp_path / "x.csv").write_text(f"{header}\n1,2\n")

    assert said in refusal(tmp_path, "contacts: x.csv\n")


@pytest.mark.parametrize("written", ["0143", "202-555-01x43", "(202) 555-014"])
def test_of_a_do_not_call_list_a_line_is_shown_only_if_it_is_a_number(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "x").write_text(f"+12025550199\n{written}\n")

    said = refusal(tmp_path, f"{CONTACTS}do_not_call: x\n")

    assert "x:2: " in said
    assert ("got" in said) == (not any(one == "x" for one in written))


def test_a_do_not_call_list_is_never_standard_input(tmp_path: Path) -> None:
    said = refusal(tmp_path, f'{CONTACTS}do_not_call: "-"\n')

    assert "expected the path of a list, which standard input is not" in said
    assert "\n" not in said
