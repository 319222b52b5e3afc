from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import flower.options  # type: ignore[import-untyped]
import pytest
import yaml

from scheduler.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    content = yaml.safe_load(COMPOSE_FILE.read_text())
    return dict(content["services"])


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """Hold a file to the schema of the Compose specification, which check-jsonschema brings."""
    schema = ("--builtin-schema", "vendor.compose-spec")
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_file_follows_the_compose_specification() -> None:
    checked = check(COMPOSE_FILE)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_specification_refuses_a_file_with_a_slip(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE_FILE.read_text().replace("stop_grace_period", "stop_grace_time"))

    checked = check(broken)

    assert checked.returncode == 1
    assert "stop_grace_time" in checked.stdout


def test_every_service_can_be_made(services: dict[str, dict[str, Any]]) -> None:
    stages = DOCKERFILE.read_text()
    for service in services.values():
        assert "image" in service
        if "build" in service:
            assert f" AS {service['build']['target']}\n" in stages


def test_redis_keeps_everything_and_says_when_it_is_ready(
    services: dict[str, dict[str, Any]],
) -> None:
    redis = services["redis"]
    flags = dict(zip(redis["command"][1::2], redis["command"][2::2], strict=True))

    assert flags["--appendonly"] == "yes"
    assert flags["--appendfsync"] == "always"
    assert flags["--maxmemory-policy"] == "noeviction"
    assert redis["volumes"] == ["redis-data:/data"]
    assert "PONG" in redis["healthcheck"]["test"][1]
    assert "ports" not in redis


def test_workers_can_be_scaled_and_wait_for_redis(services: dict[str, dict[str, Any]]) -> None:
    worker = services["worker"]

    assert worker.keys().isdisjoint({"container_name", "ports"})
    assert worker["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert worker["environment"]["CALLSCHED_REDIS_URL"] == "redis://redis:6379/0"


def test_the_console_is_for_users_on_this_machine_and_is_asked_where_it_listens(
    services: dict[str, dict[str, Any]],
) -> None:
    web = services["web"]
    given, port = web["environment"], "${CALLSCHED_WEB_PORT:-8080}"

    assert web["command"] == "callsched web"
    assert given["CALLSCHED_WEB_PORT"] == port
    # Whoever asks for a loopback address at another port than its own is refused as a stranger.
    assert web["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert '["CALLSCHED_WEB_PORT"] + "/healthz"' in web["healthcheck"]["test"][-1]
    assert given["CALLSCHED_WEB_TOKEN"] == "${CALLSCHED_WEB_TOKEN:-}", "no secret stands here"
    assert "web-data:" + given["CALLSCHED_STATE_DIR"] in web["volumes"]
    assert web["depends_on"] == {"redis": {"condition": "service_healthy"}}


def test_uploads_have_a_folder_in_the_image_that_is_its_users() -> None:
    image = (ROOT / "Dockerfile").read_text()

    assert "--mode 700 --owner 10001 --group 10001 /var/lib/callsched" in image


def test_a_worker_can_write_nothing_but_what_is_thrown_away(
    services: dict[str, dict[str, Any]],
) -> None:
    worker = services["worker"]

    assert worker["read_only"] is True
    assert worker["cap_drop"] == ["ALL"]
    assert worker["tmpfs"] == ["/tmp"]
    assert all(mount.endswith(":ro") for mount in worker["volumes"])


def test_what_is_not_needed_to_call_comes_only_when_it_is_asked_for(
    services: dict[str, dict[str, Any]],
) -> None:
    profiles = {name: service.get("profiles", []) for name, service in services.items()}

    watching = {name: ["monitoring"] for name in ("flower", "prometheus", "grafana")}

    assert profiles == {"redis": [], "worker": [], "web": [], "sandbox": ["sandbox"]} | watching


@pytest.mark.parametrize(
    "name", ["redis", "worker", "web", "sandbox", "flower", "prometheus", "grafana"]
)
def test_every_service_comes_back_has_bounds_and_is_seen_from_this_machine_alone(
    services: dict[str, dict[str, Any]], name: str
) -> None:
    service = services[name]

    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_redis_refuses_writes_before_it_is_killed_for_its_memory(
    services: dict[str, dict[str, Any]],
) -> None:
    command = services["redis"]["command"]
    allowed = command[command.index("--maxmemory") + 1]

    assert (allowed[-2:], services["redis"]["mem_limit"][-2:]) == ("gb", "gb")
    assert float(allowed[:-2]) < float(services["redis"]["mem_limit"][:-2])


def test_every_file_that_is_mounted_is_there(services: dict[str, dict[str, Any]]) -> None:
    written = [mount for service in services.values() for mount in service.get("volumes", [])]
    sources = [re.sub(r"\$\{\w+:-(.+?)\}", r"\1", mount).split(":")[0] for mount in written]
    files = [source for source in sources if source.startswith("./")]

    assert len(files) >= 4
    assert [source for source in files if not (ROOT / source).exists()] == []


def test_workers_are_asked_where_they_answer(services: dict[str, dict[str, Any]]) -> None:
    worker = services["worker"]
    port = worker["environment"]["CALLSCHED_METRICS_PORT"]
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    lookups = [
        lookup
        for job in prometheus["scrape_configs"]
        for lookup in job.get("dns_sd_configs", [])
        if "worker" in lookup["names"]
    ]

    assert f":{port}/healthz" in worker["healthcheck"]["test"][-1]
    assert worker["environment"]["CALLSCHED_METRICS_HOST"] == "0.0.0.0"
    assert [str(lookup["port"]) for lookup in lookups] == [port]


def test_grafana_starts_with_no_password_that_everybody_knows(
    services: dict[str, dict[str, Any]],
) -> None:
    grafana = services["grafana"]
    words = [word.replace("$$", "$") for word in grafana["entrypoint"]]
    told = subprocess.run(
        words,
        env={"GF_SECURITY_ADMIN_PASSWORD": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == "${GRAFANA_PASSWORD:-}"
    assert told.returncode == 1
    assert "GRAFANA_PASSWORD" in told.stderr


def test_flower_only_looks(services: dict[str, dict[str, Any]]) -> None:
    command = services["flower"]["command"]
    chosen = dict(word.removeprefix("--").split("=") for word in command if "=" in word)

    assert chosen.keys() <= flower.options.options.as_dict().keys()
    assert (chosen["read_only"], chosen["enable_events"]) == ("True", "False")


def test_every_variable_is_a_setting() -> None:
    written = {name.lower() for name in re.findall(r"CALLSCHED_(\w+)", COMPOSE_FILE.read_text())}

    assert written
    assert written <= set(Settings.model_fields)


def test_only_who_works_with_the_ledger_reaches_its_redis(
    services: dict[str, dict[str, Any]],
) -> None:
    reaches = {name for name, one in services.items() if "ledger" in one.get("networks", [])}
    needs = {
        name
        for name, one in services.items()
        if "CALLSCHED_REDIS_URL" in one.get("environment", {})
    }

    assert services["redis"]["networks"] == ["ledger"]
    assert reaches == needs | {"redis"}
    assert yaml.safe_load(COMPOSE_FILE.read_text())["networks"]["ledger"]["internal"] is True


def test_whoever_needs_no_rights_of_root_has_none(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_redis_is_the_user_that_it_is_in_kubernetes(services: dict[str, dict[str, Any]]) -> None:
    """Its image begins as root otherwise, which needs the rights to become another."""
    manifest = (ROOT / "deploy" / "kubernetes" / "redis.yaml").read_text()
    [user] = re.findall(r"runAsUser: (\d+)", manifest)
    [group] = re.findall(r"runAsGroup: (\d+)", manifest)

    assert services["redis"]["user"] == f"{user}:{group}"
    assert services["redis"]["read_only"] is True
    assert f"image: {services['redis']['image']}\n" in manifest
