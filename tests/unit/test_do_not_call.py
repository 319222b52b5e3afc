"""What a do-not-call list may say, who is on it, and what a campaign file does with it."""

from __future__ import annotations

import csv
import gzip
import os
import pickle
import re
import time
from collections.abc import Iterable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.do_not_call import NumberList
from scheduler.campaign.entries import entry
from scheduler.campaign.file.problems import Problems
from scheduler.campaign.file.source import Lines
from scheduler.campaign.list_columns import is_address_column
from scheduler.campaign.list_file import Counts, read_entries
from scheduler.campaign.loader import load
from scheduler.campaign.names import ALIASES
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.fields.numbers import e164
from scheduler.models import Reason

ANA, BEN, CAT = "+12025550143", "+12025550144", "+13125550145"

AMERICAN = st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)


def read(written: str, region: str | None = "US") -> tuple[list[str], list[str]]:
    """Return the entries of a list, and what is wrong with it."""
    entries, problems, _ = counted(written, region)
    return entries, problems


def counted(written: str, region: str | None = "US") -> tuple[list[str], list[str], Counts]:
    """Return the entries of a list, what is wrong with it, and what its lines are."""
    problems, counts = Problems(), Counts()
    lines = Lines(BytesIO(written.encode()), "list", "utf-8", lambda _: None)
    entries = list(read_entries(lines, "list", region, problems, counts))
    assert counts.lines == counts.listed + counts.header + counts.blank + counts.unread
    assert bool(counts.unread) == problems.refuse_file
    assert counts.entries == len(entries)
    return entries, [str(problem) for problem in problems.kept], counts


# Entries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("+12025550143", None, ANA),
        (" +1 (202) 555-0143 ", None, ANA),
        ("202-555-0143", "US", ANA),
        ("1 202 555 0143", "CA", ANA),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 020 7946 0018", None, "+442079460018"),
        ("+12005550143", None, "+12005550143"),  # nobody's, but it was perhaps
        ("+1202*", None, "+1202*"),
        ("+1 (202) 555-*", None, "+1202555*"),
        ("+1*", None, "+1*"),
        ("+1\u2011202\u00a0555*", None, "+1202555*"),
        ("\u200e+1202*\u200b", None, "+1202*"),
        ("\uff0b\u0661\u0662\u0660\u0662*", None, "+1202*"),
        ("\ufeffsip:room7@sip.example.com\u200e", None, "sip:room7@sip.example.com"),
        ("sip:room7@SIP.example.com", None, "sip:room7@sip.example.com"),
        ("sips:a*@sip.example.com;x=*", None, "sips:a*@sip.example.com;x=*"),
    ],
)
def test_an_entry_is_a_number_a_prefix_or_a_sip_address(
    written: str, region: str | None, expected: str
) -> None:
    assert entry(written, region) == expected


@pytest.mark.parametrize(
    ("written", "region", "message"),
    [
        ("202-555-0143", None, "or set default_region; got …0143"),
        ("555-0143", "US", "expected an international number"),
        ("+1202555", None, "expected an international number"),
        ("1.2025550143E+10", "US", "expected an international number"),
        ("Ana", "US", "got 'Ana'"),
        ("", "US", "got nothing"),
        ("202*", "US", "+1202*: put a plus sign and the country code before it, and leave out"),
        ("030*", "DE", "put a plus sign and the country code before it, and leave out a leading 0"),
        ("+1202.0*", None, "expected a prefix"),
        ("+1202/203*", None, "expected a prefix"),
        ("+1202*+1203*", None, "expected a prefix"),
        ("+1202**", None, "expected a prefix"),
        ("*", "US", "expected a prefix"),
        ("+*", "US", "expected a prefix"),
        ("+0202*", "US", "expected a prefix"),
        ("+1202555014312345*", "US", "expected a prefix"),
        ("sip:nobody", "US", "expected a SIP address"),
    ],
)
def test_what_is_no_entry_is_told_without_the_number(
    written: str, region: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        entry(written, region)

    assert message in str(caught.value)
    assert "2025550143" not in str(caught.value)


@given(national=AMERICAN, before=st.sampled_from(["", "1", "+1"]))
def test_what_is_read_fast_is_what_phonenumbers_reads(national: str, before: str) -> None:
    (fast,), problems = read(before + national)

    assert (fast, problems) == (entry(before + national, "US"), [])


@given(number=st.from_regex(r"(\+44 ?|0)(20 7946 0[0-9]{3}|7700 900[0-9]{3})", fullmatch=True))
def test_an_entry_is_written_as_the_contacts_number_is(number: str) -> None:
    try:
        contact = e164(number, "GB")
    except ValueError:
        return

    assert entry(number, "GB") == contact


# Files of entries -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"{ANA}\n{BEN}\n", [ANA, BEN]),
        (f"# ours\n\n{ANA}  # asked by mail\r\n   \n+1312*", [ANA, "+1312*"]),
        ("202,5550143\n202,5550144\n", [ANA, BEN]),
        ("2025550143\n12025550144\n(312) 555-0145\n", [ANA, BEN, CAT]),
        (f"phone_number\n{ANA}\n", [ANA]),
        (f"name,phone_number\nAna,{ANA}\nBen,202-555-0144\n", [ANA, BEN]),
        (f"phone;why\n{ANA};x\n", [ANA]),
        (f"# from the CRM\n\nPhone_Number,why\n{ANA},\n#,\n{BEN},\n", [ANA, BEN]),
        (f"phone_number,sip_uri\n{ANA},\n,sip:a@b.example.com\n", [ANA, "sip:a@b.example.com"]),
        ("", []),
        ("# nobody yet\n", []),
        ("phone_number\n", []),
    ],
)
def test_a_list_has_an_entry_a_line_or_a_header(written: str, expected: list[str]) -> None:
    assert read(written) == (expected, [])


@pytest.mark.parametrize(
    ("written", "region", "problem"),
    [
        (f"{ANA}\n# x\nAna\n", "US", "list:3: expected a number such as"),
        ("202,5550143\n", None, "list:1: expected default_region US for area code"),
        ("202,5550143\n", "GB", "list:1: expected default_region US for area code"),
        ("202,5550143,2026-11-01,A\n", "US", "list:1: expected the full list of the US registry"),
        (f"{ANA},{BEN}\n", "US", "list:1: expected an international number"),
        (f'why,phone_number\n"a\nb",{ANA}\n,\nx,Ana\n', "US", "list:5:phone_number: expected"),
        ("why,phone_number\nx,\n", "US", "list:2: expected a number or SIP address under phone"),
        (f"phone_number\n{ANA},{BEN}\n", "US", "list:2: expected 1 cells as in the header, got 2"),
    ],
)
def test_a_line_that_can_t_be_read_is_told_with_its_place(
    written: str, region: str | None, problem: str
) -> None:
    _, problems = read(written, region)

    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_the_list_of_the_page_about_the_campaign_file_can_be_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "campaign-file.md").read_text(
        "utf-8"
    )
    (written,) = re.findall(r"^```\n(# opt-outs.txt.*?)^```$", page, re.MULTILINE | re.DOTALL)

    assert read(written) == ([ANA, BEN, "+1312555*", "sip:room7@sip.example.com"], [])


# What a list may be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # A # is content of a table, wherever it stands in a row.
        (f'phone,ticket\n{ANA},"#1001"\n{BEN},"#1002"\n{CAT},"#1003"\n', [ANA, BEN, CAT]),
        (f'phone,note\n{ANA},case #77\n{BEN},"mail, #78"\n{CAT},#79\n', [ANA, BEN, CAT]),
        (f'note,phone\n"a\n# b\n#c",{ANA}\n# ours\n  # too\nx,{BEN}\n', [ANA, BEN]),
        (f'ticket,phone\n"#1001",{ANA}\n', [ANA]),
        (f"#,Name,Phone\n1,Ana,{ANA}\n", [ANA]),
        (f"Ticket #\tPhone\n#\t{ANA}\n".replace("#\t+", "\t+"), [ANA]),
        # Every column of numbers and of SIP addresses counts.
        (f"phone,sip\n{ANA},sip:a@b.example.com\n", [ANA, "sip:a@b.example.com"]),
        (f"Phone,Mobile\n{ANA},{BEN}\n,{CAT}\n", [ANA, BEN, CAT]),
        (f"Phone 1 - Type,Phone 1 - Value,Phone 2 - Value\nHome,{ANA},{BEN}\n", [ANA, BEN]),
        (f"phone_number,Phone,phone_2\n{ANA},{BEN},{CAT}\n", [ANA, BEN, CAT]),
        (f"Phone,name,Phone\n{ANA},x,{BEN}\n", [ANA, BEN]),
        (f"Phone,Agent,\n{ANA},{BEN},312-555-0145\n", [ANA, BEN, CAT]),
        (f"Phone,Home,Other\n{ANA},202-555-0144,12 Elm St\n", [ANA, BEN]),
        ("Handy,Tel.\n202-555-0143,sip:a@b.example.com\n", [ANA, "sip:a@b.example.com"]),
        (f"Phone,Mobile\n+1202*,{CAT}\n", ["+1202*", CAT]),
        # What else a header may be.
        (f"sep=;\r\nphone;name\r\n{ANA};Ana\r\n", [ANA]),
        (f"\ufeffsep=,\n{ANA}\n", [ANA]),
        (f"Name,,Phone\nAna,x,{ANA}\n", [ANA]),
        (f"Name,Phone,Notes,Notes\nAna,{ANA},a,b\n", [ANA]),
        (f'"Name, first";"Phone, mobile"\n"Fox, Ana";{ANA}\n', [ANA]),
        (f'"Phone\nnumber",call.nothing\n{ANA},x\n', [ANA]),
        (f"Phone,Extension\n{ANA},5\n", [ANA]),
        (f"Country,Area code,Phone\nUS,202,202-555-0143\nGB,20,{BEN}\n", [ANA, BEN]),
        # A text with one entry a line.
        (f'"{ANA}"\n"(202) 555-0144"\n', [ANA, BEN]),
        ("sip:a@b.example.com;x=phone\n", ["sip:a@b.example.com;x=phone"]),
        (f"{ANA}\t# (case #77)\n#{BEN}\n", [ANA]),
        (f"{ANA},\n{BEN};\n", [ANA, BEN]),
    ],
)
def test_everybody_in_a_list_is_listed(written: str, expected: list[str]) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert read(written.replace("\r\n", "\n").replace("\n", end)) == (expected, [])


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        # What may be a row is no comment.
        (f"ticket,phone\n#1001,{ANA}\n", "list:2: this line begins with a # and has a number"),
        ("ticket,phone\n#1001,202-555-0143\n", "list:2: this line begins with a #"),
        ("ticket;phone\n#1;sip:a@b.example.com\n", "list:2: this line begins with a #"),
        ("a,phone\n# +1202*\n", "list:2: this line begins with a #"),
        (f'#,a,phone\n#,"x\ny","{ANA}"\n', "list:2: this line begins with a #"),
        # A quote that is not closed takes rows away.
        (f'phone,note\n{ANA},"x\n{BEN},"\n', "list:2: a quoted cell of this row goes on over a"),
        # No line is passed over.
        (f"Phone,Mobile\n{ANA},n/a\n", "list:2:Mobile: expected a number such as"),
        (f"Phone,Work phone line\n{ANA},n/a\n", "list:2:column 2: expected a number such as"),
        ("Phone,Mobile,x\n,,y\n", "list:2: expected a number or SIP address under Phone or Mobile"),
        (f"phone\n{ANA}\nphone\n", "list:3:phone: expected a number such as"),
        (f"Numbers I must not call\n{ANA}\n", "list:1: expected a number such as +12025550123, a"),
        (f"Mobile,{ANA}\n", "list:1: expected"),
        (f'{{"phone": "{ANA}"}}\n', "list:1: expected"),
        (f"sep=;\nNobody\n{ANA}\n", "list:2: expected a number such as"),
        (f"{ANA}#5\n", "list:1: expected an international number"),
        (f"phone\n{ANA} ext. 5\n", "list:2:phone: expected an international number"),
        (f"phone\n{ANA}; {BEN}\n", "list:2"),
        ("phone\n202*\n", "list:2:phone: expected a prefix with its plus sign"),
        ("phone\n+*\n", "list:2:phone: expected"),
        # Numbers of another country or area are not completed with ours.
        ("Country,Phone\nGB,202-555-0143\n", "list:2:Phone: another column of the row has"),
        ("Phone,Country Code\n202-555-0143,+44\n", "list:2:Phone: another column of the row has"),
        ("Area Code,Phone\n312,202-555-0143\n", "list:2:Phone: another column of the row has"),
    ],
)
def test_a_list_in_which_somebody_could_be_lost_is_refused(written: str, problem: str) -> None:
    _, problems = read(written)

    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (f'phone,"note\n{BEN},"\n{ANA},x\n', "list:1: expected a header with phone_number"),
        (f'# x\nphone,note\n# y\n{ANA},"x\n{BEN},x\n', "list:4: the quote that opens in this"),
        (f'phone,note\n{ANA},"x"\n\n{BEN},"x" y\n', "list:4: expected the next cell after a"),
    ],
)
def test_quotes_that_do_not_close_refuse_a_list(written: str, problem: str) -> None:
    with pytest.raises(CampaignError) as caught:
        read(written)

    assert str(caught.value).startswith(problem)


def test_of_a_file_that_is_no_list_nothing_is_shown() -> None:
    secrets = "root:$6$s3cr3t:20781\nTOKEN=hunter2\n# hunter2\nsip:hunter2\nhunter2*\n8 hunter2\n"

    _, problems = read(secrets)
    _, of_table = read(f"hunter2 phone,hunter2\n{secrets}")

    assert len(problems) == 5
    assert not [each for each in [*problems, *of_table] if re.search("s3|2078|hunter|TOK", each)]


@pytest.mark.parametrize(
    "name",
    [
        *("phone_number", "sip_uri", *ALIASES["phone_number"], *ALIASES["sip_uri"]),
        *("phone_2", "Phone 2", "mobile2", "Phone 1 - Value", "Home Phone", "Work Phone"),
        *("Business Phone", "HomePhone", "Other Phone #", "number 3", "Phone (mobile)", "Phones"),
        *("Phone number (with country code)", "Phone incl. area code", "SIP address 2"),
        *("Contact No.", "Alternate number", "Dialed number", "Office Nr 2"),
        *("Téléphone", "Móvil", "Celular 1", "Rufnummer", "Handy", "Contact (phone)", "TelNr"),
    ],
)
def test_a_column_with_such_a_name_has_numbers(name: str) -> None:
    assert is_address_column(name)


@pytest.mark.parametrize(
    "name",
    [
        *("Phone 1 - Type", "Phone Type 2", "Mobile carrier", "phone_ext", "Phone country code"),
        *(
            "Name",
            "Notes",
            "Telegram",
            "Account number",
            "No.",
            "Home",
            "Phone 5550143",
            "tel:+12025550143",
            "",
        ),
    ],
)
def test_a_column_with_such_a_name_has_none(name: str) -> None:
    assert not is_address_column(name)


def test_every_line_counts_as_one_thing() -> None:
    written = (
        f'\n# ours\nsep=;\n"Phone\nhome";Mobile\n;\n{ANA};{BEN}\n# x\n{CAT};"{CAT}"\nx;\n;"a\nb"\n'
    )

    *_, counts = counted(written)

    assert counts == Counts(lines=12, listed=2, header=3, blank=4, unread=3, entries=4)


CELLS = st.text(st.sampled_from("# \"'ab1;,|\t\r\n"), max_size=8)
NUMBERS = st.builds(
    lambda before, last: f"{before}202555{last:04}",
    st.sampled_from(["+1", ""]),
    st.integers(100, 199),
)
QUOTING: list[Literal[0, 1]] = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL]


@given(
    titles=st.lists(
        st.sampled_from(["Phone", "note", "Mobile", "Phone 2", "", "#", "note"])
    ).filter(lambda titles: any(map(is_address_column, titles))),
    data=st.data(),
)
def test_every_number_of_a_table_is_listed_or_the_table_is_refused(
    titles: list[str], data: st.DataObject
) -> None:
    delimiter = data.draw(st.sampled_from([",", ";", "\t", "|"]), "delimiter")
    quoting = data.draw(st.sampled_from(QUOTING), "quoting")
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]), "line end")
    cells = [(st.just("") | NUMBERS) if is_address_column(title) else CELLS for title in titles]
    text = StringIO(newline="")
    table = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    table.writerow(titles)
    numbers: set[str] = set()
    for row in data.draw(st.lists(st.tuples(*cells), max_size=6), "rows"):
        table.writerow(row)
        numbers |= {f"+1{cell[-10:]}" for cell in row if re.fullmatch(r"(\+1)?\d{10}", cell)}
        text.write(data.draw(st.sampled_from(["", end, f"# a comment{end}"]), "between"))

    try:
        entries, problems, counts = counted(text.getvalue(), "US")
    except CampaignError:
        return

    assert problems or set(entries) == numbers
    assert counts.lines == len(StringIO(text.getvalue(), newline="").readlines())


def test_what_can_be_read_beside_a_bad_line_is_read() -> None:
    entries, problems = read(f"{ANA}\nAna\n{BEN}\nBen\n")

    assert entries == [ANA, BEN]
    assert len(problems) == 2


# Who is on it ---------------------------------------------------------------------------------

DIGITS = st.integers(10**7, 10**9).map(lambda number: f"+{number}")
ENTRIES = st.lists(
    DIGITS
    | st.builds(lambda number, length: f"{number[:length]}*", DIGITS, st.integers(2, 9))
    | st.sampled_from(["sip:a@b.example.com", "sip:c@b.example.com;x=*"])
)
ADDRESSES = DIGITS | st.sampled_from(["sip:a@b.example.com", "sip:c@b.example.com;x=*"])


def forbidden_by(entries: Iterable[str], address: str) -> set[str]:
    return {
        each
        for each in entries
        if each == address
        or (address[0] == each[0] == "+" and each[-1] == "*" and address.startswith(each[:-1]))
    }


@given(entries=ENTRIES, address=ADDRESSES, data=st.data())
def test_whoever_an_entry_forbids_is_on_the_list_and_nobody_else(
    entries: list[str], address: str, data: st.DataObject
) -> None:
    address = data.draw(st.sampled_from([*entries, address]), "address").rstrip("*")
    listed = NumberList("list", entries)

    found = listed.entry_for(address)

    assert found in (forbidden_by(entries, address) or {""})


def test_a_list_can_be_handed_to_another_process() -> None:
    listed = pickle.loads(pickle.dumps(NumberList("list", [ANA, "+1312*"])))

    assert [listed.entry_for(each) for each in (ANA, BEN, CAT)] == [ANA, "", "+1312*"]


# A campaign's lists ---------------------------------------------------------------------------


def checked(
    tmp_path: Path, lists: dict[str, str], more: str = "", *, strict: bool = False
) -> CheckedCampaign:
    for name, written in lists.items():
        (tmp_path / name).write_text(written)
    path = tmp_path / "c.yaml"
    named = ", ".join(lists) or "nobody.txt"
    contacts = "".join(f"- phone_number: {number}\n" for number in (ANA, BEN, CAT))
    path.write_text(f"{more}do_not_call: [{named}]\ncontacts:\n{contacts}")
    return load(path, Reading(strict=strict), max_duration_ceiling_seconds=600)


def refused(tmp_path: Path, lists: dict[str, str], more: str = "") -> list[str]:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, lists, more)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_who_is_on_a_list_is_skipped_and_the_list_is_named(tmp_path: Path) -> None:
    lists = {"ours.txt": f"{ANA}\n", "states.csv": "number\n+1312*\n"}

    with checked(tmp_path, lists) as campaign:
        ana, ben, cat = campaign.rows()

    assert [row.reason for row in (ana, ben, cat)] == [Reason.DO_NOT_CALL, None, Reason.DO_NOT_CALL]
    assert ana.error == "phone_number: …0143 is on the do-not-call list ours.txt"
    assert cat.error == "phone_number: …0145 is on the do-not-call list states.csv as +1312*"
    assert ana.contact.phone_number == ANA
    assert campaign.problem_counts == {"do_not_call": 2}
    assert campaign.callable_count == 1


def test_one_list_needs_no_brackets(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(ANA)
    path = tmp_path / "c.yaml"
    path.write_text(
        f"do_not_call: a.txt\ncontacts:\n- phone_number: {ANA}\n- phone_number: {BEN}\n"
    )

    with load(path, max_duration_ceiling_seconds=600) as campaign:
        assert campaign.refused_count == 1


def test_the_default_region_reads_the_numbers_of_a_list(tmp_path: Path) -> None:
    with checked(tmp_path, {"a.txt": "202,5550143\n"}, "default_region: US\n") as campaign:
        assert campaign.refused_count == 1


def test_a_list_in_gzip_is_read(tmp_path: Path) -> None:
    lists = {"a.txt.gz": ""}
    with checked(tmp_path, lists):
        pass
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(f"{ANA}\n".encode()))

    with load(tmp_path / "c.yaml", max_duration_ceiling_seconds=600) as campaign:
        assert campaign.refused_count == 1


def test_a_line_that_can_t_be_read_refuses_the_campaign(tmp_path: Path) -> None:
    assert refused(tmp_path, {"a.txt": f"{ANA}\n2025550144\n"})[0] == (
        "a.txt:2: expected an international number such as +12025550123, or set default_region;"
        " got …0144"
    )


def test_a_list_that_is_not_there_is_a_problem_of_the_document(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, {})

    assert problem == "c.yaml:1:15: do_not_call: nobody.txt: there is no such file"


@pytest.mark.parametrize("name", ["-", "./-"])
def test_standard_input_is_no_list_of_a_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("c.yaml")
    path.write_text(f'do_not_call: "{name}"\ncontacts:\n- phone_number: {ANA}\n')

    with pytest.raises(CampaignError) as caught:
        load(path, max_duration_ceiling_seconds=600)

    (problem,) = caught.value.problems
    assert str(problem).startswith("c.yaml:1:14: do_not_call: ")
    assert str(problem).endswith("expected the path of a list, which standard input is not")


def test_a_number_where_a_path_belongs_is_told_masked(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f'do_not_call: ["{ANA}"]\ncontacts:\n- phone_number: {BEN}\n')

    with pytest.raises(CampaignError, match="this is an entry, and no path") as caught:
        load(path, max_duration_ceiling_seconds=600)

    assert ANA not in str(caught.value)


def test_a_campaign_says_how_many_entries_each_list_has(tmp_path: Path) -> None:
    lists = {"a.txt": f"{ANA}\n{ANA}\n+1999*\n", "b.csv": f"Phone,Mobile\n{ANA},{CAT}\n"}

    with checked(tmp_path, lists) as campaign:
        assert campaign.lists == (("a.txt", 2), ("b.csv", 2))


@pytest.mark.parametrize("value", ["", "{a: b}", "[a.txt, [b.txt]]", '[""]'])
def test_lists_are_paths(tmp_path: Path, value: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"do_not_call: {value}\ncontacts:\n- phone_number: {ANA}\n")

    with pytest.raises(CampaignError, match="expected the path of a list beside this file"):
        load(path, max_duration_ceiling_seconds=600)


def test_to_be_strict_is_no_reason_to_refuse_who_is_on_a_list(tmp_path: Path) -> None:
    with checked(tmp_path, {"a.txt": ANA}, strict=True) as campaign:
        assert campaign.refused_count == 1


def test_another_list_is_another_plan_of_the_same_campaign(tmp_path: Path) -> None:
    with checked(tmp_path, {"a.txt": ANA}) as before, checked(tmp_path, {"a.txt": BEN}) as after:
        assert before.digest == after.digest
        assert before.lists_digest != after.lists_digest


@pytest.mark.parametrize(
    ("days", "written", "expected"),
    [
        (30, ANA, []),
        (32, ANA, ["a.txt is 32 days old: a do-not-call list should be at most 31 days old"]),
        (0, "# nobody\n", ["a.txt has nobody on it"]),
    ],
)
def test_a_list_that_is_old_or_empty_is_warned_of(
    tmp_path: Path, days: int, written: str, expected: list[str]
) -> None:
    with checked(tmp_path, {"a.txt": written}):
        pass
    touched_at = time.time() - days * 86_400 - 60
    os.utime(tmp_path / "a.txt", (touched_at, touched_at))

    with load(tmp_path / "c.yaml", max_duration_ceiling_seconds=600) as campaign:
        assert len(campaign.warnings) == len(expected)
        assert all(map(str.startswith, campaign.warnings, expected))
