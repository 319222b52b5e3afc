from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scheduler.settings import Settings

COMPOSE_FILE = Path(__file__).parents[2] / "docker-compose.yml"


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
    assert set(services) == {"redis", "worker", "sandbox"}
    for service in services.values():
        assert "image" in service or "build" in service


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


def test_the_sandbox_comes_only_when_it_is_asked_for(services: dict[str, dict[str, Any]]) -> None:
    profiles = {name: service.get("profiles", []) for name, service in services.items()}

    assert profiles == {"redis": [], "worker": [], "sandbox": ["sandbox"]}
    assert all(port.startswith("127.0.0.1:") for port in services["sandbox"]["ports"])


def test_every_variable_is_a_setting() -> None:
    written = {name.lower() for name in re.findall(r"CALLSCHED_(\w+)", COMPOSE_FILE.read_text())}

    assert written
    assert written <= set(Settings.model_fields)
