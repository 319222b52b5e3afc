"""What a campaign file says that a call does, and what of it is refused before a call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.campaign.script_rules import PUBLIC_URL, unverified
from scheduler.errors import CampaignError
from scheduler.fields.scripts import filled, filled_for_machines
from scheduler.models import Attempt, OnMachine, Reason, Row
from scheduler.providers import CallbackAddress, Kind, StartOrder
from scheduler.providers.symbl import SYMBL
from scheduler.script import Hangup, Pause, Record, Say, Script, Transfer
from tests.routes import PUBLIC, through
from tests.toy_provider import MOST_SPOKEN, TALKER

CONTACTS = "contacts: contacts.csv\n"
TABLE = "phone_number,name,agent\n+14165550143,Ana,+14165550150\n"
HELLO = "call: {script: [{say: Hello.}]}\n"


def checked(
    tmp_path: Path,
    written: str,
    table: str = TABLE,
    *,
    api: Kind = TALKER,
    countries: frozenset[str] | None = None,
    allowed: frozenset[str] = frozenset(),
    callbacks: CallbackAddress | None = PUBLIC,
    can_verify: bool = True,
) -> CheckedCampaign:
    (tmp_path / "contacts.csv").write_text(table)
    path = tmp_path / "first.yaml"
    path.write_text(written)
    return load(
        path,
        max_duration_ceiling_seconds=14_400,
        route_of=through(api, countries, callbacks=callbacks, can_verify=can_verify),
        allowed=allowed,
    )


def refused(
    tmp_path: Path,
    written: str,
    api: Kind = TALKER,
    *,
    callbacks: CallbackAddress | None = PUBLIC,
    can_verify: bool = True,
) -> list[str]:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, written, api=api, callbacks=callbacks, can_verify=can_verify)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def script(steps: str) -> str:
    return CONTACTS + "call:\n  script:\n" + "".join(f"  {line}\n" for line in steps.split("\n"))


def said(campaign: CheckedCampaign) -> list[Script]:
    """Return what each contact hears, as it goes to the provider."""
    return [
        StartOrder.of(Attempt("c", row.line, 1), campaign.policy, row.contact).script
        for row in campaign.rows()
        if row.reason is None
    ]


def rows(campaign: CheckedCampaign) -> list[Row]:
    return list(campaign.rows())


# What is read -------------------------------------------------------------------------------------


def test_steps_are_read_in_their_order(tmp_path: Path) -> None:
    written = script(
        "- say: Hello.\n"
        '- say: {text: "Hola.", voice: alice, language: es-MX}\n'
        "- pause: 1500ms\n"
        "- record: {max: 30s}\n"
        '- transfer: "(416) 555-0150"\n'
        "- hangup"
    )

    with checked(tmp_path, f"default_region: CA\n{written}") as campaign:
        assert said(campaign) == [
            (
                Say("Hello."),
                Say("Hola.", "alice", "es-MX"),
                Pause(1.5),
                Record(30.0),
                Transfer("+14165550150"),
                Hangup(),
            )
        ]


@pytest.mark.parametrize("one", ["{say: Hello.}", "[say: Hello.]", "[{say: ' Hello. '}]"])
def test_one_step_needs_no_list(tmp_path: Path, one: str) -> None:
    with checked(tmp_path, f"{CONTACTS}call: {{script: {one}}}\n") as campaign:
        assert said(campaign) == [(Say("Hello."),)]


def test_the_keys_of_every_provider_go_into_the_policy_and_the_start(tmp_path: Path) -> None:
    written = (
        "call:\n  script: [{say: Hello.}]\n  ring_time: 25s\n  record: true\n"
        "  caller_id: '+14165550160, +18005550161'\n  on_machine: not_reached\n"
    )

    with checked(tmp_path, CONTACTS + written) as campaign:
        (row,) = campaign.rows()
        order = StartOrder.of(Attempt("c", 1, 1), campaign.policy, row.contact)

    assert campaign.policy.on_machine is OnMachine.NOT_REACHED
    assert (order.ring_seconds, order.record, order.transcribe) == (25.0, True, False)
    assert order.caller_id in ("+14165550160", "+18005550161")
    assert "caller_id" not in order.options


def test_a_contact_may_be_called_from_a_number_of_its_own(tmp_path: Path) -> None:
    table = "phone_number,call.caller_id\n+14165550143,+14165550160\n+14165550144,\n"

    with checked(tmp_path, CONTACTS + HELLO, table) as campaign:
        orders = [
            StartOrder.of(
                Attempt("c", 1, 1), campaign.policy, row.contact, caller_ids=["+14165550161"]
            )
            for row in campaign.rows()
        ]

    assert [order.caller_id for order in orders] == ["+14165550160", "+14165550161"]


# What is filled -----------------------------------------------------------------------------------

CELLS = (
    "Cell,First name,agent,note\n"
    "416 555 0143,Ana,+14165550150,\n"
    "416 555 0144, Ben  Li ,sip:b@example.com, two  words\n"
)


def test_texts_are_filled_from_the_record_as_the_file_has_it(tmp_path: Path) -> None:
    written = (
        "name: spring\ndefault_region: CA\n"
        "columns: {phone_number: Cell, name: First name}\n"
        + script(
            '- say: \'Hi {{ contact["First name"] }}, {{ name }}, {{ Cell[-2:] }}, '
            "{{ campaign }}.'\n"
            "- say: '{{ note }}'\n"
            "- say: '{{ note | default(\"none\") }}!'\n"
            "- transfer: '{{ agent }}'"
        )
    )

    with checked(tmp_path, written, CELLS) as campaign:
        assert said(campaign) == [
            (Say("Hi Ana, Ana, 43, spring."), Say("!"), Transfer("+14165550150")),
            (
                Say("Hi Ben Li, Ben Li, 44, spring."),
                Say("two words"),
                Say("two words!"),
                Transfer("sip:b@example.com"),
            ),
        ]


def test_a_cell_that_a_contact_lacks_is_not_an_empty_one(tmp_path: Path) -> None:
    written = (
        "contacts:\n- {phone_number: '+14165550143', note: ''}\n- {phone_number: '+14165550144'}\n"
        "call: {script: [{say: 'Hi. {{ note | default(\"none\") }}'}]}\n"
    )

    with checked(tmp_path, written) as campaign:
        assert said(campaign) == [(Say("Hi."),), (Say("Hi. none"),)]


def test_a_contact_to_whom_nothing_would_be_said_is_refused(tmp_path: Path) -> None:
    written = script("- pause: 1s\n- say: '{{ note }}'\n- hangup")
    table = "phone_number,note\n+14165550143,Hi.\n+14165550144,\n"

    with checked(tmp_path, written, table) as campaign:
        first, second = campaign.rows()

    assert first.reason is None
    assert second.error == (
        "call.script: expected something to say, but every text becomes nothing"
    )


def test_the_record_takes_room_only_for_what_it_would_not_say(tmp_path: Path) -> None:
    with checked(tmp_path, script("- say: '{{ name }} {{ agent }}'")) as campaign:
        (row,) = campaign.rows()

    assert row.contact.script_cells == {}


def test_what_is_filled_is_the_same_whenever_it_is_filled(tmp_path: Path) -> None:
    with checked(tmp_path, script("- say: '{{ name }}'")) as campaign:
        (row,) = campaign.rows()

        assert filled(campaign.policy, row.contact) == filled(campaign.policy, row.contact)


# What refuses the file ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "place", "problem"),
    [
        ("- sya: Hello.", "4:5", "unknown key 'sya': did you mean say?"),
        (
            "- {say: Hello., pause: 1s}",
            "4:5",
            "call.script: expected one of say, play, pause, gather, record, transfer, hangup,"
            " do_not_call in each step, got 'say' and 'pause'",
        ),
        (
            "- hang_up",
            "4:5",
            "call.script: expected a step such as {say: Hello.} or hangup, got 'hang_up'",
        ),
        ("- [say]", "4:5", "call.script: expected a step: one of say, play,"),
        ("- hangup: now", "4:13", "call.script.hangup: expected nothing behind it"),
        ("- say: ''", "4:10", "call.script.say.text: expected a text of 1 to 1,000 characters"),
        ("- say: {text: Hello., voise: x}", "4:25", "unknown key 'voise': did you mean voice?"),
        (
            "- say: {text: Hello., voice: a b}",
            "4:32",
            "call.script.say.voice: expected the name of a voice, without blanks, got 'a b'",
        ),
        (
            "- say: {text: Hello., language: plain english}",
            "4:35",
            "call.script.say.language: expected a language code such as en-US, got 'plain",
        ),
        ("- pause: 2", "4:12", "call.script.pause: expected a duration such as 90s"),
        ("- pause: 20m", "4:12", "call.script.pause: expected a duration such as 2s, at most 10m"),
        ("- record: {}", "4:13", "call.script.record.max: expected a duration such as 30s"),
        (
            "- say: Hello {{ nam }}.",
            "4:10",
            "call.script.say.text: there is no column 'nam': did you mean name?",
        ),
        ("- say: Hello {{ name.", "4:10", "call.script.say.text: this is no template: "),
        (
            "- say: a\n- hangup\n- say: b",
            "6:5",
            "call.script: the call is over before it: hangup ends it",
        ),
        (
            "- play: https://example.com/a.mp3",
            "4:11",
            "call.script.play: talker can't do it: expected one of gather, hangup, pause, record,",
        ),
        (
            "- play: ftp://example.com/a.mp3",
            "4:11",
            "call.script.play: expected a web address that starts with https://",
        ),
        (
            "- do_not_call",
            "4:5",
            "call.script.do_not_call: expected it behind a key of gather: else everybody would",
        ),
        (
            "- transfer: '5551234'",
            "4:15",
            "call.script.transfer: expected an international number such as +12025550123",
        ),
        (
            "- transfer: '+19005550123'",
            "4:15",
            "call.script.transfer: expected a number at the usual price, got the premium number",
        ),
        (
            "- transfer: '911'",
            "4:15",
            "call.script.transfer: expected a subscriber's number, got an emergency number",
        ),
        ("- transfer: sip:x", "4:15", "call.script.transfer: expected a SIP address such as"),
    ],
)
def test_a_mistake_in_a_step_is_refused_at_its_place(
    tmp_path: Path, steps: str, place: str, problem: str
) -> None:
    (found,) = refused(tmp_path, script(steps))

    assert found.startswith(f"first.yaml:{place}: {problem}")


GATHER = "- gather: {name: ok, say: Press 1., digits: 1, branches: {'1': [{say: Thanks.}]}}"


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (GATHER.replace("digits: 1, ", ""), "expected digits or finish, one of the two"),
        (GATHER.replace("digits", "digit"), "4:39: unknown key 'digit': did you mean digits?"),
        (GATHER.replace("'1'", "'12'"), "branches: expected 1 key, got '12'"),
        (GATHER.replace("'1'", "one"), "branches: expected keys such as 1, 42 or *, got 'one'"),
        (GATHER.replace("ok", "1st"), "4:20: call.script.gather.name: expected a letter"),
        (GATHER.replace("digits: 1", "finish: '1'"), "branches: 1 ends what is pressed"),
        (
            GATHER.replace("say: Thanks.", "sa: Thanks."),
            "4:68: unknown key 'sa': did you mean say?",
        ),
        (
            GATHER.replace("branches: {'1': [{say: Thanks.}]}", "otherwise: do_not_call"),
            "4:61: call.script.gather.otherwise.do_not_call: expected it behind a key of gather",
        ),
        (f"{GATHER}\n{GATHER}", "name: expected a name of its own, got 'ok' twice"),
    ],
)
def test_a_mistake_in_what_is_asked_for_is_refused_at_its_place(
    tmp_path: Path, steps: str, problem: str
) -> None:
    assert problem in "\n".join(refused(tmp_path, script(steps)))


FOR_MACHINES = "call:\n  script: [{say: Hello.}]\n  on_machine:\n  - say: Call us, {{ name }}.\n"
#: As an API has it that can transcribe while a call lives.
SCRIBE = replace(TALKER, call_keys=TALKER.call_keys | {"transcribe"})


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (script(GATHER), "4:13: call.script.gather"),
        (CONTACTS + FOR_MACHINES, "5:3: call.on_machine"),
        (
            f"{CONTACTS}call:\n  script: [{{say: Hello.}}]\n  transcribe: true\n",
            "4:15: call.transcribe",
        ),
    ],
)
def test_what_the_provider_has_to_tell_needs_an_address_and_what_signs_it(
    tmp_path: Path, written: str, place: str
) -> None:
    signing = replace(SCRIBE, signed_with="the toy's own seal")
    unreached = refused(tmp_path, written, SCRIBE, callbacks=None)
    unsigned = refused(tmp_path, written, signing, can_verify=False)

    assert unreached == [f"first.yaml:{place}: {PUBLIC_URL}"]
    assert "CALLSCHED_PUBLIC_URL" in PUBLIC_URL
    assert "--sandbox" in PUBLIC_URL
    assert unsigned == [f"first.yaml:{place}: {unverified(signing)}"]
    assert "the toy's own seal" in unverified(signing)
    with checked(tmp_path, written, api=SCRIBE) as campaign:
        assert [row.error for row in campaign.rows()] == [""]


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        (f"{GATHER}\n- transfer: '+14165550150'\n- say: Bye.", "6:5"),
        (GATHER.replace("say: Thanks.", "transfer: '+14165550150'}, {say: Bye."), "4:95"),
    ],
)
def test_nothing_follows_upon_a_transfer_once_keys_were_asked_for(
    tmp_path: Path, steps: str, place: str
) -> None:
    problem = "the call is over before it: transfer ends it"

    (found,) = refused(tmp_path, script(steps))
    assert found.startswith(f"first.yaml:{place}: call.script")
    assert found.endswith(problem)
    with checked(tmp_path, script(f"- transfer: '+14165550150'\n{GATHER}\n- say: x")) as campaign:
        assert campaign.callable_count == 1


def test_what_is_stopped_at_a_machine_needs_no_address(tmp_path: Path) -> None:
    written = f"{CONTACTS}call: {{script: [say: Hello.], on_machine: not_reached}}\n"

    with checked(tmp_path, written, callbacks=None) as campaign:
        assert campaign.callable_count == 1


def test_a_machine_hears_its_steps_filled_for_its_contact(tmp_path: Path) -> None:
    with checked(tmp_path, CONTACTS + FOR_MACHINES) as campaign:
        (row,) = campaign.rows()
        order = StartOrder.of(Attempt("c", 1, 1), campaign.policy, row.contact)

    assert order.machine_script == (Say("Call us, Ana."),)
    assert order.script == (Say("Hello."),)
    assert order.on_machine is OnMachine.GO_ON
    assert order.options == TALKER.hear_machines({}, False)
    assert filled_for_machines(campaign.policy, row.contact) == order.machine_script


def test_steps_for_a_machine_that_become_nothing_refuse_the_contact(tmp_path: Path) -> None:
    table = "phone_number,name\n+14165550143,Ana\n+14165550144,\n"
    written = CONTACTS + FOR_MACHINES.replace("Call us, ", "").replace(".\n", "'\n")

    with checked(tmp_path, written.replace("{{ name", "'{{ name"), table) as campaign:
        assert [row.error for row in campaign.rows()] == [
            "",
            "call.on_machine: expected something to say, but every text becomes nothing",
        ]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("- sya: Call us.", "5:5: unknown key 'sya': did you mean say?"),
        ("- say: '{{ nam }}'", "5:10: call.on_machine.say.text: there is no column 'nam'"),
        (GATHER, "5:13: call.on_machine.gather: a machine presses no keys: leave it out"),
        (
            "- transfer: '+14165550150'",
            "5:15: call.on_machine.transfer: it would connect somebody with a machine",
        ),
        ("- do_not_call", "5:5: call.on_machine.do_not_call: a machine has not asked for it"),
        ("- record: {max: 9s}", "5:13: call.on_machine.record: nobody speaks to a message"),
        ("- play: https://example.com/a.mp3", "5:11: call.on_machine.play: talker can't do it"),
        ("- hangup\n  - pause: 1s", "6:5: call.on_machine: the call is over before it"),
        ("[]", "4:15: call.on_machine: expected go_on, stop, not_reached, or a list of steps"),
    ],
)
def test_a_mistake_in_what_a_machine_hears_is_refused_at_its_place(
    tmp_path: Path, steps: str, problem: str
) -> None:
    start = f"{CONTACTS}call:\n  script: [{{say: Hello.}}]\n  on_machine:"
    written = f"{start} []\n" if steps == "[]" else f"{start}\n  {steps}\n"

    assert refused(tmp_path, written)[0].startswith(f"first.yaml:{problem}")


def test_steps_for_a_machine_are_bounded(tmp_path: Path) -> None:
    many = CONTACTS + "call:\n  script: hangup\n  on_machine:\n" + "  - say: x\n" * 51
    long = CONTACTS + "call:\n  script: hangup\n  on_machine:\n" + f"  - say: {'x' * 990}\n" * 11

    assert refused(tmp_path, many)[0].startswith("first.yaml:55:5: call.on_machine: expected at")
    assert refused(tmp_path, long)[0].startswith("first.yaml:5:3: call.on_machine: expected at")


def test_key_presses_that_keep_machines_unknown_are_said_with_their_line(tmp_path: Path) -> None:
    hiding = replace(TALKER, traits=replace(TALKER.traits, keys_hide_machines=True))
    written = f"{CONTACTS}call:\n  script: [say: Hello.]\n  dtmf: '1'\n  on_machine: stop\n"

    with checked(tmp_path, written, api=hiding) as campaign:
        (warning,) = campaign.warnings
    with checked(tmp_path, written) as campaign:
        assert campaign.warnings == ()

    assert f"first.yaml:4:9: call.dtmf: {hiding.name} does not report a machine" in warning


def test_who_presses_a_key_may_be_transferred_only_to_who_may_be_called(tmp_path: Path) -> None:
    table = agents("+14165550150", "+14165550151")
    asks = GATHER.replace("[{say: Thanks.}]", "{transfer: '{{ agent }}'}")
    allowed = frozenset({"+14165550140", "+14165550141", "+14165550150"})

    with checked(tmp_path, script(asks), table, allowed=allowed) as campaign:
        first, second = campaign.rows()

    assert first.reason is None
    assert second.error.endswith("transfer: …0151 is not among CALLSCHED_ALLOWED_NUMBERS")


def test_a_start_is_checked_with_the_address_of_its_callbacks(tmp_path: Path) -> None:
    seen: list[StartOrder] = []

    def keep(order: StartOrder) -> str:
        seen.append(order)
        return ""

    keeping = replace(TALKER, check_order=keep)

    with checked(tmp_path, script(GATHER), api=keeping):
        pass

    place = seen[0].callbacks
    assert place is not None
    assert place.public_url == PUBLIC.public_url
    assert place.account == "default"


def test_gathers_are_bounded_in_depth_and_steps_in_number(tmp_path: Path) -> None:
    deep = "{say: x}"
    for n in range(4):
        deep = f"{{gather: {{name: n{n}, digits: 1, branches: {{'1': {deep}}}}}}}"
    many = "- say: x\n" * 51

    found = refused(tmp_path, f"{CONTACTS}call: {{script: {deep}}}\n")
    assert [problem.partition("gather: ")[2] for problem in found] == [
        "expected at most 3 gathers in one another",
    ]
    assert refused(tmp_path, script(many.strip()))[0].startswith(
        "first.yaml:54:5: call.script: expected at most 50 steps in all"
    )
    long = "- say: " + "x" * 990
    assert refused(tmp_path, script("\n".join([long] * 11)))[0].startswith(
        "first.yaml:4:3: call.script: expected at most 10,000 characters in all"
    )


# What the provider can do -------------------------------------------------------------------------


def test_a_provider_without_a_voice_refuses_a_script_at_its_place(tmp_path: Path) -> None:
    assert refused(tmp_path, CONTACTS + HELLO, SYMBL) == [
        "first.yaml:2:16: call.script: symbl can't speak a script: leave it out, or call by a"
        " provider that can (CALLSCHED_PROVIDER, or another account)"
    ]


@pytest.mark.parametrize(
    ("key", "column"),
    [("caller_id: '+14165550160'", 19), ("ring_time: 30s", 19), ("record: true", 16)],
)
def test_a_key_that_a_provider_can_t_be_told_is_refused(
    tmp_path: Path, key: str, column: int
) -> None:
    name = key.partition(":")[0]

    assert refused(tmp_path, f"{CONTACTS}call: {{{key}}}\n", SYMBL) == [
        f"first.yaml:2:{column}: call.{name}: symbl can't be told of it: leave it out"
    ]


def test_a_campaign_says_what_its_calls_are_to_do_where_they_would_do_nothing(
    tmp_path: Path,
) -> None:
    says = "say what the call is to do, by script or greeting: expected a list of steps"

    assert says in refused(tmp_path, CONTACTS)[0]
    assert refused(tmp_path, CONTACTS + "call: {voice: low}\n")[0].startswith(
        f"first.yaml:2:7: call.script: {says}"
    )
    with checked(tmp_path, CONTACTS + "call: {greeting: Hello}\n") as campaign:
        assert said(campaign) == [()]
    with pytest.raises(CampaignError, match="say what the call is to do"):
        load(tmp_path / "contacts.csv", max_duration_ceiling_seconds=600, route_of=through(TALKER))


def test_a_script_and_what_stands_for_one_exclude_each_other(tmp_path: Path) -> None:
    assert refused(tmp_path, CONTACTS + "call: {greeting: Hi, script: [{say: Hello.}]}\n") == [
        "first.yaml:2:18: call.greeting: expected script or greeting, one of the two"
    ]


def test_a_contact_has_nothing_of_its_own_that_stands_for_the_script(tmp_path: Path) -> None:
    table = "phone_number,call.greeting\n+14165550143,Salut\n+14165550144,\n"

    with checked(tmp_path, CONTACTS + HELLO, table) as campaign:
        assert [row.error for row in campaign.rows()] == [
            "call.greeting: the campaign has a script: expected one of the two",
            "",
        ]


def test_a_start_that_the_provider_would_refuse_is_refused_with_its_row(tmp_path: Path) -> None:
    long = "x" * MOST_SPOKEN
    table = f"phone_number,name\n+14165550143,Ana\n+14165550144,{long}\n"
    spoken = len(f"Hello {long}")

    with checked(tmp_path, script("- say: 'Hello {{ name }}'"), table) as campaign:
        first, second = campaign.rows()

    assert (first.reason, second.reason) == (None, Reason.INVALID_ROW)
    assert str(campaign.problems[0]).replace(f"{tmp_path}/", "") == (
        f"contacts.csv:3:call.script: expected at most {MOST_SPOKEN} characters, got {spoken}"
    )


# Whom a call is transferred to --------------------------------------------------------------------

AGENT = "- transfer: '{{ agent }}'"


def agents(*numbers: str) -> str:
    listed = (f"+1416555{140 + n:04d},A{n},{number}\n" for n, number in enumerate(numbers))
    return "phone_number,name,agent\n" + "".join(listed)


def test_the_target_of_each_contact_is_read_as_any_number_is(tmp_path: Path) -> None:
    table = agents("+1 416 555 0150", "", "5551234", "911", "+19005550123", "+442079460123")

    with checked(tmp_path, script(AGENT), table, countries=frozenset({"CA"})) as campaign:
        first, *others = rows(campaign)

    assert first.reason is None
    assert [row.reason for row in others] == [Reason.INVALID_ROW] * 5
    assert [row.error.partition("transfer: ")[2] for row in others] == [
        "expected an international number such as +12025550123, or set default_region; got nothing",
        "expected an international number such as +12025550123, or set default_region; got …234",
        "expected a subscriber's number, got an emergency number",
        "expected a number at the usual price, got the premium number …0123",
        "expected a number in CA, got …0123 in GB",
    ]


def test_nobody_is_transferred_to_who_is_not_to_be_called(tmp_path: Path) -> None:
    (tmp_path / "never.txt").write_text("+14165550151\n")
    table = agents("+14165550150", "+14165550151")

    with checked(tmp_path, f"do_not_call: never.txt\n{script(AGENT)}", table) as campaign:
        _, row = campaign.rows()

    assert row.reason is Reason.INVALID_ROW
    assert row.error == ("call.script: transfer: …0151 is on the do-not-call list never.txt")


def test_nobody_is_transferred_to_whom_a_trial_may_not_call(tmp_path: Path) -> None:
    table = agents("+14165550150", "+14165550151")
    allowed = frozenset({"+14165550140", "+14165550141", "+14165550150"})

    with checked(tmp_path, script(AGENT), table, allowed=allowed) as campaign:
        _, row = campaign.rows()

    assert row.reason is Reason.INVALID_ROW
    assert row.error.endswith("transfer: …0151 is not among CALLSCHED_ALLOWED_NUMBERS")


def test_a_target_of_all_refuses_the_file_instead_of_every_row(tmp_path: Path) -> None:
    (tmp_path / "never.txt").write_text("+14165550151\n")
    written = "do_not_call: never.txt\n" + script("- transfer: '+14165550151'")

    assert refused(tmp_path, written) == [
        "first.yaml:5:15: call.script.transfer: …0151 is on the do-not-call list never.txt"
    ]


def test_an_older_policy_is_read_without_a_region(tmp_path: Path) -> None:
    with checked(tmp_path, f"default_region: CA\n{script(AGENT)}", agents("4165550150")) as one:
        (row,) = one.rows()

    with pytest.raises(ValueError, match="transfer: expected an international number"):
        filled(replace(one.policy, default_region=""), row.contact)
