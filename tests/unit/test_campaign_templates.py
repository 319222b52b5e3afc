"""How texts of a campaign are filled with the cells of a contact, and what they can't do."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.fields.jinja import LONGEST_TEXT
from scheduler.fields.templates import Templates
from scheduler.models import Reason, Row
from tests.examples import examples

TABLE = "phone_number,name,id,city,e-mail\n"
ROW = "(202) 555-0100,Ada,c-1, Rome ,ada@example.org\n"


def checked(tmp_path: Path, call: str, table: str = TABLE + ROW) -> CheckedCampaign:
    (tmp_path / "contacts.csv").write_text(table, encoding="utf-8")
    path = tmp_path / "first.yaml"
    path.write_text(
        f"name: spring\ncontacts: contacts.csv\ndefault_region: US\ncall:\n  {call}\n",
        encoding="utf-8",
    )
    return load(path, max_duration_ceiling_seconds=14_400)


def rows(tmp_path: Path, call: str, table: str = TABLE + ROW) -> list[Row]:
    with checked(tmp_path, call, table) as campaign:
        return list(campaign.rows())


def refused(tmp_path: Path, call: str, table: str = TABLE + ROW) -> str:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, call, table)
    (problem,) = caught.value.problems
    return str(problem).replace(f"{tmp_path}/", "")


def rendered(template: str, **cells: str) -> str:
    templates = Templates()
    templates.add(template)
    return templates[template].render(cells, "spring")


# What is filled ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "key", "expected"),
    [
        ("session_name: '{{ name }} of {{ city }}'", "session_name", "Ada of Rome"),
        ("session_name: '{{ campaign }} {{ id }}'", "session_name", "spring c-1"),
        ("session_name: 'to {{ phone_number[-4:] }}'", "session_name", "to 0100"),
        ("session_name: '{{ phone_number }}'", "session_name", "+12025550100"),
        ("session_name: '{{ contact.city ~ contact[\"e-mail\"][:3] }}'", "session_name", "Romeada"),
        ("session_name: '{% if city == \"Rome\" %}a{% else %}b{% endif %}'", "session_name", "a"),
        ("summary_emails: '{{ contact[\"e-mail\"] }}'", "summary_emails", ["ada@example.org"]),
        (
            "summary_emails: [ops@example.org, '{{ contact[\"e-mail\"] }}']",
            "summary_emails",
            ["ops@example.org", "ada@example.org"],
        ),
        (
            "users: [{user_id: '{{ id }}', name: '{{ name | upper }}'}, {user_id: bot}]",
            "users",
            [{"user_id": "c-1", "name": "ADA"}, {"user_id": "bot"}],
        ),
        (
            "webhook_url: 'https://example.org/{{ city | urlencode }}?c={{ id }}'",
            "webhook_url",
            "https://example.org/Rome?c=c-1",
        ),
        ("languages: \"{{ 'it-IT' if city == 'Rome' else 'en-US' }}\"", "languages", ["it-IT"]),
        ("session_name: |\n    {{ name }}\n", "session_name", "Ada"),
    ],
)
def test_a_text_is_filled_with_the_cells_of_the_contact(
    tmp_path: Path, call: str, key: str, expected: Any
) -> None:
    with checked(tmp_path, call) as campaign:
        (row,) = campaign.rows()

    assert row.error == ""
    assert row.contact.options == {key: expected}
    assert campaign.policy.options.keys() <= {"intents"}


def test_a_text_without_holes_is_the_campaigns_alone(tmp_path: Path) -> None:
    with checked(tmp_path, "{session_name: 'a } b {', languages: '{{ \"en-US\" }}'}") as campaign:
        (row,) = campaign.rows()

    assert campaign.policy.options["session_name"] == "a } b {"
    assert "languages" not in campaign.policy.options
    assert row.contact.options == {"languages": ["en-US"]}


def test_filled_key_presses_are_a_part_of_the_party(tmp_path: Path) -> None:
    table = "phone_number,pin,dtmf\n+12025550100,11,\n+12025550100,12,\n+12025550100,13,9#\n"

    assert [row.contact.party for row in rows(tmp_path, "dtmf: ',,{{ pin }}#'", table)] == [
        "+12025550100,,,11#",
        "+12025550100,,,12#",
        "+12025550100,9#",
    ]


def test_what_is_filled_with_nothing_is_left_out(tmp_path: Path) -> None:
    call = (
        "{session_name: '{{ a }}', dtmf: '{% if a %}1{{ a }}#{% endif %}', "
        "summary_emails: ['{{ a }}', ops@example.org], users: [{user_id: '{{ a }}'}]}"
    )

    (row,) = rows(tmp_path, call, "phone_number,a\n+12025550100,\n")

    assert row.contact.options == {"summary_emails": ["ops@example.org"]}
    assert row.contact.dtmf == ""


def test_a_contacts_own_column_stands_before_the_campaigns_text(tmp_path: Path) -> None:
    table = "phone_number,call.session_name\n+12025550100,{{ 7 * 7 }}\n+12025550101,\n"

    first, second = rows(tmp_path, "session_name: 'to {{ phone_number }}'", table)

    assert first.contact.options == {"session_name": "{{ 7 * 7 }}"}
    assert second.contact.options == {"session_name": "to +12025550101"}


# What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ ctiy }}", "there is no column 'ctiy': did you mean city?"),
        ("{{ City }}", "there is no column 'City': did you mean city?"),
        ("{{ ctiy | default(1) }}", "there is no column 'ctiy': did you mean city?"),
        ("{{ contact.zebra }}", "there is no column 'zebra': expected one of "),
        ("{{ sip_uri }}", "there is no column 'sip_uri': expected one of "),
        ("{{ name", "this is no template: unexpected end of template"),
        ("{{ name | shout }}", "there is no filter 'shout': expected one of capitalize, "),
        ("{{ name is divisibleby(3) }}", "there is no test 'divisibleby': expected one of "),
        ("{{ name.upper() }}", "expected columns in {{ }}, with filters, and {% if %}; nothing"),
        ("{{ name.upper }}", "a cell has no 'upper': use a filter such as | upper"),
        ("{{ contact }}", "contact is no column: write contact['column']"),
        ("{{ self }}", "self is no column: write contact['column']"),
        ("{% for a in name %}{{ a }}{% endfor %}", "expected columns in {{ }}, with filters, and "),
        ("{% set a = name %}", "expected columns in {{ }}, with filters, and {% if %}, got assign"),
        ("{{ " + "(" * 400 + "1" + ")" * 400 + " }}", "expected a template that is not nested so"),
        ("{{ name }}" + "x" * 1000, "expected a template of at most 1,000 characters"),
    ],
)
def test_a_text_that_nobody_can_fill_refuses_the_file_at_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    quoted = '"' + text.replace('"', '\\"') + '"'

    said = refused(tmp_path, f"users:\n  - user_id: a\n    name: {quoted}")

    assert said.startswith(f"first.yaml:7:11: call.users.name: {problem}")


@pytest.mark.parametrize(
    "text",
    [
        "{{ range(10**9) }}",
        "{{ 'a' * 10**9 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ name.__class__.__mro__ }}",
        "{{ ''.format() }}",
        "{{ cycler.__init__ }}",
        "{{ lipsum() }}",
        "{{ name | attr('__class__') }}",
        "{{ name | center(1000000000) }}",
        "{{ name | format(1) }}",
        "{{ 5 | round(-1000000000) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{% macro a() %}{% endmacro %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{{ {'a': 1} }}",
    ],
)
def test_a_text_can_neither_run_away_nor_reach_anything(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|there is no|a cell has no"):
        Templates().add(text)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("{{ name ~ name }}", "x" * 900),
        ("{{ name | replace('', name) | replace('', name) }}", "x" * 900),
        ("{{ name }}" * 90, "x" * 130_000),
    ],
)
def test_a_text_that_becomes_too_long_skips_its_row_at_once(text: str, cell: str) -> None:
    started = time.monotonic()

    with pytest.raises(ValueError, match=r"1,000 characters|too much"):
        rendered(text, name=cell)

    assert time.monotonic() - started < 20


def test_nothing_of_a_cell_but_its_text_can_be_had() -> None:
    for key in ("__class__", "upper", "format", "__init__"):
        with pytest.raises(ValueError, match="expected a template that this contact can fill"):
            rendered(f"{{{{ name['{key}'] }}}}", name="x")
    for text in ("{{ name[5] }}", "{{ name - 1 }}", "{{ name, name }}", "{{ none }}"):
        with pytest.raises(ValueError, match="expected a template that this contact can fill"):
            rendered(text, name="x")


@pytest.mark.parametrize(
    ("call", "row", "good", "error"),
    [
        (
            "dtmf: '{{ city }}#'",
            ROW,
            "1",
            "call.dtmf: expected key presses of 0-9, * and #, with a",
        ),
        (
            "session_name: '{{ city }}'",
            '+12025550100,,,"a\nb",\n',
            "x",
            "call.session_name: expected a name of at most 100 printable",
        ),
        (
            "session_name: '{{ city }}'",
            f"+12025550100,,,{'x' * 101},\n",
            "x",
            "call.session_name: expected a name of at most 100 printable",
        ),
        (
            "session_name: '{{ city }}'",
            f"+12025550100,,,{'x' * 1001},\n",
            "x",
            "call.session_name: expected at most 1,000 characters, got more",
        ),
        (
            "summary_emails: '{{ city }}'",
            "+12025550100,,,a@x.org;b@x.org,\n",
            "a@x.org",
            "call.summary_emails: expected a mail address such as",
        ),
        (
            "users: [{user_id: '{{ city }}', name: x}]",
            "+12025550100,,,,\n",
            "x",
            "call.users: user_id: expected 1 to 200 printable characters",
        ),
        (
            "webhook_url: 'https://{{ city }}'",
            "+12025550100,,,a b,\n",
            "example.org",
            "call.webhook_url: expected a web address",
        ),
        (
            "session_name: '{{ city if city == \"x\" else city - 1 }}'",
            "+12025550100,,,1,\n",
            "x",
            "call.session_name: expected a template that this contact can fill: unsupported",
        ),
    ],
)
def test_a_filled_text_is_checked_as_any_other_and_skips_its_row(
    tmp_path: Path, call: str, row: str, good: str, error: str
) -> None:
    table = f"{TABLE}{row}+12025550101,Bob,c-2,{good},\n"

    first, second = rows(tmp_path, call, table)

    assert first.reason is Reason.INVALID_ROW
    assert first.error.startswith(error)
    assert second.reason is None


# Lists of contacts ------------------------------------------------------------------------------


def test_a_contact_of_a_list_that_lacks_a_named_key_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "first.yaml"
    path.write_text(
        "call: {session_name: 'to {{ city }}'}\n"
        "contacts:\n"
        "- {phone_number: +12025550100, city: Rome}\n"
        "- {phone_number: +12025550101, city: }\n"
        "- {phone_number: +12025550102}\n"
    )

    with load(path, max_duration_ceiling_seconds=600) as campaign:
        all_rows = list(campaign.rows())

    assert [row.contact.options for row in all_rows] == [
        {"session_name": "to Rome"},
        {"session_name": "to"},
        {},
    ]
    assert [row.reason for row in all_rows] == [None, None, Reason.INVALID_ROW]
    assert [str(problem).replace(f"{tmp_path}/", "") for problem in campaign.problems] == [
        "first.yaml:5:3: call.session_name: "
        "expected a cell 'city', which this contact does not have"
    ]


def test_a_key_that_no_contact_of_a_list_has_refuses_the_file(tmp_path: Path) -> None:
    path = tmp_path / "first.yaml"
    path.write_text(
        "call: {session_name: 'to {{ ctiy }}'}\ncontacts:\n"
        "- {phone_number: +12025550100, city: Rome}\n- {phone_number: +12025550101}\n"
    )

    with pytest.raises(CampaignError) as caught:
        load(path, max_duration_ceiling_seconds=600)

    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "first.yaml:1:22: call.session_name: there is no column 'ctiy': did you mean city?"
    )


# Whatever is written ----------------------------------------------------------------------------

PIECES = [
    *("{{", "}}", "{%", "%}", "{#", "#}", "name", "contact", "self", "['", "']", ".", "|", " "),
    *("if", "else", "endif", "raw", "endraw", "for", "in", "upper", "default", "replace", "(", ")"),
    *("'a'", "1", "-", "+", "~", "*", "==", "not", "is", "defined", "[", "]", ":", ",", "\n", "é"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60)
CELLS = TEXTS.filter(lambda cell: cell.isprintable() and len(cell) < 80)


@examples(500)
@given(text=TEXTS, cell=TEXTS)
def test_any_text_is_a_template_or_is_refused_in_words(text: str, cell: str) -> None:
    templates = Templates()
    try:
        templates.add(text)
        assert len(templates[text].render({"name": cell}, "spring")) <= LONGEST_TEXT
    except ValueError as error:
        assert str(error)


@examples(200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cell=CELLS)
@example(cell="{{ 7 * 7 }}")
@example(cell="{% raw %}")
@example(cell="{{ contact['phone_number'] }}")
def test_no_cell_is_ever_read_as_a_template(tmp_path: Path, cell: str) -> None:
    table = io.StringIO()
    csv.writer(table).writerows(
        [
            ["phone_number", "note", "call.session_name"],
            ["+12025550100", cell, ""],
            ["+12025550101", cell, cell],
        ]
    )

    filled, own = rows(tmp_path, "session_name: 'to {{ note }}.'", table.getvalue())

    assert filled.contact.options == {"session_name": f"to {cell.strip()}."}
    assert own.contact.options["session_name"] == (cell.strip() or "to .")
