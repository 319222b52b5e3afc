"""What a campaign file may say for Twilio, and what the registry knows of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler import providers
from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.models import OnMachine, Reason
from scheduler.providers import Kind, accounts_of
from scheduler.providers.symbl import SYMBL
from scheduler.providers.twilio import TWILIO, Twilio
from scheduler.settings import Settings, read_settings
from tests.abilities import abilities_of
from tests.routes import through

TOKEN = "CALLSCHED_TWILIO_AUTH_TOKEN"
ACCOUNT = "CALLSCHED_TWILIO_ACCOUNT_SID"
SID = "AC" + "5" * 32

pytestmark = pytest.mark.usefixtures("place")


def api_of(settings: Settings) -> Kind:
    return providers.kind_of(accounts_of(settings).named(None))


def written(place: Path, call: str, contacts: str = "{phone_number: '+12025550143'}") -> Path:
    path = place / "campaign.yaml"
    path.write_text(f"contacts: [{contacts}]\ncall: {call}\n")
    return path


def options(place: Path, call: str, contacts: str = "{phone_number: '+12025550143'}") -> object:
    path = written(place, call, contacts)
    with load(path, route_of=through(TWILIO), max_duration_ceiling_seconds=600) as checked:
        (row,) = checked.rows()
    assert row.reason is None, row.error
    return {**checked.policy.options, **row.contact.options}


def test_a_call_does_what_its_own_twiml_says(place: Path) -> None:
    said = "<Response><Say>Hi</Say></Response>"

    assert options(place, f"{{twiml: '{said}'}}") == {"twiml": said}


def test_a_template_of_it_is_filled_and_looked_at_again(place: Path) -> None:
    call = "{twiml: '<Response><Say>Hi {{ name }}</Say></Response>'}"
    ana = "{phone_number: '+12025550143', name: Ana}"

    assert options(place, call, ana) == {"twiml": "<Response><Say>Hi Ana</Say></Response>"}


@pytest.mark.parametrize("name", ["</Say><Dial>+12025550144</Dial><Say>", "A & B", "<x"], ids=repr)
def test_a_contact_that_would_change_it_is_refused(place: Path, name: str) -> None:
    call = "{twiml: '<Response><Say>Hi {{ name }}</Say></Response>'}"
    ana = f"{{phone_number: '+12025550143', name: '{name}'}}"
    ben = "{phone_number: '+12025550144', name: Ben}"

    path = written(place, call, f"{ana}, {ben}")
    with load(path, route_of=through(TWILIO), max_duration_ceiling_seconds=600) as checked:
        rows = list(checked.rows())

    assert [row.reason for row in rows] == [Reason.INVALID_ROW, None]
    assert "call.twiml" in rows[0].error


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("{twiml: hello}", "expected TwiML such as <Response>"),
        ("{twiml: '<Say>Hi</Say>'}", "expected TwiML such as <Response>"),
        ("{twiml: '<Response><Say>Hi</Response>'}", "expected TwiML such as <Response>"),
        ("{twiml: '<!DOCTYPE a><Response/>'}", "expected TwiML such as <Response>"),
        ("{twiml: '<!ENTITY a \"b\"><Response/>'}", "expected TwiML such as <Response>"),
        (
            "{twiml: '<Response><Dial>+12025550144</Dial></Response>'}",
            r"expected no <Dial>, for nobody could check whom it rings: .* call\.script",
        ),
        (
            "{twiml: '<Response><Redirect>https://e/1</Redirect></Response>'}",
            "expected no <Redirect>",
        ),
        (f"{{twiml: '<Response><Say>{'x' * 4000}</Say></Response>'}}", "characters of TwiML"),
        ("{url: 'no address'}", "a web address"),
        ("{languages: en-US}", "unknown key 'languages'"),
    ],
)
def test_what_can_t_be_sent_is_refused_with_its_line(place: Path, call: str, told: str) -> None:
    with (
        pytest.raises(CampaignError, match=rf"campaign\.yaml:2:.*{told}"),
        load(written(place, call), route_of=through(TWILIO), max_duration_ceiling_seconds=600),
    ):
        pass


def test_the_other_keys_go_as_they_are(place: Path) -> None:
    call = "{url: 'https://e.example/twiml', sip_username: me, sip_password: word}"

    assert options(place, call) == {
        "url": "https://e.example/twiml",
        "sip_username": "me",
        "sip_password": "word",
    }


@pytest.mark.parametrize("on_machine", list(OnMachine))
def test_who_answers_is_told_only_where_something_is_done_about_it(
    place: Path, on_machine: OnMachine
) -> None:
    said = options(place, f"{{url: 'https://e/1', on_machine: {on_machine}}}")
    heard = {} if on_machine is OnMachine.GO_ON else {"machine_detection": "Enable"}

    assert said == {"url": "https://e/1"} | heard


# The registry


def test_the_registry_says_what_an_account_can_do() -> None:
    assert TWILIO.abilities == abilities_of(Twilio)
    assert TWILIO.traits.rings
    assert TWILIO.traits.ends_calls
    assert TWILIO.traits.queues_starts
    assert TWILIO.traits.starts_per_second == 1.0
    assert TWILIO.traits.ends_after(900) == 915


@pytest.mark.parametrize("provider", [None, "symbl"])
def test_at_the_sandbox_nobody_else_s_account_is_left(
    place: Path, monkeypatch: pytest.MonkeyPatch, provider: str | None
) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", (SYMBL, TWILIO))
    (place / ".env").write_text("TWILIO_AUTH_TOKEN=theirs\nCALLSCHED_TWILIO_API_KEY=SK1\n")
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("CALLSCHED_SYMBL_ACCESS_TOKEN", "token")
    if provider is not None:
        monkeypatch.setenv("CALLSCHED_PROVIDER", provider)

    settings = read_settings(TWILIO.at_sandbox("http://127.0.0.1:1"))

    assert api_of(settings) is TWILIO
    proof = TWILIO.credentials.of(settings)
    assert proof.address == "http://127.0.0.1:1"
    assert "theirs" not in repr(settings)
    assert settings.twilio_api_key is None
    assert settings.caller_id == ("+15005550006",)
    with_account = providers.open_provider(accounts_of(settings).named(None))
    assert isinstance(with_account, Twilio)


def test_without_a_setting_the_account_that_is_there_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", (SYMBL, TWILIO))
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", SID)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "token")

    assert api_of(read_settings()) is TWILIO


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ("script: [{gather: {name: a, say: Press 1., digits: 1}}]", "3:21: call.script.gather"),
        ("script: [{say: Hello.}]\n  on_machine: [{say: Call back.}]", "4:15: call.on_machine"),
    ],
)
def test_what_only_a_callback_can_tell_needs_an_address_of_ours(
    tmp_path: Path, keys: str, place: str
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"contacts: [{{phone_number: '+12025550143'}}]\ncall:\n  {keys}\n")

    with pytest.raises(CampaignError) as caught:
        load(path, route_of=through(TWILIO), max_duration_ceiling_seconds=600)

    assert f"{place}: needs CALLSCHED_PUBLIC_URL" in str(caught.value)


def test_who_speaks_to_a_machine_waits_for_the_end_of_its_greeting() -> None:
    assert TWILIO.hear_machines({}, True) == {"machine_detection": "DetectMessageEnd"}
    assert TWILIO.hear_machines({}, False) == {"machine_detection": "Enable"}
