"""Which SIP addresses are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.fields.sip import sip_uri
from scheduler.models import Reason, Row
from tests.routes import through


def rows(tmp_path: Path, written: str) -> list[Row]:
    path = tmp_path / "contacts.csv"
    path.write_text(written)
    with load(
        path,
        route_of=through(countries=frozenset({"US"})),
        max_duration_ceiling_seconds=600,
    ) as campaign:
        return list(campaign.rows())


@pytest.mark.parametrize(
    "written",
    [
        "sip:room7@sip.example.com",
        "sips:room7@sip.example.com:5061",
        "sip:room%207;x=1@example.com;transport=tcp;lr",
        "sip:+12025550100@10.0.0.7:5060;user=phone",
        "sip:a.b-c_d!~*'()&=+$,;?/@[2001:db8::1]:5060",
        "sip:a@localhost",
    ],
)
def test_an_address_stands_as_it_is_written(written: str) -> None:
    assert sip_uri(written) == written


def test_the_case_of_a_host_makes_no_other_party() -> None:
    assert sip_uri("sip:Room@SIP.Example.com;T=X") == "sip:Room@sip.example.com;T=X"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "room7@example.com",
        "SIP:room7@example.com",
        "tel:+12025550100",
        "sip:example.com",
        "sip:@example.com",
        "sip:a:password@example.com",
        "sip:a@b@example.com",
        "sip:a b@example.com",
        "sip:a@exam ple.com",
        "sip:a@example.com\r\nVia: x",
        "sip:a@example.com\n",
        "sip:a@-example.com",
        "sip:a@example..com",
        "sip:a@999.0.0.1",
        "sip:a@[10.0.0.1]",
        "sip:a@[::x]",
        "sip:a@example.com:0",
        "sip:a@example.com:99999",
        "sip:a@example.com;",
        "sip:a@example.com;x=",
        "sip:a@example.com?subject=x",
        "sip:%zz@example.com",
        "sip:é@example.com",
        "sip:<a>@example.com",
        "sip:" + "a" * 500 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected a SIP address such as"):
        sip_uri(written)


@given(st.text(max_size=60) | st.text(st.sampled_from("sip:@.;=[]0a%- \n"), max_size=30))
def test_any_text_is_an_address_or_is_refused_in_words(written: str) -> None:
    for text in (written, f"sip:a@{written}", f"sip:{written}@example.com"):
        try:
            address = sip_uri(text)
        except ValueError as error:
            assert str(error).startswith("expected")
        else:
            assert address.isascii() and address.isprintable() and " " not in address


def test_a_contact_has_an_address_instead_of_a_number(tmp_path: Path) -> None:
    first, second = rows(tmp_path, "sip_uri,dtmf,id\nsip:a@example.com,1#,\nsip:a@Example.com,,x\n")

    assert (first.reason, second.reason) == (None, None)
    assert first.contact.sip_uri == "sip:a@example.com"
    assert first.contact.phone_number == ""
    assert first.contact.party == first.contact.contact_id == "sip:a@example.com,1#"
    assert (second.contact.party, second.contact.contact_id) == ("sip:a@example.com", "x")


def test_a_row_has_one_of_the_two(tmp_path: Path) -> None:
    written = (
        "phone_number,sip_uri\n+12025550100,\n,sip:a@example.com\n"
        "+12025550101,sip:b@example.com\n,sips:\n+1,\n"
    )

    number, address, both, bad, short = rows(tmp_path, written)

    assert (number.contact.address, address.contact.address) == (
        "+12025550100",
        "sip:a@example.com",
    )
    assert (both.reason, both.error) == (
        Reason.INVALID_ROW,
        "sip_uri: expected no sip_uri beside a phone_number",
    )
    assert (bad.reason, bad.contact.sip_uri, bad.contact.phone_number) == (
        Reason.INVALID_NUMBER,
        "sips:",
        "",
    )
    assert (
        bad.error
        == "sip_uri: expected a SIP address such as sip:room7@sip.example.com, got 'sips:'"
    )
    assert (short.reason, short.contact.phone_number) == (Reason.INVALID_NUMBER, "+1")


def test_a_row_with_neither_says_what_is_expected(tmp_path: Path) -> None:
    row, _ = rows(tmp_path, "phone_number,sip_uri,id\n,,x\n+12025550100,,\n")

    assert row.reason is Reason.INVALID_NUMBER
    assert row.error == "phone_number: expected a phone_number or a sip_uri, got neither"


def test_semicolons_of_an_address_do_not_decide_the_delimiter(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "name,sip_uri\nAda,sip:a@example.com;transport=tcp\n")

    assert row.contact.sip_uri == "sip:a@example.com;transport=tcp"


def test_a_header_that_nearly_has_an_address_names_the_column(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="rename 'SIP UR1' to sip_uri"):
        rows(tmp_path, "SIP UR1,name\nsip:a@example.com,Ada\n")
