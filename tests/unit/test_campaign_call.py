"""What a campaign file may say of every start, and of the start of one contact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.models import CHEAP_INSIGHTS, Insight, OnMachine, OptOuts, Reason, Row, StartOptions

ONE = "contacts:\n- phone_number: +12025550100\n"
HEADER = "phone_number,"
NUMBER = "+12025550100,"
FOUR = ["es-US", "en-US", "fr-CA", "de-DE"]


def checked(tmp_path: Path, written: str, table: str = "") -> CheckedCampaign:
    (tmp_path / "contacts.csv").write_text(table)
    path = tmp_path / "first.yaml"
    path.write_text(written)
    return load(path, max_duration_ceiling_seconds=14_400)


def refused(tmp_path: Path, written: str, table: str = "") -> list[str]:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, written, table)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def options(tmp_path: Path, call: str) -> StartOptions:
    with checked(tmp_path, f"call: {{{call}}}\n{ONE}") as campaign:
        assert next(campaign.rows()).contact.options == {}
        return campaign.policy.options


#: What is listened for unless a campaign says otherwise.
OPT_OUTS, MACHINES = {"intent": "do_not_call"}, {"intent": "answering_machine"}


def own(tmp_path: Path, key: str, cell: str) -> Row:
    quoted = '"' + cell.replace('"', '""') + '"'
    table = f"{HEADER}call.{key}\n{NUMBER}{quoted}\n+12025550101,\n"
    with checked(tmp_path, "contacts: contacts.csv\n", table) as campaign:
        row, other = campaign.rows()
    assert other.contact.options == {}
    return row


# Every contact's ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("session_name: spring", {"session_name": "spring"}),
        ("session_name: ''", {}),
        ("languages: es-US", {"languages": ["es-US"]}),
        ("languages: [es-US, zh-Hans-CN]", {"languages": ["es-US", "zh-Hans-CN"]}),
        ("timezone: America/Chicago", {"timezone": "America/Chicago"}),
        ("summary_emails: a@example.org", {"summary_emails": ["a@example.org"]}),
        (
            "summary_emails: [a@example.org, b@x.example.org], summary_on: start",
            {"summary_emails": ["a@example.org", "b@x.example.org"], "summary_on": "start"},
        ),
        ("intents: [interested]", {"intents": [{"intent": "interested"}, OPT_OUTS, MACHINES]}),
        (
            "intents: [interested], opt_outs: false",
            {"intents": [{"intent": "interested"}, MACHINES]},
        ),
        ("opt_outs: false", {"intents": [MACHINES]}),
        ("opt_outs: true, dtmf: '1#'", {"intents": [OPT_OUTS, MACHINES]}),
        ("intents: []", {"intents": []}),
        (
            "intents: [do_not_call, {intent: interested, silence_timeout: 30s}]",
            {
                "intents": [
                    {"intent": "do_not_call"},
                    {"intent": "interested", "silence_seconds": 30.0},
                    MACHINES,
                ]
            },
        ),
        ("insight_types: [action_item, question]", {"insight_types": ["action_item", "question"]}),
        (
            "users: [{user_id: ana@example.org, name: Ana, role: host}, {user_id: bot}]",
            {
                "users": [
                    {"user_id": "ana@example.org", "name": "Ana", "role": "host"},
                    {"user_id": "bot"},
                ]
            },
        ),
        (
            "audio: {encoding: PCMU, sample_rate: 16000, sample_size: 16, payload_type: 0}",
            {
                "audio": {
                    "encoding": "PCMU",
                    "sample_rate": 16000,
                    "sample_size": 16,
                    "payload_type": 0,
                }
            },
        ),
        ("idle_timeout: 10m", {"idle_timeout_seconds": 600.0}),
        ("idle_timeout: never", {"idle_timeout_seconds": -1.0}),
        ("webhook_url: 'https://example.org/x?y=1'", {"webhook_url": "https://example.org/x?y=1"}),
        ("callback_url: 'http://[::1]:8080/'", {"callback_url": "http://[::1]:8080/"}),
        ("provider_name: Zoom", {"provider_name": "Zoom"}),
        (
            "transport: transport=UDP;audioTransport=RTP;",
            {"transport": "transport=UDP;audioTransport=RTP;"},
        ),
        ("endpoint_language: en-US", {"endpoint_language": "en-US"}),
        ("timezone_offset: -480", {"timezone_offset_minutes": -480}),
        ("push_speaker_events: true", {"push_speaker_events": True}),
        ("dtmf: '1#'", {"intents": [MACHINES]}),
        ("on_machine: go_on", {}),
    ],
)
def test_what_a_campaign_says_becomes_its_options(
    tmp_path: Path, call: str, expected: StartOptions
) -> None:
    assert options(tmp_path, call) == {"intents": [OPT_OUTS, MACHINES]} | expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("", OptOuts.CALLEES),
        ("intents: [interested]", OptOuts.CALLEES),
        ("intents: [do_not_call]", OptOuts.ALL),
        ("opt_outs: true", OptOuts.ALL),
        ("intents: []", OptOuts.OFF),
        ("opt_outs: false", OptOuts.OFF),
        ("dtmf: '1#'", OptOuts.OFF),
    ],
)
def test_a_wish_not_to_be_called_is_listened_for_until_a_campaign_turns_it_off(
    tmp_path: Path, call: str, expected: OptOuts
) -> None:
    with checked(tmp_path, f"call: {{{call}}}\n{ONE}") as campaign:
        assert campaign.policy.opt_outs is expected


def test_a_number_that_many_may_share_is_not_listed_for_the_wish_of_one(tmp_path: Path) -> None:
    table = f"{HEADER}dtmf\n{NUMBER}4711#\n+12025550101,\n"

    with checked(tmp_path, "contacts: contacts.csv\n", table) as campaign:
        room, person = (row.contact for row in campaign.rows())

    assert (room.options, person.options) == ({"intents": [MACHINES]}, {})
    assert [campaign.policy.hears_opt_outs(each) for each in (room, person)] == [False, True]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("languages: english", "call.languages: expected a language code such as en-US, or"),
        ("languages: ''", "call.languages: expected a language code"),
        ("timezone: Mars/X", "call.timezone: unknown time zone 'Mars/X': expected an IANA name"),
        ("summary_emails: [ana]", "call.summary_emails: expected a mail address such as"),
        ("summary_emails: ['a@b.org>']", "call.summary_emails: expected a mail address such as"),
        ("summary_on: never", "call.summary_on: expected start or stop, got 'never'"),
        ("intents: [maybe]", "call.intents.intent: expected answering_machine, interested, "),
        (
            "intents: [{intent: interested, silence_timeout: 0s}]",
            "call.intents.silence_timeout: expected a duration of more than nothing",
        ),
        ("insight_types: ['a b!']", "call.insight_types: expected a list of words such as"),
        ("users: [{name: Ana}]", "call.users.user_id: expected 1 to 200 printable characters"),
        ("users: [{user_id: a, nam: b}]", "unknown key 'nam': did you mean name?"),
        ("users: ana", "call.users: expected a list such as [{user_id: ana@example.org"),
        ("audio: {encoding: MP3}", "call.audio.encoding: expected OPUS, SPEEX, LINEAR16, MULAW"),
        ("audio: {sample_rate: 16}", "call.audio.sample_rate: expected a rate in Hz such as 16000"),
        ("audio: {payload_type: 128}", "call.audio.payload_type: expected 0 to 127, got '128'"),
        ("idle_timeout: -1", "call.idle_timeout: expected a duration such as 90s"),
        ("webhook_url: ftp://example.org", "call.webhook_url: expected a web address that starts"),
        ("webhook_url: 'https://'", "call.webhook_url: expected a web address"),
        ("callback_url: https://a b.org", "call.callback_url: expected a web address"),
        ("callback_url: 'https://a.org:99999'", "call.callback_url: expected a web address"),
        ("transport: UDP", "call.transport: expected settings such as transport=UDP;audioT"),
        ("endpoint_language: e", "call.endpoint_language: expected a language code such as"),
        ("timezone_offset: 5000", "call.timezone_offset: expected whole minutes from UTC"),
        ("push_speaker_events: maybe", "call.push_speaker_events: expected true or false"),
        ("on_machine: hang_up", "call.on_machine: expected go_on, stop, not_reached, or a"),
        ("session_name: {a: b}", "call.session_name: expected a name of at most 100 printable"),
        ("dtmf: '1A#'", "call.dtmf: expected key presses of 0-9, * and #, with a comma for"),
        ("transport: '{{ id }}=x'", "call.transport: expected settings such as transport=UDP"),
        ("transport: 'x={{ id }}'", "call.transport: expected settings such as transport=UDP"),
        ("insight_types: '{{ id }}'", "call.insight_types: expected a list of words"),
        ("audio: {encoding: '{{ id }}'}", "call.audio.encoding: expected OPUS, SPEEX"),
        ("languges: x", "unknown key 'languges': did you mean languages?"),
    ],
)
def test_a_value_that_the_api_could_not_mean_refuses_the_file(
    tmp_path: Path, call: str, problem: str
) -> None:
    (said,) = refused(tmp_path, f"call: {{{call}}}\n{ONE}")

    assert said.split(": ", 1)[1].startswith(problem)


def test_a_problem_in_a_list_has_the_place_of_its_item(tmp_path: Path) -> None:
    written = "call:\n  languages:\n    - en-US\n    - klingonese\n  users:\n    - {user_id: ''}\n"

    assert [said.split(" ")[0] for said in refused(tmp_path, written + ONE)] == [
        "first.yaml:4:7:",
        "first.yaml:6:17:",
    ]


@pytest.mark.parametrize("on_machine", ["stop", "not_reached"])
@pytest.mark.parametrize(
    ("intents", "expected"),
    [
        (", intents: []", ["answering_machine"]),
        (", intents: [interested]", ["interested", "do_not_call", "answering_machine"]),
        (
            ", intents: [answering_machine, interested]",
            ["answering_machine", "interested", "do_not_call"],
        ),
    ],
)
def test_who_does_something_about_machines_listens_for_them(
    tmp_path: Path, on_machine: str, intents: str, expected: list[str]
) -> None:
    with checked(tmp_path, f"call: {{on_machine: {on_machine}{intents}}}\n{ONE}") as campaign:
        policy = campaign.policy

    assert policy.on_machine is OnMachine(on_machine)
    assert [intent["intent"] for intent in policy.options["intents"]] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", CHEAP_INSIGHTS),
        ("insights: []\n", ()),
        (
            "insights: [trackers, topics, entities]\n",
            (Insight.TRACKERS, Insight.TOPICS, Insight.ENTITIES),
        ),
    ],
)
def test_a_file_says_what_is_read_of_a_conversation(
    tmp_path: Path, written: str, expected: tuple[Insight, ...]
) -> None:
    with checked(tmp_path, written + ONE) as campaign:
        assert campaign.policy.insights == expected


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[topics, topics]", "expected every insight once, got 'topics' twice"),
        ("[topic]", "expected a list of transcript, topics, "),
        ("", "expected a list of transcript, topics, "),
    ],
)
def test_insights_are_known_words_and_each_of_them_once(
    tmp_path: Path, written: str, problem: str
) -> None:
    (said,) = refused(tmp_path, f"insights: {written}\n{ONE}")

    assert f": insights: {problem}" in said


# One contact's -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "cell", "expected"),
    [
        ("session_name", "Team [A]; {b}", {"session_name": "Team [A]; {b}"}),
        ("languages", "es-US", {"languages": ["es-US"]}),
        ("languages", " es-US; en-US,fr-CA  de-DE;", {"languages": FOUR}),
        ("languages", "[es-US, en-US, fr-CA, de-DE]", {"languages": FOUR}),
        ("languages", '["es-US", "en-US", "fr-CA", "de-DE"]', {"languages": FOUR}),
        ("languages", "[]", {"languages": []}),
        ("summary_emails", "a@x.org b@x.org", {"summary_emails": ["a@x.org", "b@x.org"]}),
        (
            "intents",
            "interested;do_not_call",
            {"intents": [{"intent": "interested"}, OPT_OUTS, MACHINES]},
        ),
        (
            "intents",
            "[{intent: interested, silence_timeout: 5s}]",
            {
                "intents": [
                    {"intent": "interested", "silence_seconds": 5.0},
                    OPT_OUTS,
                    MACHINES,
                ]
            },
        ),
        ("insight_types", "action_item, question", {"insight_types": ["action_item", "question"]}),
        (
            "users",
            '[{"user_id": "a@x.org", "name": "{{ Ana }}"}]',
            {"users": [{"user_id": "a@x.org", "name": "{{ Ana }}"}]},
        ),
        ("users", "{user_id: a, role: host}", {"users": [{"user_id": "a", "role": "host"}]}),
        (
            "audio",
            "{encoding: OPUS, sample_rate: 48000}",
            {"audio": {"encoding": "OPUS", "sample_rate": 48000}},
        ),
        ("idle_timeout", "never", {"idle_timeout_seconds": -1.0}),
        ("timezone_offset", "330", {"timezone_offset_minutes": 330}),
        ("push_speaker_events", "false", {"push_speaker_events": False}),
    ],
)
def test_a_contact_has_its_own_in_a_column(
    tmp_path: Path, key: str, cell: str, expected: Any
) -> None:
    row = own(tmp_path, key, cell)

    assert (row.reason, row.error) == (None, "")
    assert row.contact.options == expected
    assert row.contact.variables == {}


@pytest.mark.parametrize(
    ("key", "cell", "error"),
    [
        ("languages", "es-US; {{ x }}", "call.languages: expected a language code such as en-US"),
        ("languages", "{{ x }}", "call.languages: expected YAML or JSON; expected a word as the"),
        ("users", "[{user_id: a", "call.users: expected YAML or JSON; this is not YAML"),
        ("users", "Ana", "call.users: expected a list such as [{user_id: ana@example.org"),
        ("users", "[{nam: a, user_id: b}]", "call.users: unknown key 'nam': did you mean name?"),
        ("users", "[{name: a}]", "call.users: user_id: expected 1 to 200 printable characters"),
        ("users", "[!!python/object:os.system {user_id: a}]", "call.users: expected YAML or JSON"),
        ("audio", "PCMU", "call.audio: expected keys such as {encoding: PCMU, sample_rate"),
        ("idle_timeout", "5", "call.idle_timeout: expected a duration such as 90s"),
        ("session_name", "x" * 101, "call.session_name: expected a name of at most 100 printable"),
        ("summary_emails", "2025550199", "call.summary_emails: expected a mail address"),
    ],
)
def test_a_cell_that_the_api_could_not_mean_skips_its_row(
    tmp_path: Path, key: str, cell: str, error: str
) -> None:
    row = own(tmp_path, key, cell)

    assert row.reason is Reason.INVALID_ROW
    assert row.error.startswith(error)
    assert "2025550199" not in row.error
    assert row.contact.options == {}


def test_a_contact_of_a_list_has_its_own_under_call_or_with_a_dot(tmp_path: Path) -> None:
    written = (
        "call: {languages: en-US, session_name: all}\n"
        "contacts:\n"
        "- {phone_number: +12025550100, call: {Languages: [es-US], audio: {encoding: OPUS}}}\n"
        "- {phone_number: +12025550101, call.languages: [es-US, en-US], call.session_name: }\n"
        "- {phone_number: +12025550102, call: maybe}\n"
    )

    with checked(tmp_path, written) as campaign:
        first, second, third = (row.contact for row in campaign.rows())

    assert first.options == {"languages": ["es-US"], "audio": {"encoding": "OPUS"}}
    assert second.options == {"languages": ["es-US", "en-US"]}
    assert (third.options, third.variables) == ({}, {"call": "maybe"})


def test_a_fault_in_a_contact_of_a_list_has_the_place_of_its_value(tmp_path: Path) -> None:
    written = "contacts:\n- phone_number: +12025550100\n  call:\n    audio: {encoding: MP3}\n"

    with checked(tmp_path, f"{written}- phone_number: +12025550101\n") as campaign:
        (problem,) = campaign.problems

    assert str(problem).replace(f"{tmp_path}/", "") == (
        "first.yaml:4:12: call.audio: encoding: "
        "expected OPUS, SPEEX, LINEAR16, MULAW or PCMU, got 'MP3'"
    )


def test_own_intents_keep_listening_for_machines(tmp_path: Path) -> None:
    table = f"{HEADER}call.intents\n{NUMBER}interested\n+12025550101,[]\n+12025550102,\n"

    with checked(tmp_path, "contacts: contacts.csv\ncall: {on_machine: stop}\n", table) as campaign:
        all_options = [row.contact.options for row in campaign.rows()]

    assert all_options == [
        {"intents": [{"intent": "interested"}, OPT_OUTS, MACHINES]},
        {"intents": [OPT_OUTS, MACHINES]},
        {},
    ]


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ("call.langages", "unknown column 'call.langages': did you mean call.languages?"),
        ("call.zebra", "unknown column 'call.zebra': expected one of call.audio, "),
        ("call.dtmf", "call.dtmf can't be a column: give the contact's key presses under dtmf"),
        ("call.on_machine", "call.on_machine can't be a column: it is the campaign's alone"),
        ("Call.Languages,call.languages", "the column 'call.languages' is there twice"),
    ],
)
def test_a_column_of_call_that_no_contact_can_have_refuses_the_file(
    tmp_path: Path, column: str, problem: str
) -> None:
    (said,) = refused(tmp_path, "contacts: contacts.csv\n", f"{HEADER}{column}\n{NUMBER}x\n")

    assert said.startswith(f"contacts.csv:1: {problem}")


def test_a_key_of_call_that_no_contact_can_have_refuses_a_list(tmp_path: Path) -> None:
    (said,) = refused(tmp_path, f"{ONE}  call: {{langages: es-US}}\n")

    assert said == ("first.yaml:2:3: unknown column 'call.langages': did you mean call.languages?")
