"""The accounts' file: what it may say, what is wrong with it, and where secrets are taken from."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.accounts import Account, Accounts
from scheduler.errors import ConfigError
from scheduler.providers import accounts_of, open_provider
from scheduler.settings import Settings

SECRET = "NORTH_SECRET"
NORTH = f"{{provider: symbl, app_id: north, app_secret: '${{{SECRET}}}'}}"


@pytest.fixture(autouse=True)
def environment(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "of-the-north")


def read(folder: Path, text: str, mode: int = 0o600, **settings: object) -> Accounts:
    path = folder / "accounts.yaml"
    path.write_text(text)
    path.chmod(mode)
    return accounts_of(Settings(accounts=path, **settings))  # type: ignore[arg-type]


def secret_of(account: Account) -> str:
    return str(account.credentials.app_secret.get_secret_value())


def test_an_account_has_all_that_its_keys_say(place: Path) -> None:
    text = (
        "accounts:\n"
        "  north:\n"
        "    provider: symbl\n"
        "    base_url: http://127.0.0.1:9\n"
        "    app_id: north\n"
        f"    app_secret: ${{{SECRET}}}\n"
        "    countries: [US, GB]\n"
        "    max_concurrency: 20\n"
        "    max_starts_per_second: 2.5\n"
        "    reserve: 3\n"
        "    caller_ids: ['+12025550101', '+12025550102']\n"
        "    exclusive: true\n"
        "    default: true\n"
        f"  south: {NORTH}\n"
    )

    accounts = read(place, text)

    north = accounts.named(None)
    assert accounts.names == ("north", "south")
    assert (north.name, north.provider, north.ceiling) == ("north", "symbl", 17)
    assert (north.starts_per_second, north.exclusive) == (2.5, True)
    assert north.caller_ids == ("+12025550101", "+12025550102")
    assert north.credentials.address == "http://127.0.0.1:9"
    assert north.credentials.called_countries() == {"US", "GB"}
    assert secret_of(north) == "of-the-north"
    assert "of-the-north" not in repr(accounts)


@pytest.mark.parametrize(
    "text",
    [
        f"accounts: {{north: {NORTH}}}",
        f"north: {NORTH}",
        f"- {{name: north, {NORTH[1:]}",
        f"accounts: [{{name: north, {NORTH[1:]}]",
        f"north: {{provider: symbl, credentials: {{{NORTH[18:]}}}",
    ],
)
def test_accounts_may_be_a_mapping_or_a_list(place: Path, text: str) -> None:
    accounts = read(place, text)

    assert accounts.names == ("north",)
    assert secret_of(accounts.named("north")) == "of-the-north"


def test_what_an_account_leaves_out_the_settings_say(place: Path) -> None:
    text = f"north: {NORTH}\nsouth: {{max_concurrency: 9, max_starts_per_second: 0, {NORTH[1:]}\n"

    accounts = read(place, text, reserve=1, max_starts_per_second=3.0)

    north, south = accounts.named("north"), accounts.named("south")
    assert (north.max_concurrency, north.reserve, north.starts_per_second) == (5, 1, 3.0)
    assert (south.max_concurrency, south.reserve, south.starts_per_second) == (9, 1, 0.0)


def test_the_setting_caps_every_account(place: Path) -> None:
    text = f"north: {NORTH}\nsouth: {{max_concurrency: 9, {NORTH[1:]}\n"

    accounts = read(place, text, max_concurrency=7)

    assert [one.max_concurrency for one in accounts] == [7, 7]


def test_a_secret_may_be_the_text_of_a_file(place: Path) -> None:
    (place / "secret").write_text("of-a-file\n")
    text = "north: {provider: symbl, app_id: a, app_secret: '${file:secret}'}"

    assert secret_of(read(place, text).named(None)) == "of-a-file"
    absolute = text.replace("file:secret", f"file:{place}/secret")
    assert secret_of(read(place, absolute).named(None)) == "of-a-file"


def test_a_variable_may_stand_in_the_env_file(place: Path) -> None:
    (place / ".env").write_text("SOUTH_SECRET=of-the-south\n")
    text = "south: {provider: symbl, app_id: a, app_secret: '${SOUTH_SECRET}'}"

    assert secret_of(read(place, text).named(None)) == "of-the-south"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("${NOT_SET}", "app_secret: the variable NOT_SET is not set"),
        ("${file:none}", "app_secret: .*none can't be read: No such file"),
        ("${file:empty}", "app_secret: .*empty is empty"),
        ("${file:.}", "app_secret: .* can't be read: Is a directory"),
        ("${file:binary}", "app_secret: .*binary can't be read: it is no text"),
    ],
)
def test_a_secret_that_cant_be_had_costs_its_account_alone(
    place: Path, value: str, why: str
) -> None:
    (place / "empty").touch()
    (place / "binary").write_bytes(b"\xff\xfe")
    text = f"north: {NORTH}\nsouth: {{provider: symbl, app_id: a, app_secret: '{value}'}}"

    accounts = read(place, text)

    assert secret_of(accounts.named("north")) == "of-the-north"
    with pytest.raises(ConfigError, match=f"account south: {why}"):
        open_provider(accounts.named("south"))


@pytest.mark.parametrize(("mode", "is_warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_secret_in_a_file_that_others_can_read_is_warned_of(
    place: Path, mode: int, is_warned: bool
) -> None:
    text = "north: {provider: symbl, app_id: a, app_secret: swordfish}"

    warnings = read(place, text, mode).warnings

    assert len(warnings) == is_warned
    assert all("north.app_secret" in one and "chmod 600" in one for one in warnings)
    assert not any("swordfish" in one for one in warnings)


def test_two_names_of_one_account_are_warned_of(place: Path) -> None:
    (warning,) = read(place, f"north: {NORTH}\nsouth: {NORTH}").warnings

    assert "north and south are the same account at the provider" in warning


def test_without_secrets_in_it_anybody_may_read_the_file(place: Path) -> None:
    assert read(place, f"north: {NORTH}", 0o644).warnings == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"accounts.yaml: expected names with the keys of an account"),
        ("accounts: {}", r"accounts.yaml:1:11: expected names"),
        ("a word", r"accounts.yaml:1:1: expected names"),
        ("north: a word", r"accounts.yaml:1:8: .*north.*: expected keys such as provider"),
        ("- {provider: symbl}", r"accounts.yaml:1:3: expected a name for each account"),
        ("north: {app_id: a}", r"accounts.yaml:1:8: provider: expected one of symbl"),
        ("north: {provider: acme}", r"1:19: provider: expected one of symbl.*got .*acme"),
        ("north: {provider: symbl}", r"1:8: no credentials: expected app_id and app_secret"),
        (f"n o: {NORTH}", r"1:1: .*n o.*: expected 1 to 64 letters"),
        (f"- {{name: a, {NORTH[1:]}\n- {{name: a, {NORTH[1:]}", r"2:10: .*a.* is there twice"),
        (f"north: {{max_concurency: 3, {NORTH[1:]}", r"1:9: unknown key .*max_concurrency"),
        (f"north: {{app_key: 3, {NORTH[1:]}", r"1:9: unknown key .*app_key"),
        (f"north: {{max_concurrency: 0, {NORTH[1:]}", r"1:26: max_concurrency: expected .* got"),
        (f"north: {{default: perhaps, {NORTH[1:]}", r"1:18: default: expected true or false"),
        (f"north: {{caller_ids: 555, {NORTH[1:]}", r"1:21: caller_ids: "),
        (f"north: {{countries: [XX], {NORTH[1:]}", r"1:20: countries: expected ISO countries"),
        (f"north: {{base_url: nowhere, {NORTH[1:]}", r"1:19: base_url: "),
        ("north: {provider: symbl, app_id: 'a${B}', app_secret: s}", r"as the whole value"),
        (
            f"a: {{default: true, {NORTH[1:]}\nb: {{default: true, {NORTH[1:]}",
            r"default: true stands under a and b: choose one",
        ),
        (f"north: {NORTH}\nnorth: {NORTH}", r"2:1: .*north.* is there twice"),
        ("north: &x {provider: symbl}", r"anchors and aliases"),
        ("north: [", r"this is not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(place: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(place, text)


def test_every_problem_is_told_and_no_secret(place: Path) -> None:
    text = (
        "north: {provider: symbl, app_id: a, app_secret: [swordfish], reserve: -1}\n"
        "south: {provider: symbl, app_id: a, app_secret: s, max_concurrency: none}\n"
    )

    with pytest.raises(ConfigError) as caught:
        read(place, text)

    lines = [line.partition("accounts.yaml:")[2] for line in caught.value.args]
    assert [line[:2] for line in lines] == ["1:", "1:", "2:"]
    assert "swordfish" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(place: Path) -> None:
    with pytest.raises(ConfigError, match=r"CALLSCHED_ACCOUNTS: .*can't be read: No such"):
        accounts_of(Settings(accounts=place / "none.yaml"))


def test_without_a_default_an_account_has_to_be_named(place: Path) -> None:
    accounts = read(place, f"north: {NORTH}\nsouth: {NORTH}")

    with pytest.raises(ConfigError, match=r"which account\? .*accounts.yaml has north, south"):
        accounts.named(None)
    with pytest.raises(ConfigError, match=r"no account west in .*accounts.yaml.* north, south"):
        accounts.named("west")
    assert accounts.only(("south",)).names == ("south",)


def test_the_setting_names_the_default(place: Path) -> None:
    text = f"north: {{default: true, {NORTH[1:]}\nsouth: {NORTH}"

    assert read(place, text, account="south").named(None).name == "south"
    with pytest.raises(ConfigError, match="CALLSCHED_ACCOUNT: there is no account west"):
        read(place, text, account="west")


def test_without_a_file_the_variables_make_one_account() -> None:
    settings = Settings(account="mine", max_concurrency=7, reserve=2, max_starts_per_second=1.5)

    accounts = accounts_of(settings)

    mine = accounts.named(None)
    assert accounts.names == ("mine",)
    assert (mine.ceiling, mine.starts_per_second, mine.exclusive) == (5, 1.5, False)
    with pytest.raises(ConfigError, match="these credentials are for account mine, not for other"):
        accounts.named("other")
