from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler import private
from scheduler.errors import ConfigError
from scheduler.fields.variables import is_of_service
from scheduler.settings import (
    READ_ELSEWHERE,
    Settings,
    read_settings,
    settings_of_worker,
)

ROOT = Path(__file__).parents[2]
MINE = "+12025550143"


pytestmark = pytest.mark.usefixtures("place")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+12025550143", (MINE,)),
        ("+1 202 555 0143", (MINE,)),
        ("+1 (202) 555-0143, +1-202-555-0144", (MINE, "+12025550144")),
        ("+12025550143;+12025550144;", (MINE, "+12025550144")),
        (" +12025550143 ,, ", (MINE,)),
        ("+1\u2010202\u00a0555\u20130143", (MINE,)),
        (
            "sip:room7@SIP.Example.com;transport=tls,+12025550143",
            ("sip:room7@sip.example.com;transport=tls", MINE),
        ),
        (
            "sip:room7@sip.example.com;transport=tls;+12025550143",
            ("sip:room7@sip.example.com;transport=tls", MINE),
        ),
        ("+12025550143; sips:room7@sip.example.com", (MINE, "sips:room7@sip.example.com")),
    ],
)
def test_numbers_that_may_be_dialled_are_read_as_contacts_are(
    monkeypatch: pytest.MonkeyPatch, written: str, read: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CALLSCHED_ALLOWED_NUMBERS", written)

    assert read_settings().allowed_numbers == read


@pytest.mark.parametrize(
    "written",
    [
        "2025550143",
        "202 555 0143",
        "+1202555014",
        "+12025550143/44",
        "+12025550143, nobody",
        "+12025550143 x5",
        "sip:room7",
        "sip:a,b@example.com",
        ",",
        "  ",
        "['+12025550143']",
    ],
)
def test_a_list_of_them_that_can_t_be_read_is_refused_with_its_numbers_masked(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("CALLSCHED_ALLOWED_NUMBERS", written)

    with pytest.raises(ConfigError) as refused:
        read_settings()

    assert str(refused.value).startswith("CALLSCHED_ALLOWED_NUMBERS: expected ")
    assert not re.search(r"\d{5}", str(refused.value).replace("+12025550123", ""))


def test_the_environment_goes_before_the_file_and_upper_case_is_no_matter(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    (place / ".env").write_text("callsched_account=file\nCALLSCHED_RESERVE=2\nOTHER=1\n")
    monkeypatch.setenv("Callsched_Account", "environment")
    monkeypatch.setenv("CALLSCHED_RESERVE", "")  # as if it were not set

    chosen = read_settings()

    assert (chosen.account, chosen.reserve) == ("environment", 2)


def test_what_kubernetes_injects_hides_no_setting(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("CALLSCHED_METRICS_PORT", "tcp://10.0.0.1:9464")
    monkeypatch.setenv("CALLSCHED_REDIS_SERVICE_HOST", "10.0.0.1")
    assert read_settings().metrics_port == 0

    (place / ".env").write_text("CALLSCHED_METRICS_PORT=9464\n")
    assert read_settings().metrics_port == 9464


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_slip_in_a_name_is_refused_wherever_it_is(
    monkeypatch: pytest.MonkeyPatch, place: Path, where: str
) -> None:
    if where == "environment":
        monkeypatch.setenv("CALLSCHED_ALOWED_NUMBERS", MINE)
    else:
        (place / ".env").write_text(f"\nCALLSCHED_ALOWED_NUMBERS={MINE}\n")

    with pytest.raises(ConfigError) as refused:
        read_settings()

    place_of_it = "" if where == "environment" else ".env:2: "
    assert str(refused.value) == (
        f"{place_of_it}unknown setting CALLSCHED_ALOWED_NUMBERS:"
        " did you mean CALLSCHED_ALLOWED_NUMBERS?"
    )


def test_a_name_that_would_act_on_a_terminal_is_shown_escaped(place: Path) -> None:
    (place / ".env").write_text("CALLSCHED_\x1b[2J=1\n")

    with pytest.raises(ConfigError) as refused:
        read_settings()

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "line",
    [
        f"CALLSCHED_ALOWED_NUMBERS={MINE}",
        f"CALLSCHED_ALLOWED_NUMBERS: {MINE}",
        "CALLSCHED_ALLOWED_NUMBERS=202 555 0143",
        "CALLSCHED_ALLOWED_NUMBERS=,",
        'CALLSCHED_ALLOWED_NUMBERS="',
    ],
)
def test_a_worker_starts_in_doubt_and_knows_why(place: Path, line: str) -> None:
    (place / ".env").write_text(f"{line}\nCALLSCHED_ACCOUNT=trial\n")

    chosen = settings_of_worker()

    assert chosen.account == "trial"
    assert "ED_NUMBERS" in chosen.doubts[0] or "quote" in chosen.doubts[0]
    with pytest.raises(ConfigError):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLSCHED_WORKER_THREADS", "abc"),
        ("CALLSCHED_MAX_CONCURRENCY", "9" * 5000),
        ("CALLSCHED_MAX_STARTS_PER_SECOND", "nan"),
        ("CALLSCHED_MAX_DURATION_CEILING", "9" * 400 + "h"),
        ("CALLSCHED_SYMBL_BASE_URL", "http://[::1"),
        ("CALLSCHED_SYMBL_BASE_URL", "https://"),
        ("CALLSCHED_SYMBL_BASE_URL", "https://api example.com"),
        ("CALLSCHED_SYMBL_BASE_URL", "https://api..example.com"),
        ("CALLSCHED_SYMBL_BASE_URL", "https://example.com:99999"),
        ("CALLSCHED_SYMBL_BASE_URL", f"https://{'a' * 70}.example.com"),
        ("CALLSCHED_SYMBL_BASE_URL", "https://api.example.com\\.example.org"),
        ("CALLSCHED_SYMBL_BASE_URL", "https://api.example.com?key=k"),
        ("CALLSCHED_SYMBL_BASE_URL", "https://api.example.com#"),
        ("CALLSCHED_SYMBL_APP_SECRET", "\udcff"),
        ("CALLSCHED_STATE_DIR", "~nobody-has-this-name/x"),
        ("CALLSCHED_STATE_DIR", "/tmp/\udcfc"),
    ],
)
def test_a_value_that_can_t_be_used_is_refused_to_workers_as_well(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    for read in (read_settings, settings_of_worker):
        with pytest.raises(ConfigError, match=f"^{name}: "):
            read()


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@api.example.com",
        "https://hunter2@api.example.com/x",
        "https://user:hunter2@[::1",
        "https://:hunter2@",
        "https://user:hunter2\\@api.example.com",
        "https://user: hunter2@api.example.com",
        "https://api.example.com?key=hunter2",
        "ftp://user:hunter2@api.example.com",
        "user:hunter2@api.example.com",
    ],
)
def test_a_login_in_the_api_s_url_is_refused_and_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CALLSCHED_SYMBL_BASE_URL", url)

    for read in (read_settings, settings_of_worker):
        with pytest.raises(ConfigError, match=r"^CALLSCHED_SYMBL_BASE_URL: ") as raised:
            read()
        assert "hunter2" not in "".join(traceback.format_exception(raised.value))
        assert "\n" not in str(raised.value)


def test_without_a_home_only_who_needs_the_folder_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Path, "expanduser", _homeless)

    chosen = read_settings()

    with pytest.raises(ConfigError, match="CALLSCHED_STATE_DIR: the home folder"):
        private.state_folder(chosen.state_dir)


def test_a_home_is_written_out_once_for_all_who_use_the_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALLSCHED_STATE_DIR", "~/x")

    assert read_settings().state_dir == Path.home() / "x"


def _homeless(_path: Path) -> Path:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("https://calls.example.com/", "https://calls.example.com"),
        ("https://example.com/calls", "https://example.com/calls"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("", None),
    ],
)
def test_a_public_url_is_read(
    place: Path, monkeypatch: pytest.MonkeyPatch, said: str, read: str | None
) -> None:
    monkeypatch.setenv("CALLSCHED_PUBLIC_URL", said)

    assert read_settings().public_url == read


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("http://calls.example.com", "in the clear"),
        ("https://my_calls.example.com", "underscore"),
        ("calls.example.com", "https://"),
    ],
)
def test_a_public_url_that_no_provider_should_use_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    monkeypatch.setenv("CALLSCHED_PUBLIC_URL", said)

    with pytest.raises(ConfigError, match=f"CALLSCHED_PUBLIC_URL: .*{told}"):
        read_settings()


def test_every_name_in_the_repository_is_known() -> None:
    known = {f"CALLSCHED_{name.upper()}" for name in Settings.model_fields} | set(READ_ELSEWHERE)
    # Docs speak of CALLSCHED_SYMBL_… as well.
    beginnings = {name[: name.rindex("_")] for name in known}
    found = set()
    for path in _texts():
        found |= set(re.findall(r"\bCALLSCHED_[A-Z0-9_]*[A-Z0-9]\b", path.read_text("utf-8")))

    assert {"CALLSCHED_REDIS_URL", "CALLSCHED_DEBUG"} <= found
    others = {name for name in found - known - beginnings if not is_of_service(name, "tcp://x")}
    assert others == {"CALLSCHED_ALOWED_NUMBERS"}


def _texts() -> Iterator[Path]:
    """Yield what might name a setting; tests name some that are none."""
    for folder in ("scheduler", "docs", "deploy", "samples", "benchmarks", "tests/chaos"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in (".pyc", ".gz", ".png", "") and path.is_file():
                yield path
    for path in ROOT.iterdir():
        if path.suffix in (".py", ".md", ".yml") or path.name in ("Makefile", "Dockerfile"):
            yield path


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://calls.example.com/", "https://calls.example.com"),
        ("https://calls.example.com:8443/in", "https://calls.example.com:8443/in"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_where_providers_reach_us_is_read_without_its_last_slash(written: str, read: str) -> None:
    assert read_settings({"CALLSCHED_PUBLIC_URL": written}).public_url == read


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("http://calls.example.com", "expected https://"),
        ("https://our_calls.example.com", "without an underscore"),
        ("calls.example.com", "CALLSCHED_PUBLIC_URL"),
    ],
)
def test_where_nobody_could_tell_us_safely_is_refused(written: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_settings({"CALLSCHED_PUBLIC_URL": written})


def test_a_variable_without_our_prefix_is_no_setting(place: Path) -> None:
    (place / ".env").write_text("ACCOUNT=somebody\nMAX_CONCURRENCY=7\n")

    assert read_settings({"RESERVE": "3"}) == read_settings()
    assert read_settings().account == "default"
    assert read_settings().max_concurrency == 5
