"""What `doctor` says of machines that are well, and of what may be wrong with them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scheduler.ledger import health, keys, limits
from scheduler.ledger.health import Finding
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis import releases
from scheduler.models import Durability
from scheduler.operations import doctor
from tests.functional.campaign import Command, Site, numbers
from tests.functional.test_cli import Api, serving
from tests.integration.test_durability import ANY, NEW, Machine, Server, free_port, needs_waitaof
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(tmp_path, stack)


def checks(command: Command) -> dict[str, tuple[str, str]]:
    """Return what a command found, and that its exit code agrees."""
    assert "Traceback" not in command.err, command.err
    found = {check["name"]: (check["level"], told(check)) for check in command.record["checks"]}
    assert len(found) == len(command.record["checks"])
    failed = any(level == "fail" for level, _ in found.values())
    assert command.process.returncode == int(failed)
    assert command.record["ok"] is not failed
    return found


def told(check: dict[str, str]) -> str:
    assert (check["remedy"] == "") == (check["level"] == "ok")
    return f"{check['text']}; {check['remedy']}"


def look(server: Server, durability: Durability = Durability.SERVER) -> dict[str, Finding]:
    return {finding.name: finding for finding in health.of_redis(server.url, durability)}


def levels(found: dict[str, Finding]) -> dict[str, str]:
    return {name: str(finding.level) for name, finding in found.items() if finding.level != "ok"}


@pytest.mark.parametrize("name", [".", ".env", "celeryconfig.py"])
def test_a_working_folder_that_others_write_to_is_told(site: Site, name: str) -> None:
    (site.home / ".env").touch(0o600)
    (site.home / "celeryconfig.py").touch(0o600)
    assert "working folder" not in checks(site.call("doctor", "--json"))

    (site.home / name).chmod(0o777)
    level, text = checks(site.call("doctor", "--json"))["working folder"]

    assert level == "warn"
    assert (name if name != "." else "a .env file and a celeryconfig.py") in text


# A machine as an operator has it ----------------------------------------------------------------


def test_a_machine_that_is_well_fails_nothing(site: Site) -> None:
    looked = site.call("doctor", "--json")

    found = checks(looked)
    assert looked.process.returncode == 0, looked.out
    assert {name: level for name, (level, _) in found.items() if level != "ok"} == {
        "workers": "warn"
    }
    assert "is a sandbox: nobody is called" in found["api"][1]
    assert found["persistence"][1].startswith("append-only file, appendfsync always")
    assert set(found) == {
        *("settings", "api", "credentials", "redis", "version", "role", "persistence"),
        *("eviction", "memory", "durability", "clock", "ledger", "account", "stops"),
        *("tls", "rights", "workers", "files", "disk"),
    }


def test_each_check_is_a_line_for_a_person(site: Site) -> None:
    looked = site.call("doctor")

    assert looked.process.returncode == 0
    lines = looked.out.splitlines()
    assert lines[0] == "settings and accounts"
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["ok", "settings"],
        ["ok", "api"],
        ["ok", "credentials"],
    ]
    assert {"redis", "calls and workers", "this machine"} <= set(lines)
    assert lines[-1] == "it works; 1 check warns"
    assert "\x1b" not in looked.out
    assert any(line.startswith("warn  workers") for line in lines)
    assert "hush-hush-secret" not in looked.out + looked.err


def test_workers_that_run_are_counted(site: Site) -> None:
    worker = site.start("worker")
    wait_until(lambda: "ready" in worker.err)

    assert checks(site.call("doctor", "--json"))["workers"] == ("ok", "1 answer; ")


@pytest.mark.parametrize(
    ("answer", "live", "level"), [(0, 0, "warn"), (0, 2, "fail"), (1, 2, "ok")]
)
def test_live_calls_that_nobody_ends_fail(answer: int, live: int, level: str) -> None:
    found = doctor.workers(lambda: answer, live)

    assert found.level == level
    assert ("2 calls are live that only workers end" in found.text) == (level == "fail")


def test_a_dead_redis_is_told_in_a_line(site: Site) -> None:
    env = {"CALLSCHED_REDIS_URL": f"redis://:hidden@{NOWHERE}/0"}

    looked = site.call("doctor", "--json", env=env)

    found = checks(looked)
    level, text = found["redis"]
    assert (level, "CALLSCHED_REDIS_URL" in text) == ("fail", True)
    assert found["credentials"][0] == "ok"
    assert found["disk"][0] == "ok"
    assert "hidden" not in looked.out + looked.err


def test_a_private_redis_that_cannot_be_started_is_told_in_a_line(site: Site) -> None:
    (site.home / "file").write_text("")

    looked = site.call("doctor", "--json", env={"CALLSCHED_STATE_DIR": str(site.home / "file")})

    level, text = checks(looked)["redis"]
    assert (level, "CALLSCHED_STATE_DIR" in text) == ("fail", True)


def test_a_dead_api_is_told_in_a_line(site: Site) -> None:
    env = {"CALLSCHED_SYMBL_BASE_URL": f"http://{NOWHERE}"}

    found = checks(site.call("doctor", "--json", env=env))

    for check in ("api", "credentials"):
        level, text = found[check]
        assert (level, "CALLSCHED_SYMBL_BASE_URL" in text) == ("fail", True)
    assert found["redis"][0] == "ok"


def test_wrong_credentials_are_told_in_a_line(site: Site, sandbox: SandboxProcess) -> None:
    sandbox.knobs(app_id="right", app_secret="right")

    level, text = checks(site.call("doctor", "--json"))["credentials"]

    assert (level, "CALLSCHED_SYMBL_APP_ID" in text) == ("fail", True)


def test_missing_credentials_are_told_in_a_line(site: Site) -> None:
    env = {"CALLSCHED_SYMBL_APP_ID": "", "CALLSCHED_SYMBL_APP_SECRET": ""}

    site.call("submit", site.contacts(numbers(2)))
    env["CALLSCHED_SYMBL_BASE_URL"] = "https://nowhere.invalid"
    found = checks(site.call("doctor", "--json", env=env))

    level, text = found["credentials"]
    assert level == "fail"
    assert text.startswith("no credentials; set CALLSCHED_SYMBL_APP_ID and")
    assert "api" not in found  # nobody has asked it
    waits = "2 calls are due: no worker serves account default; `callsched worker` starts one"
    assert found["waiting"] == ("warn", waits)


def test_a_given_token_is_tried(site: Site) -> None:
    env = {
        "CALLSCHED_SYMBL_APP_ID": "",
        "CALLSCHED_SYMBL_APP_SECRET": "",
        "CALLSCHED_SYMBL_ACCESS_TOKEN": "nobody-knows-it",
    }

    level, text = checks(site.call("doctor", "--json", env=env))["credentials"]

    assert (level, "CALLSCHED_SYMBL_ACCESS_TOKEN" in text) == ("fail", True)


def test_an_account_without_a_list_of_conversations_is_told(
    site: Site, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(conversation_fault="403")

    level, text = checks(site.call("doctor", "--json"))["credentials"]

    assert (level, "refuses the list of conversations" in text) == ("warn", True)


@pytest.mark.parametrize("fault", ["502", "reset_after"])
def test_an_api_that_stumbles_is_told(site: Site, sandbox: SandboxProcess, fault: str) -> None:
    sandbox.knobs(conversation_fault=fault)

    level, text = checks(site.call("doctor", "--json"))["credentials"]

    assert (level, "can't be asked" in text) == ("warn", True)


def test_a_web_page_is_no_telephony_api(site: Site) -> None:
    with serving(Api(page=True)) as api:
        found = checks(site.call("doctor", "--json", env={"CALLSCHED_SYMBL_BASE_URL": api.url}))

    assert found["credentials"][0] == "fail"
    assert "is not encrypted" in found["api"][1]


def test_wrong_settings_are_told_in_a_line(site: Site) -> None:
    found = checks(site.call("doctor", "--json", env={"CALLSCHED_MAX_CONCURRENCY": "many"}))

    assert set(found) == {"settings"}
    assert "CALLSCHED_MAX_CONCURRENCY" in found["settings"][1]


def test_too_few_files_are_told(site: Site) -> None:
    words = [sys.executable, "-m", "scheduler.cli", "doctor", "--json"]
    looked = subprocess.run(
        words,
        env=site.env,
        cwd=site.home,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512)),
    )

    (files,) = (check for check in json.loads(looked.stdout)["checks"] if check["name"] == "files")
    assert (files["level"], "CALLSCHED_LISTENER_SOCKETS" in files["remedy"]) == ("warn", True)


# Servers that are not as they should be -----------------------------------------------------------


def test_faults_of_scripting_are_told_and_warned_of_where_others_may_reach_them(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    server = machine.server(ANY, "--port", str(port))
    monkeypatch.setattr(releases, "_MENDED", dict.fromkeys(("Redis", "Valkey"), ((99, 0, 1),)))

    over_tcp = health.of_redis(f"redis://127.0.0.1:{port}/0", Durability.SERVER)
    [reached] = [one for one in over_tcp if one.name == "version"]
    own = look(server)["version"]

    assert (reached.level, own.level) == ("warn", "ok")
    assert "faults that 99.0.1 fixes: anybody who can send it commands can" in reached.text
    assert "only this user can open its socket" in own.text


def test_a_server_of_defaults_keeps_nothing(machine: Machine) -> None:
    found = look(machine.server(ANY))

    assert levels(found) == {"persistence": "fail"}
    assert found["persistence"].remedy == "set appendonly yes on it"


@pytest.mark.parametrize(
    ("fsync", "level"), [("always", None), ("everysec", "warn"), ("no", "fail")]
)
def test_what_a_machines_death_loses_is_told(
    machine: Machine, fsync: str, level: str | None
) -> None:
    found = look(machine.server(ANY, "--appendonly", "yes", "--appendfsync", fsync))

    assert levels(found) == ({"persistence": level} if level else {})


@needs_waitaof
def test_a_server_that_can_wait_for_its_disk_is_told_so(machine: Machine) -> None:
    server = machine.server(NEW, "--appendonly", "yes", "--appendfsync", "everysec")

    assert "CALLSCHED_DURABILITY=disk" in look(server)["persistence"].remedy
    assert levels(look(server, Durability.DISK)) == {}


def test_a_setting_that_the_server_cannot_fulfil_is_told(machine: Machine) -> None:
    server = machine.server(ANY, "--appendonly", "no")

    assert look(server, Durability.DISK)["durability"].level == "fail"
    replica = look(server, Durability.REPLICA)
    assert levels(replica) == {"persistence": "warn", "durability": "fail"}
    assert "nothing is dialled" in replica["durability"].text


def test_a_server_that_forgets_when_memory_is_short_is_told(machine: Machine) -> None:
    server = machine.server(ANY, "--appendonly", "yes", "--appendfsync", "always")
    server.redis.config_set("maxmemory-policy", "allkeys-lru")
    assert levels(look(server)) == {"eviction": "warn"}

    server.redis.config_set("maxmemory", 2**30)
    assert levels(look(server)) == {"eviction": "fail"}


@pytest.mark.parametrize(("share", "level"), [(0.5, None), (0.8, "warn"), (0.97, "fail")])
def test_memory_that_runs_short_is_told(machine: Machine, share: float, level: str | None) -> None:
    server = machine.server(ANY, "--appendonly", "yes", "--appendfsync", "always")
    for n in range(100):  # in pieces, for what is sent takes memory as well
        server.redis.set(f"filler {n}", "x" * 200_000)
    server.redis.config_set("maxmemory", int(server.redis.info()["used_memory"] / share))

    assert levels(look(server)) == ({"memory": level} if level else {})


def test_a_replica_is_told(machine: Machine) -> None:
    master, replica = machine.pair()

    assert look(replica)["role"].level == "fail"
    assert "; 1 replica" in look(master)["role"].text


def test_a_newer_ledger_is_told(machine: Machine) -> None:
    server = machine.server(ANY, "--appendonly", "yes", "--appendfsync", "always")
    server.redis.set(f"{keys.ROOT}schema", keys.SCHEMA + 1)

    found = look(server)

    assert levels(found) == {"ledger": "fail"}
    assert "upgrade" in found["ledger"].remedy


def test_a_managed_server_that_denies_config_is_read_by_what_it_does_tell(
    machine: Machine,
) -> None:
    server = machine.server(ANY, "--appendonly", "yes", "--appendfsync", "always")
    server.redis.execute_command(
        "ACL", "SETUSER", "tenant", "on", ">pw", "~*", "&*", "+@all", "-config"
    )

    found = {
        finding.name: finding
        for finding in health.of_redis(f"unix://tenant:pw@{server.socket}?db=0", Durability.SERVER)
    }

    assert found["eviction"].level == "ok"
    assert levels(found) == {"persistence": "warn"}
    assert "(not told)" in found["persistence"].text


def test_a_server_that_denies_info_is_told(machine: Machine) -> None:
    server = machine.server(ANY)
    words = ("on", ">pw", "~*", "&*", "+@all", "-info")
    server.redis.execute_command("ACL", "SETUSER", "tenant", *words)

    url = f"unix://tenant:pw@{server.socket}?db=0"
    *others, last = health.of_redis(url, Durability.SERVER)

    assert {found.level for found in others} == {"ok"}
    assert (last.level, "INFO" in last.text) == ("warn", True)


def test_a_wrong_password_is_told(machine: Machine) -> None:
    server = machine.server(ANY)
    server.redis.config_set("requirepass", "right")

    (found,) = health.of_redis(f"unix://:wrong@{server.socket}?db=0", Durability.SERVER)

    assert (found.level, "CALLSCHED_REDIS_URL" in found.text) == ("fail", True)
    assert "wrong@" not in found.text


# The account ------------------------------------------------------------------------------------


def test_late_stops_blocked_credentials_and_an_outage_are_told(machine: Machine) -> None:
    ledger: Any = machine.empty_ledger(machine.server(ANY), Durability.SERVER)
    ledger.open()
    assert levels_of(ledger) == {}

    live = keys.account("a", "live")
    ledger.redis.zadd(live, {f"c:{row}:1": 1.0 for row in range(3)})
    limits.block(ledger, "a", "print", "402 Payment Required")
    ledger.redis.hset(keys.account("a", "meta"), "probe_at", 1.0)
    assert levels_of(ledger) == {"stops": "warn", "blocked": "fail", "outage": "warn"}

    # Workers go on dialling until more than three are over 30 s late.
    ledger.redis.zadd(live, {"c:4:1": ledger.time() - 10})
    assert levels_of(ledger)["stops"] == "warn"
    ledger.redis.zadd(live, {"c:4:1": 1.0})
    assert levels_of(ledger)["stops"] == "fail"


def levels_of(ledger: Ledger) -> dict[str, str]:
    return levels({found.name: found for found in health.of_account(ledger, "a", "print")})


def test_it_runs_as_a_user_without_a_home_folder_of_its_own(site: Site) -> None:
    state = site.home / "not" / "there" / "yet"

    looked = site.call("doctor", "--json", env={"CALLSCHED_STATE_DIR": str(state)})

    assert checks(looked)["disk"][0] == "ok"
    assert os.path.isdir(state)  # noqa: PTH112


def test_a_state_folder_that_others_have_rights_in_is_told(site: Site) -> None:
    assert "folder" not in checks(site.call("doctor", "--json"))
    (site.state / "of-somebody-else").touch()
    site.state.chmod(0o755)

    level, text = checks(site.call("doctor", "--json"))["folder"]

    assert (level, f"other users have rights in {site.state}" in text) == ("warn", True)
