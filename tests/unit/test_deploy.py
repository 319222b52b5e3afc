"""What is deployed is what there is: every setting, command, option, port and file."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
import typer
import yaml
from celery.bin.worker import worker as celery_worker
from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]

from scheduler.cli.app import app
from scheduler.providers import PROVIDERS, accounts_of
from scheduler.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("callsched-*.*"))
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
SETTINGS = {f"CALLSCHED_{name.upper()}" for name in Settings.model_fields}

#: Of other projects, whose schemas no package brings.
FOREIGN = {"kustomization.yaml", "podmonitor.yaml"}


def assert_understood(words: list[str]) -> None:
    """Fail unless there is such a command, and it has these options."""
    if words[0] == "celery":
        assert words[1:4] == ["-A", "scheduler", "worker"]
        command: click.Command = celery_worker
    else:
        assert words[0] == "callsched"
        command = COMMANDS[words[1]]
    known = {name for option in command.params for name in option.opts}
    assert [word for word in words[4:] if word.startswith("--") and word not in known] == []


# --- the image


@functools.cache
def instructions() -> list[tuple[str, str]]:
    """Return every instruction of the Dockerfile, with its value."""
    parsed = DockerfileParser(str(ROOT / "Dockerfile"), cache_content=True)
    steps = [(step["instruction"], step["value"]) for step in parsed.structure]
    return [step for step in steps if step[0] != "COMMENT"]


def values(instruction: str) -> list[str]:
    return [value for name, value in instructions() if name == instruction]


def test_the_image_has_a_base_that_is_pinned_and_nothing_else_from_elsewhere() -> None:
    base = dict(arg.split("=", 1) for arg in values("ARG") if "=" in arg)["PYTHON"]
    stages = [re.fullmatch(r"(\S+) AS (\S+)", value) for value in values("FROM")]
    names = [stage[2] for stage in stages if stage]

    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    assert len(names) == len(stages)
    assert {stage[1] for stage in stages if stage} <= {"${PYTHON}", *names}


def test_everything_that_is_copied_is_there_and_reaches_the_builder() -> None:
    copied = [value.split()[:-1] for value in values("COPY") if not value.startswith("--from")]
    sources = {source for sources in copied for source in sources}
    let_through = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)

    assert sources == set(let_through)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_nobody_is_root_in_the_image_and_what_it_is_told_ends_it_in_peace() -> None:
    runtime = instructions().index(("FROM", "${PYTHON} AS runtime"))
    after = instructions()[runtime:]

    assert [value for name, value in after if name == "USER"] == ["10001:10001"]
    assert ("STOPSIGNAL", "SIGTERM") in after
    assert not [value for name, value in after if name == "RUN" and "pip" in value]


def test_no_secret_is_in_the_image() -> None:
    told = " ".join([*values("ENV"), *values("ARG")])

    assert not re.search(r"secret|password|token|CALLSCHED_", told, re.IGNORECASE)


def test_the_image_runs_a_worker() -> None:
    assert_understood(json.loads(values("CMD")[-1]))


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == self.server.healthy else 503)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def health_check(port: object) -> int:
    """Run the image's health check in the environment of a container; return its exit code."""
    command = json.loads(values("HEALTHCHECK")[0].split("CMD", 1)[1])
    env = {"PATH": os.environ["PATH"], "CALLSCHED_METRICS_PORT": str(port)}
    words = [sys.executable, *command[1:]]
    return subprocess.run(words, env=env, capture_output=True, check=False).returncode


def test_the_health_check_asks_a_worker_that_offers_it(endpoint: HTTPServer) -> None:
    port = endpoint.server_address[1]
    codes = []
    for path in ("/healthz", "/elsewhere"):
        endpoint.healthy = path  # type: ignore[attr-defined]
        codes.append(health_check(port))

    assert codes == [0, 1]
    assert [health_check(off) for off in ("", "0")] == [0, 0]


# --- systemd


def entries(unit: Path) -> list[tuple[str, str]]:
    """Return the keys of a unit with their values; a key may come more than once."""
    lines = [line for line in unit.read_text().splitlines() if "=" in line and line[0] != "#"]
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    assert len(UNITS) == 4
    for unit in UNITS:
        # Whether the command is installed on this machine is not the question.
        text = unit.read_text().replace("/opt/callsched/bin/", f"{Path(sys.executable).parent}/")
        (tmp_path / unit.name).write_text(text)

    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )

    of_ours = [line for line in checked.stderr.splitlines() if "callsched" in line]
    assert (checked.returncode, of_ours) == (0, [])


def test_units_run_commands_that_there_are() -> None:
    started = [value for unit in UNITS for key, value in entries(unit) if key == "ExecStart"]

    assert len(started) == 3
    for command in started:
        assert_understood(command.removeprefix("/opt/callsched/bin/").split())


def test_a_worker_of_systemd_is_never_given_up_and_has_time_to_leave() -> None:
    unit = dict(entries(DEPLOY / "systemd" / "callsched-worker@.service"))

    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("always", "0")
    assert (unit["KillSignal"], unit["TimeoutStopSec"]) == ("SIGTERM", "45")
    assert (unit["User"], unit["NoNewPrivileges"]) == ("callsched", "true")
    assert unit["ProtectSystem"] == "strict"
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_a_receiver_of_systemd_reads_the_accounts_when_it_is_told_to_and_comes_back() -> None:
    unit = dict(entries(DEPLOY / "systemd" / "callsched-web.service"))

    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("always", "0")
    assert (unit["User"], unit["ProtectSystem"]) == ("callsched", "strict")
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_the_example_of_an_environment_is_one(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / "callsched.env.example").read_text()
    file = tmp_path / "callsched.env"
    file.write_text(re.sub(r"^#(CALLSCHED_)", r"\1", text, flags=re.MULTILINE))

    read = Settings(_env_file=file)  # type: ignore[call-arg]

    assert set(re.findall(r"CALLSCHED_\w+", text)) <= SETTINGS
    assert read.metrics_port == 9464
    assert read.accounts == Path("/etc/callsched/accounts.yaml")
    assert read.symbl_app_secret is None


@pytest.mark.parametrize(
    "paths",
    [
        ("docker-compose.yml",),
        ("deploy/systemd/callsched.env.example",),
        ("deploy/kubernetes/secret.example.yaml", "deploy/kubernetes/settings.yaml"),
    ],
)
def test_a_pool_can_be_given_all_that_an_account_needs(paths: tuple[str, ...]) -> None:
    text = "".join((ROOT / path).read_text() for path in paths)
    needed = {"CALLSCHED_CALLER_ID"}
    for kind in PROVIDERS:
        needed |= set(re.findall(r"CALLSCHED_\w+", kind.credentials_settings.split(", or ")[0]))

    assert needed <= set(re.findall(r"CALLSCHED_\w+", text))


# --- Kubernetes


def manifest(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text()))


def objects() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from manifest(path.name)


def pods() -> Iterator[dict[str, Any]]:
    """Return the template of every pod."""
    for one in objects():
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield spec["template"]


def test_the_manifests_follow_the_schemas_of_kubernetes(tmp_path: Path) -> None:
    ours = [path for path in MANIFESTS if path.name not in FOREIGN]
    slip = tmp_path / "slip.yaml"
    slip.write_text((DEPLOY / "kubernetes" / "workers.yaml").read_text().replace("maxSurge", "max"))

    checked, caught = (
        subprocess.run(
            [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", "1.32", *map(str, of)],
            capture_output=True,
            text=True,
            check=False,
        )
        for of in (ours, [slip])
    )

    assert (checked.returncode, len(ours)) == (0, 10), checked.stdout + checked.stderr
    assert caught.returncode != 0


def test_kustomize_finds_every_file() -> None:
    [told] = manifest("kustomization.yaml")

    filled_in = {f"{name}.example.yaml" for name in ("secret", "accounts", "ingress")}
    assert {*told["resources"], *filled_in, *FOREIGN} == {one.name for one in MANIFESTS}


def test_every_variable_of_a_pod_is_a_setting() -> None:
    told = set(re.findall(r"CALLSCHED_\w+", "".join(path.read_text() for path in MANIFESTS)))

    assert "CALLSCHED_REDIS_URL" in told
    assert told <= SETTINGS


def test_whoever_needs_the_accounts_in_kubernetes_sees_the_accounts_and_their_secrets(
    tmp_path: Path,
) -> None:
    [secret] = manifest("accounts.example.yaml")
    ours = [pod for pod in pods() if pod["spec"]["containers"][0]["image"] == "callsched"]
    folder = "/run/secrets/callsched"

    assert len(ours) == 3
    for pod in ours:
        [volume] = [one for one in pod["spec"]["volumes"] if one["name"] == "accounts"]
        mounts = pod["spec"]["containers"][0]["volumeMounts"]
        assert volume["secret"]["secretName"] == secret["metadata"]["name"]
        assert volume["secret"]["optional"] is True
        # A folder: with a subPath a new secret would never be seen.
        assert {"name": "accounts", "mountPath": folder, "readOnly": True} in mounts
        assert pod["spec"]["securityContext"]["fsGroup"] == 10001
    assert (
        f"# CALLSCHED_ACCOUNTS: {folder}/accounts.yaml"
        in (DEPLOY / "kubernetes" / "settings.yaml").read_text()
    )
    assert_readable(
        tmp_path, secret["stringData"]["accounts.yaml"], folder, {*secret["stringData"]}
    )


def test_the_accounts_of_the_compose_file_are_read_where_they_are_mounted(tmp_path: Path) -> None:
    worker = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["worker"]
    text = (DEPLOY / "accounts" / "accounts.yaml").read_text()

    assert "${ACCOUNTS:-./deploy/accounts}:/run/secrets:ro" in worker["volumes"]
    # A ceiling that is set caps each of several accounts.
    assert worker["environment"]["CALLSCHED_MAX_CONCURRENCY"].endswith(":-}")
    assert_readable(tmp_path, text, "/run/secrets", {"north", "south"})


def assert_readable(folder: Path, text: str, mounted: str, secrets: set[str]) -> None:
    """Fail unless an accounts' file is right, and names secrets that are where it says."""
    named = re.findall(rf"\$\{{file:{mounted}/(\w+)\}}", text)
    for name in named:
        (folder / name).write_text("hush")
    path = folder / "accounts.yaml"
    path.write_text(text.replace(mounted, str(folder)))

    accounts = accounts_of(Settings(accounts=path))

    assert set(named) <= secrets
    assert [(one.name, one.fault) for one in accounts] == [("north", ""), ("south", "")]
    assert (accounts.default, accounts.warnings) == ("north", ())


def test_every_pod_runs_what_there_is_without_any_rights() -> None:
    every = list(pods())

    assert len(every) == 4
    for pod in every:
        [container] = pod["spec"]["containers"]
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        if container["image"] == "callsched":
            assert pod["spec"]["enableServiceLinks"] is False
            assert_understood(container["args"])


def test_somebody_keeps_deadlines_while_workers_are_replaced() -> None:
    deployment, budget = manifest("workers.yaml")

    assert deployment["spec"]["replicas"] > 1
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 45
    assert budget["spec"]["maxUnavailable"] < deployment["spec"]["replicas"]


def test_probes_monitors_and_policies_mean_the_same_port() -> None:
    [worker] = manifest("workers.yaml")[0]["spec"]["template"]["spec"]["containers"]
    [monitor] = manifest("podmonitor.yaml")
    redis, workers, _ = manifest("network.yaml")
    [port] = worker["ports"]
    probes = {worker[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "liveness")}

    assert {"name": "CALLSCHED_METRICS_PORT", "value": str(port["containerPort"])} in worker["env"]
    assert probes | {worker["readinessProbe"]["httpGet"]["port"]} == {port["name"]}
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == port["name"]
    assert workers["spec"]["ingress"][0]["ports"] == [{"port": port["containerPort"]}]
    assert redis["spec"]["ingress"][0]["ports"] == [{"port": 6379}]


def test_the_receiver_is_reached_at_one_port_and_calls_nobody() -> None:
    deployment, service = manifest("web.yaml")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    [*_, policy] = manifest("network.yaml")
    [port] = container["ports"]

    assert {"name": "CALLSCHED_WEB_PORT", "value": str(port["containerPort"])} in container["env"]
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert service["spec"]["selector"] == policy["spec"]["podSelector"]["matchLabels"]
    assert policy["spec"]["ingress"][0]["ports"] == [{"port": port["containerPort"]}]
    reached = {one["port"] for rule in policy["spec"]["egress"] for one in rule["ports"]}
    assert reached == {6379, 53}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": port["name"]}
    # Nobody gains by a new pod while Redis is away.
    assert container["livenessProbe"]["tcpSocket"] == {"port": port["name"]}


def ingresses() -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in manifest("ingress.example.yaml")}


def test_the_world_sees_callbacks_alone_and_the_console_is_for_who_is_inside() -> None:
    open_to_all, inside = ingresses()["callsched-callbacks"], ingresses()["callsched-console"]
    paths = {
        name: [path["path"] for path in one["spec"]["rules"][0]["http"]["paths"]]
        for name, one in ingresses().items()
    }
    said = {key.rpartition("/")[2]: value for key, value in said_of(inside).items()}

    assert paths == {
        "callsched-callbacks": ["/callbacks/", "/healthz"],
        "callsched-console": ["/"],
    }
    assert "whitelist-source-range" not in str(said_of(open_to_all))
    assert said["whitelist-source-range"] == "10.0.0.0/8"
    assert (said["proxy-buffering"], said["proxy-request-buffering"]) == ("off", "off")
    assert int(said["proxy-read-timeout"]) >= 3600
    assert said["affinity"] == "cookie"


def said_of(one: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = one["metadata"]["annotations"]
    return found


def test_every_ingress_has_tls_and_the_service_and_the_name_of_the_settings() -> None:
    [_, service] = manifest("web.yaml")
    settings = (DEPLOY / "kubernetes" / "settings.yaml").read_text()

    for one in ingresses().values():
        [rule] = one["spec"]["rules"]
        backends = {str(path["backend"]) for path in rule["http"]["paths"]}
        port = service["spec"]["ports"][0]["name"]
        assert one["spec"]["tls"][0]["hosts"] == [rule["host"]]
        assert f"# CALLSCHED_PUBLIC_URL: https://{rule['host']}\n" in settings
        assert backends == {
            str({"service": {"name": service["metadata"]["name"], "port": {"name": port}}})
        }


# --- proxies


def test_a_proxy_passes_the_name_on_and_keeps_no_event_back() -> None:
    nginx = (DEPLOY / "proxy" / "nginx.conf").read_text()
    caddy = (DEPLOY / "proxy" / "Caddyfile").read_text()
    places = dict(re.findall(r"location (?:= )?(\S+) \{\n(.*?)\n    \}", nginx, re.DOTALL))
    inside = "allow 10.0.0.0/8;\n        deny all;"

    assert "proxy_set_header Host $host;" in nginx
    assert places.keys() == {"/callbacks/", "/healthz", "/", "/api/v1/events", "/metrics"}
    assert "deny" not in places["/callbacks/"] + places["/healthz"]
    assert inside in places["/"] and inside in places["/api/v1/events"]
    assert "deny all;" in places["/metrics"]
    assert "proxy_buffering off;" in places["/api/v1/events"]
    assert "proxy_request_buffering off;" in places["/"]
    # With a path of its own behind it nginx would write the address anew, and no signature fits.
    assert set(re.findall(r"proxy_pass (\S+);", nginx)) == {"http://callsched"}
    assert "@providers path /callbacks/* /healthz\n" in caddy
    assert "not path /metrics" in caddy
    assert {"8080"} == set(re.findall(r"127\.0\.0\.1:(\d+)", nginx + caddy))


def test_whatever_selects_pods_selects_some() -> None:
    label = "app.kubernetes.io/name"
    named = {pod["metadata"]["labels"][label] for pod in pods()}
    text = "".join(path.read_text() for path in MANIFESTS)
    listed = re.findall(r"values: \[(.+)\]", text)
    selected = {one for names in listed for one in names.split(", ")}

    assert selected | set(re.findall(rf"{label}: (\S+)", text)) == named


# --- the pages


def headings(page: Path) -> set[str]:
    """Return what a link may name behind the #, as GitHub makes it of headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def test_alerts_and_pages_name_headings_of_the_page_of_operations() -> None:
    files = [*(ROOT / "docs").glob("**/*.md"), *DEPLOY.rglob("*.yml"), *DEPLOY.rglob("*.json")]
    named = re.findall(
        r"operations\.md#([\w-]+)", "".join(file.read_text("utf-8") for file in files)
    )

    assert sorted(set(named) - headings(ROOT / "docs" / "how-to" / "operations.md")) == []


def test_every_command_of_the_page_of_operations_is_there() -> None:
    page = (ROOT / "docs" / "how-to" / "operations.md").read_text("utf-8")
    lines = re.findall(r"\bcallsched ([a-z-]+)((?: [^\n`;|&]+)?)", page)
    named = {(word, option) for word, rest in lines for option in re.findall(r"--[a-z-]+", rest)}

    commands = {word for word, _ in lines if word in COMMANDS}
    assert {"pause", "abort", "reconcile", "dnc", "doctor", "archive"} <= commands
    for command, option in named:
        if command in COMMANDS and not hasattr(COMMANDS[command], "commands"):
            known = {name for one in COMMANDS[command].params for name in one.opts}
            assert option in known, f"callsched {command} {option}"
