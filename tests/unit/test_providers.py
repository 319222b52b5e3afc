"""Which telephony API is meant, and what a campaign file may say for one that is not Symbl's."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest

from scheduler import providers
from scheduler.accounts import Account
from scheduler.campaign.jsonschema import campaign_schema
from scheduler.campaign.loader import load
from scheduler.campaign.reading import AS_IT_IS, Reading
from scheduler.campaign.route import Asked, Route
from scheduler.errors import CampaignError, ConfigError
from scheduler.models import Reason
from scheduler.operations import launch
from scheduler.plan.plan_hash import plan_hash
from scheduler.providers import Kind, accounts_of
from scheduler.providers.symbl import SYMBL, Symbl
from scheduler.providers.twilio import TWILIO
from scheduler.settings import Settings
from tests.abilities import abilities_of
from tests.routes import through
from tests.toy_provider import BARE, KEY, TOY, Toy

NOBODYS = Settings(symbl_app_id=None, symbl_app_secret=None, symbl_access_token=None)
SYMBLS = NOBODYS.model_copy(update={"symbl_app_id": "app", "symbl_app_secret": "secret"})


def only(settings: Settings) -> Account:
    return accounts_of(settings).named(None)


def api_of(settings: Settings) -> Kind:
    return providers.kind_of(only(settings))


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two APIs, and no account at the second."""
    monkeypatch.setattr(providers, "PROVIDERS", (SYMBL, TOY))
    monkeypatch.delenv(KEY, raising=False)


def test_the_api_is_the_one_whose_credentials_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert api_of(SYMBLS) is SYMBL

    monkeypatch.setenv(KEY, "1")
    assert api_of(NOBODYS) is TOY
    assert isinstance(providers.open_provider(only(NOBODYS)), Toy)


def test_of_two_accounts_none_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "1")

    with pytest.raises(ConfigError, match="credentials of symbl and toy are set: leave one"):
        accounts_of(SYMBLS)


def test_of_two_accounts_the_one_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "1")

    assert api_of(SYMBLS.model_copy(update={"provider": "toy"})) is TOY
    assert api_of(SYMBLS.model_copy(update={"provider": "Symbl"})) is SYMBL
    with pytest.raises(ConfigError, match="CALLSCHED_PROVIDER: expected symbl or toy, got 'bell'"):
        api_of(SYMBLS.model_copy(update={"provider": "bell"}))


def test_half_an_account_says_what_else_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", (TOY, SYMBL))

    assert api_of(NOBODYS) is TOY
    assert api_of(NOBODYS.model_copy(update={"symbl_app_id": "app"})) is SYMBL


def test_without_credentials_the_first_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="no credentials: set CALLSCHED_SYMBL_APP_ID"):
        providers.open_provider(only(NOBODYS))


@pytest.mark.parametrize(
    ("api", "told"),
    [("symbl", "to call by twilio instead, set CALLSCHED_TWILIO_ACCOUNT_SID and"), ("twilio", "")],
)
def test_who_has_no_account_is_sent_to_a_provider_that_still_answers(
    monkeypatch: pytest.MonkeyPatch, api: str, told: str
) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", (SYMBL, TWILIO))
    nobodys = only(NOBODYS.model_copy(update={"provider": api}))

    with pytest.raises(ConfigError, match="no credentials: set CALLSCHED_") as caught:
        providers.open_provider(nobodys)

    assert told in str(caught.value)
    assert ("to call by" in str(caught.value)) == bool(told)


SCRIPT = "call: {script: [{say: Hello}]"


@pytest.mark.parametrize(
    ("text", "settings", "api"),
    [
        ("", NOBODYS, SYMBL),
        ("call: {session_name: a}", NOBODYS, SYMBL),
        (f"{SCRIPT}}}", NOBODYS, TWILIO),
        (f"{SCRIPT}, ring_time: 20s}}", NOBODYS, TWILIO),
        (f"{SCRIPT}, sctipr: 1}}", NOBODYS, TWILIO),  # what nobody knows is refused as that
        (f"{SCRIPT}, languages: en-US}}", NOBODYS, SYMBL),  # nobody takes both
        (f"provider: symbl\n{SCRIPT}}}", NOBODYS, SYMBL),
        (f"{SCRIPT}}}", SYMBLS, SYMBL),  # an account is whose it is, in the sandbox as well
        (f"{SCRIPT}}}", NOBODYS.model_copy(update={"provider": "symbl"}), SYMBL),
    ],
)
@pytest.mark.parametrize("in_sandbox", [False, True])
def test_a_file_without_an_account_is_read_for_a_provider_that_takes_its_keys(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
    settings: Settings,
    api: Kind,
    in_sandbox: bool,
) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", (SYMBL, TWILIO))
    path = tmp_path / "c.yaml"
    path.write_text(f"contacts: [{{phone_number: +12025550143}}]\n{text}\n")
    reads: list[str] = []

    def route_of(name: str | None, asked: Asked) -> Route:
        found = launch.route_of(accounts_of(settings), settings, name, asked, in_sandbox=in_sandbox)
        reads.append(found.api.name)
        return found

    with suppress(CampaignError), load(path, route_of=route_of, max_duration_ceiling_seconds=600):
        pass

    assert reads == [api.name]


def test_nothing_above_the_providers_names_one_but_the_settings() -> None:
    above = above_the_providers()

    assert len(above) > 100
    assert [path for path, text in above.items() if re.search("symbl|twilio", text)] == []


#: Fields of credentials whose names are words of ours as well.
OURS_TOO = {"access_token", "base_url", "countries"}


def test_nothing_above_the_providers_says_what_opens_an_account_at_one_of_them() -> None:
    fields = {name for api in (SYMBL, TWILIO) for name in api.credentials.model_fields} - OURS_TOO
    words = "|".join(field.replace("_", "[ _-]?") for field in sorted(fields))

    said = {
        path: found
        for path, text in above_the_providers().items()
        if (found := re.findall(rf"\b(?:{words})\b", text))
    }

    assert {"auth_token", "app_secret"} <= fields
    assert said == {}


def above_the_providers() -> dict[Path, str]:
    """Return every text of the package that knows of no provider, in lower case."""
    package = Path(providers.__file__).parents[1]
    apart = {package / "providers", package / "sandbox", package / "settings.py"}
    suffixes = (".py", ".lua", ".j2", ".js")
    texts = [path for path in package.rglob("*") if path.suffix in suffixes]
    return {
        path: path.read_text("utf-8").lower()
        for path in texts
        if apart.isdisjoint((path, *path.parents))
    }


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "campaign.yaml"
    path.write_text(text)
    return path


CONTACTS = "contacts: [{phone_number: '+14165550143', name: Ana}]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "call: {languages: en-US}\n",
            r":2:8: unknown key 'languages': expected one of caller_id, dtmf, greet",
        ),
        ("call: {greting: hi}\n", r":2:8: unknown key 'greting': did you mean greeting\?"),
        ("call: {greeting: [1]}\n", r"call\.greeting: expected at most 100 printable characters"),
        ("columns: {call.languages: L}\n", r"'call\.languages' is no column of ours"),
        ("provider: symbl\n", r":2:11: provider: expected toy, .*, got 'symbl'"),
    ],
)
def test_a_file_says_what_its_api_can_be_told_and_nothing_else(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(CampaignError, match=said):
        load(
            written(tmp_path, CONTACTS + text),
            route_of=through(TOY),
            max_duration_ceiling_seconds=600,
        )


def test_a_contact_has_columns_for_what_its_api_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"

    path.write_text("phone_number,call.greeting\n+14165550143,Good day\n")
    with load(path, route_of=through(TOY), max_duration_ceiling_seconds=600) as checked:
        (row,) = checked.rows()
    assert row.contact.options == {"greeting": "Good day"}

    path.write_text("phone_number,call.languages\n+14165550143,en-US\n")
    with pytest.raises(CampaignError, match=r"unknown column 'call\.languages'"):
        load(path, route_of=through(TOY), max_duration_ceiling_seconds=600)


@pytest.mark.parametrize("own", ["", "call: {greeting: Salut},"])
def test_its_api_has_machines_heard_where_something_is_done_about_them(
    tmp_path: Path, own: str
) -> None:
    text = f"contacts: [{{{own} phone_number: '+14165550143'}}]\ncall: {{on_machine: stop}}\n"

    with load(
        written(tmp_path, text),
        route_of=through(TOY),
        max_duration_ceiling_seconds=600,
    ) as checked:
        (row,) = checked.rows()

    assert {**checked.policy.options, **row.contact.options}["hears_machines"] is True


def test_whose_numbers_it_calls_and_what_would_change_that_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "1")
    path = written(tmp_path, f"{CONTACTS.rstrip()[:-1]}, {{phone_number: '+12025550143'}}]\n")

    with launch.read(path, NOBODYS, Reading()) as checked:
        _, row = checked.rows()
        planned = plan_hash(checked, checked.policy, NOBODYS, AS_IT_IS)
    monkeypatch.delenv(KEY)
    with launch.read(path, NOBODYS, Reading()) as checked:
        assert planned != plan_hash(checked, checked.policy, NOBODYS, AS_IT_IS)

    assert row.reason is Reason.UNSUPPORTED_COUNTRY
    assert row.error.endswith("…0143 in US: set TOY_COUNTRIES to call it")


def test_an_editor_completes_the_keys_of_its_api() -> None:
    definitions = campaign_schema(TOY)["$defs"]

    assert set(definitions["ToyCall"]["properties"]) == set(TOY.call.model_fields)
    assert "Intent" not in definitions


def test_what_an_api_does_not_keep_can_t_be_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, CONTACTS + "insights: [topics]\n")

    with pytest.raises(CampaignError, match=r":2:11: insights: bare keeps nothing"):
        load(path, route_of=through(BARE), max_duration_ceiling_seconds=600)


@pytest.mark.parametrize("kind", [SYMBL, TOY], ids=lambda kind: kind.name)
def test_the_registry_says_what_an_account_can_do(kind: providers.Kind) -> None:
    client = Symbl if kind is SYMBL else Toy

    assert kind.abilities == abilities_of(client)
