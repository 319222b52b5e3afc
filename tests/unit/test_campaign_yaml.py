"""What a campaign file in YAML may say, and where its problems are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.hours.weeks import read_week
from scheduler.models import Hours, OptOuts, Policy, Reason

CONTACTS = "contacts: contacts.csv\n"

#: Where a file says nothing of it, machines and wishes not to be called are listened for.
LISTENING = Policy(
    options={"intents": [{"intent": "do_not_call"}, {"intent": "answering_machine"}]},
    hears_machines=True,
    opt_outs=OptOuts.CALLEES,
)


def checked(tmp_path: Path, written: str | bytes, encoding: str = "utf-8") -> CheckedCampaign:
    (tmp_path / "contacts.csv").write_text("phone_number\n+12025550100\n")
    path = tmp_path / "first.yaml"
    path.write_bytes(written if isinstance(written, bytes) else written.encode())
    return load(path, Reading(encoding=encoding), max_duration_ceiling_seconds=14_400)


def refused(tmp_path: Path, written: str | bytes) -> list[str]:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, written)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_a_file_says_name_account_and_policy(tmp_path: Path) -> None:
    written = (
        "name: Spring round 1\naccount: main\nprovider: symbl\nmax_duration: 90s\n"
        "max_concurrency: 20\ncall:\n  session_name: spring\ninsights: []\non_unknown: hold\n"
        "calling_hours: always\n"
    )

    with checked(tmp_path, written + CONTACTS) as campaign:
        assert (campaign.name, campaign.slug) == ("Spring round 1", "Spring-round-1")
        assert campaign.account.name == "main"
        assert campaign.policy == Policy(
            max_duration_seconds=90.0,
            max_concurrency=20,
            options={"session_name": "spring"} | LISTENING.options,
            insights=(),
            hears_machines=True,
            opt_outs=OptOuts.CALLEES,
        )


def test_what_a_file_leaves_out_has_defaults(tmp_path: Path) -> None:
    with checked(tmp_path, CONTACTS) as campaign:
        assert campaign.name == "first"
        assert campaign.account.name == "default"
        default = Hours("CALLSCHED_CALLING_HOURS", read_week("8:00-21:00"))
        assert campaign.policy == replace(LISTENING, hours=(default,))


def test_contacts_may_be_listed_with_the_columns_of_a_csv_as_keys(tmp_path: Path) -> None:
    written = (
        "contacts:\n"
        "  - phone_number: +12025550100\n"
        "    Name: Ada\n"
        "    city: NO\n"
        "    floor: 010\n"
        "    nothing:\n"
    )

    with checked(tmp_path, written) as campaign:
        (row,) = campaign.rows()

    assert (row.contact.phone_number, row.contact.name) == ("+12025550100", "Ada")
    assert row.contact.variables == {"city": "NO", "floor": "010"}
    assert row.line == 2


def test_a_number_that_lost_its_plus_is_refused_at_its_place(tmp_path: Path) -> None:
    written = "contacts:\n- phone_number: 12025550100\n- phone_number: +12025550101\n"

    with checked(tmp_path, written) as campaign:
        row = next(campaign.rows())

    assert row.reason is Reason.INVALID_NUMBER
    assert str(campaign.problems[0]) == (
        f"{tmp_path}/first.yaml:2:17: phone_number: expected an international number such as "
        "+12025550123; put a plus sign before it, or set default_region; got …0100"
    )


def test_the_default_region_reads_national_numbers(tmp_path: Path) -> None:
    written = "default_region: us\ncontacts:\n- phone_number: 202-555-0100\n"

    with checked(tmp_path, written) as campaign:
        (row,) = campaign.rows()

    assert row.contact.phone_number == "+12025550100"


def test_the_campaigns_dtmf_is_for_contacts_that_have_none(tmp_path: Path) -> None:
    written = (
        'call: {dtmf: "1#"}\ncontacts:\n'
        '- phone_number: +12025550100\n- {phone_number: "+12025550100", dtmf: "2#"}\n'
    )

    with checked(tmp_path, written) as campaign:
        assert [row.contact.party for row in campaign.rows()] == [
            "+12025550100,1#",
            "+12025550100,2#",
        ]


def test_every_wrong_key_and_value_is_reported_at_its_place(tmp_path: Path) -> None:
    written = (
        "max_duraton: 90s\n"
        "max_duration: 5 minutes\n"
        "max_concurrency: 0\n"
        "account:\n"
        "call:\n"
        "  sesion_name: x\n"
        "  dtmf: abc\n"
        "insights: [topics, tropics]\n"
        "on_unknown: retry\n"
        "provider: twilio\n"
        "default_region: UK\n"
    )

    assert refused(tmp_path, written) == [
        "first.yaml:1:1: contacts: "
        "expected a list of contacts, or the path of a file of them beside this one",
        "first.yaml:1:1: unknown key 'max_duraton': did you mean max_duration?",
        "first.yaml:2:15: max_duration: "
        "expected a duration such as 90s, 1500ms, 5m or 2h, got '5 minutes'",
        "first.yaml:3:18: max_concurrency: expected a whole number from 1 on, got '0'",
        "first.yaml:4:9: account: expected 1 to 64 letters, digits, dots, dashes and underscores",
        "first.yaml:6:3: unknown key 'sesion_name': did you mean session_name?",
        "first.yaml:7:9: call.dtmf: "
        "expected key presses of 0-9, * and #, with a comma for a pause, got 'abc'",
        "first.yaml:8:20: insights: expected a list of transcript, topics, action_items, "
        "follow_ups, questions, summary, analytics, members, entities, trackers, got 'tropics'",
        "first.yaml:9:13: on_unknown: expected hold or redial, got 'retry'",
        "first.yaml:10:11: provider: expected symbl, whose account this is, got 'twilio'",
        "first.yaml:11:17: default_region: expected an ISO country such as US or GB, got 'UK': did"
        " you mean GB?",
    ]


def test_an_unknown_key_that_resembles_none_gets_the_list(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, f"{CONTACTS}zebra: x\n")

    assert problem.startswith("first.yaml:2:1: unknown key 'zebra': expected one of account, ")


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        ("hours: 9-17", "calling_hours, such as calling_hours: mon-fri 9:00-17:00?"),
        ("dnc: x.txt", "do_not_call, such as do_not_call: never.txt?"),
        ("retries: 3", "retry, such as retry: {busy: {max: 2, delays: [15m]}}?"),
        ("no_answer: 3", "retry.no_answer, such as retry: {no_answer: {max: 2, delays: [15m]}}?"),
        ("languages: en-US", "call.languages?"),
        ("call: {max_duration: 5m}", "max_duration, at the top of the file?"),
        (
            "retry: {voicemail: 2}",
            "retry.machine, such as retry: {machine: {max: 2, delays: [15m]}}?",
        ),
    ],
)
def test_what_others_call_a_key_or_where_it_stands_is_known(
    tmp_path: Path, keys: str, meant: str
) -> None:
    (problem,) = refused(tmp_path, f"{CONTACTS}{keys}\n")

    assert problem.endswith(f": did you mean {meant}")


def test_of_what_a_provider_can_t_do_it_is_said_so(tmp_path: Path) -> None:
    written = f"{CONTACTS}message: Hello.\nrecord: true\n"

    assert [each.partition(": ")[2] for each in refused(tmp_path, written)] == [
        "unknown key 'message': a call through symbl says nothing to whom it calls",
        "unknown key 'record': symbl has no call.record",
    ]
    with checked(tmp_path, f"{CONTACTS}retry: {{busy: {{max: 1, delays: [5m]}}}}\n") as campaign:
        (warning,) = campaign.warnings
    assert "first.yaml:2:9: retry.busy: symbl can't tell that a call ended so" in warning


@pytest.mark.parametrize("name", ['"a\\x1bb"', "x" * 201, ""])
def test_a_name_has_to_be_short_and_printable(tmp_path: Path, name: str) -> None:
    (problem,) = refused(tmp_path, f"{CONTACTS}name: {name}\n")

    assert "name: expected a name of 1 to 200 printable characters" in problem


def test_a_duration_above_the_ceiling_names_the_setting(tmp_path: Path) -> None:
    assert refused(tmp_path, f"{CONTACTS}max_duration: 5h\n") == [
        "first.yaml:2:15: max_duration: "
        "expected at most 4h, the ceiling that CALLSCHED_MAX_DURATION_CEILING sets"
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "first.yaml: expected keys and values, such as contacts: contacts.csv; "),
        ("- 1", "first.yaml:1:1: expected keys and values"),
        ("just words", "first.yaml:1:1: expected keys and values"),
        ("name: !!python/object:os.system x", "first.yaml:1:7: tags are not read: remove "),
        ("name: !x y", "first.yaml:1:7: tags are not read"),
        ("name: &a x", "first.yaml:1:7: anchors and aliases"),
        ("name: *a", "first.yaml:1:7: anchors and aliases"),
        ("name: a\nname: b", "first.yaml:2:1: 'name' is there twice, first in line 1"),
        ("call:\n  dtmf: 1\n  dtmf: 2", "first.yaml:3:3: 'dtmf' is there twice"),
        ("name: [a\nx: }", "first.yaml:2:2: this is not YAML: "),
        ("name: a\n\tx: b", "first.yaml:2:1: this is not YAML: "),
        ("name: a\n---\nname: b", "first.yaml:2:1: expected one document"),
        ("? [a]\n: b", "first.yaml:1:3: expected a word as the key"),
        ("a: " + "[" * 1000, "first.yaml:1:20: expected at most 16 levels of nesting"),
        ("name: a\x07b", "first.yaml:1:8: expected text, got the control character"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_line_and_column(
    tmp_path: Path, written: str, problem: str
) -> None:
    assert refused(tmp_path, written)[0].startswith(problem)


def test_aliases_that_would_explode_are_refused(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + depth)}: &{chr(98 + depth)} [*{chr(97 + depth)}, *{chr(97 + depth)}]\n"
        for depth in range(20)
    )

    (problem,) = refused(tmp_path, bomb)

    assert problem.startswith("first.yaml:1:4: anchors and aliases")


def test_a_document_that_is_too_large_is_sent_to_a_csv(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, "#" * (4 * 1024**2 + 1))

    assert "expected at most 4 MiB: put many contacts into a file of CSV or JSON Lines" in problem


def test_a_document_that_is_not_utf8_is_refused_with_the_place_of_the_byte(
    tmp_path: Path,
) -> None:
    (problem,) = refused(tmp_path, "contacts: x.csv\nname: Zoé\n".encode("latin-1"))

    assert problem.startswith(
        "first.yaml:2:9: expected UTF-8 text, got the byte 0xE9 at byte offset 24:"
    )


def test_an_encoding_is_for_the_csv_unless_the_document_needs_it_too(tmp_path: Path) -> None:
    for codec in ("utf-8", "latin-1"):
        written = f"{CONTACTS}name: Zoé\n".encode(codec)
        with checked(tmp_path, written, encoding="latin-1") as campaign:
            assert campaign.name == "Zoé"


def test_a_byte_order_mark_and_crlf_are_read_over(tmp_path: Path) -> None:
    written = f"\ufeffname: a\n{CONTACTS}x: y\n".replace("\n", "\r\n")

    assert refused(tmp_path, written)[0].startswith("first.yaml:3:1: unknown key 'x'")


@pytest.mark.parametrize(
    ("contacts", "problem"),
    [
        ("nowhere.csv", "there is no such file"),
        (".", "this is a folder; expected a file that ends in .csv, .tsv, .txt"),
        ("first.yaml", "expected a file that ends in .csv, .tsv, .txt"),
        ('"a\\0.csv"', "this is no name of a file"),
    ],
)
def test_a_csv_that_cannot_be_opened_is_a_problem_of_the_document(
    tmp_path: Path, contacts: str, problem: str
) -> None:
    (said,) = refused(tmp_path, f"name: a\ncontacts: {contacts}\n")

    assert said.startswith("first.yaml:2:11: contacts: ")
    assert problem in said


@pytest.mark.parametrize("contacts", ["", "[]", "~", "{a: b}"])
def test_contacts_have_to_be_a_list_or_a_path(tmp_path: Path, contacts: str) -> None:
    (said,) = refused(tmp_path, f"name: a\ncontacts: {contacts}\n")

    assert "expected a list of contacts, or the path of a file of them beside this one" in said


@pytest.mark.parametrize(
    ("contact", "problem"),
    [
        ("Ada", "first.yaml:2:3: contacts: expected keys such as phone_number"),
        ("{phome: +12025550100}", "first.yaml:2:3: expected a column phone_number; rename"),
        ("{siper: a}", "first.yaml:2:3: expected a column sip_uri; rename 'siper' to sip_uri"),
        ("{phone_number: [1]}", "first.yaml:2:18: phone_number: expected text, got a list"),
        ("{phone_number: 1, Name: a, name: b}", "first.yaml:2:3: the column 'name' is there"),
    ],
)
def test_a_listed_contact_without_the_shape_of_one_refuses_the_file(
    tmp_path: Path, contact: str, problem: str
) -> None:
    assert refused(tmp_path, f"contacts:\n- {contact}\n")[0].startswith(problem)


@pytest.mark.parametrize(
    ("keys", "total"),
    [
        ("busy: {max: 3, delays: [5m, 20m]}, machine: {max: 1, delays: [1h]}", 4),
        ("no_answer: {max: 1, delays: [1m]}, failed: {max: 2, delays: [1m]}, total: 2", 2),
        ("total: 1", 1),
    ],
)
def test_retries_are_named_by_reasons_and_bounded_in_all(
    tmp_path: Path, keys: str, total: int
) -> None:
    with checked(tmp_path, f"{CONTACTS}retry: {{{keys}}}\n") as campaign:
        policy = campaign.policy

    assert policy.retry_total == total
    assert [name for name in ("busy", "machine", "no_answer", "failed") if name in keys] == [
        *policy.retry
    ]


def test_what_retries_can_t_be_is_refused_at_its_place(tmp_path: Path) -> None:
    written = "retry:\n  bussy: {max: 1, delays: [1m]}\n  total: 0\n"

    assert refused(tmp_path, CONTACTS + written) == [
        "first.yaml:3:3: unknown key 'bussy': did you mean busy?",
        "first.yaml:4:10: retry.total: expected the most attempts that may ring, the first one"
        " included: 1 to 100, got '0'",
    ]
