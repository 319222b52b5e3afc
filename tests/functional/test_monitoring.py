"""What can be seen of a worker from outside: metrics, health, logs, traces, Celery's own tools."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import promql_parser
import psutil
import pytest
import requests
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Attempt
from scheduler.worker.tracing import trace_id_of
from tests.functional.campaign import Command, Site, magic, numbers, write_contacts
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "monitoring.md").read_text("utf-8")
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "callsched.json").read_text("utf-8"))
ALERTS = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))

#: Six that are accepted, one that is refused once, one that is rejected, one whose answer is lost.
PEOPLE = [*numbers(6), magic(29), magic(4), magic(50)]
UNKNOWN = "seen:9:1"


class Collector:
    """Takes traces as an OpenTelemetry collector does, by OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sent = ExportTraceServiceRequest.FromString(body)
                for resource in sent.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans.extend(scope.spans)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Collector:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def of(self, name: str) -> list[dict[str, Any]]:
        """Return the attributes of every span of this name."""
        return [_attributes(span) for span in self.spans if span.name == name]


def _attributes(span: Any) -> dict[str, Any]:
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes
    } | {"trace_id": int.from_bytes(span.trace_id), "is_error": span.status.code == 2}


@dataclass
class Pool:
    """One worker, after a campaign."""

    site: Site
    worker: Command
    port: int
    redis: psutil.Process
    traces: Collector
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> requests.Response | None:
        try:
            return self.session.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)
        except requests.ConnectionError:
            return None

    def status(self, path: str) -> int:
        answer = self.get(path)
        return 0 if answer is None else answer.status_code

    def samples(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """Return what it tells Prometheus: name, labels but the account, value."""
        answer = self.get("/metrics")
        assert answer is not None and answer.status_code == 200
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = {key: value for key, value in sample.labels.items() if key != "account"}
                found.setdefault(sample.name, {})[tuple(sorted(labels.items()))] = sample.value
        return found


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    home, port = tmp_path_factory.mktemp("pool"), free_port()
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxProcess(limit=50))
        redis = stack.enter_context(EmbeddedRedis(home / "redis"))
        traces = stack.enter_context(Collector())
        site = stack.enter_context(
            Site(
                home,
                sandbox.url,
                CALLSCHED_REDIS_URL=redis.url,
                CALLSCHED_METRICS_PORT=port,
                CALLSCHED_LOG_FORMAT="json",
                OTEL_EXPORTER_OTLP_ENDPOINT=traces.url,
                OTEL_BSP_SCHEDULE_DELAY=200,
            )
        )
        worker = site.start_celery_worker("--loglevel=info", quiet=True)
        pool = Pool(site, worker, port, _server_of(home / "redis"), traces)
        pool.session.trust_env = False
        stack.enter_context(pool.session)
        wait_until(lambda: pool.status("/readyz") == 200 and "ready." in worker.err)
        path = str(write_contacts(home / "people.csv", PEOPLE))
        told = site.call("submit", path, "--id", "seen", "--max-duration", "1s")
        assert told.process.returncode == 0, told.err
        finished = (("state", "finished"),)
        wait_until(lambda: pool.samples()["callsched_account_campaigns"][finished] == 1)
        wait_until(lambda: pool.samples()["callsched_account_waiting_collects"][()] == 0)
        yield pool


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server_of(folder: Path) -> psutil.Process:
    for process in psutil.process_iter():
        try:
            if "redis" in process.name() and process.cwd() == str(folder.resolve()):
                return process
        except psutil.Error:
            continue
    raise AssertionError("there is no Redis")


def test_a_worker_counts_what_it_did(pool: Pool) -> None:
    found = pool.samples()

    starts = found["callsched_worker_starts_total"]
    assert starts[("answer", "accepted"),] == 7
    assert starts[("answer", "at_limit"),] == 2
    assert starts[("answer", "rejected"),] == 1
    assert starts[("answer", "lost"),] == 1
    assert found["callsched_worker_start_seconds_count"][()] == 11
    assert found["callsched_worker_stops_total"][("answer", "accepted"),] == 7
    assert found["callsched_worker_stop_lateness_seconds_count"][()] == 7
    assert found["callsched_worker_stop_lateness_seconds_bucket"][("le", "+Inf"),] == 7
    assert found["callsched_worker_collects_total"][("answer", "accepted"),] >= 7
    assert found["callsched_worker_ticks_total"][()] > 0
    assert found["callsched_worker_threads"][("work", "stop"),] == 16
    assert found["callsched_worker_draining"][()] == 0


def test_a_worker_tells_what_the_ledger_says_of_its_account(pool: Pool) -> None:
    found = pool.samples()

    assert found["callsched_ledger_up"][()] == 1
    assert found["callsched_account_ceiling"][()] == 5
    assert found["callsched_account_starts_total"][()] == 11
    assert found["callsched_account_accepted_total"][()] == 7
    assert found["callsched_account_refused_total"][()] == 2
    ended = {key: value for key, value in found["callsched_account_ended_calls"].items() if value}
    assert {(dict(key)["disposition"], dict(key)["reason"]): n for key, n in ended.items()} == {
        ("stopped", ""): 7,
        ("rejected", ""): 1,
        ("unknown", "answer_lost"): 1,
    }
    assert found["callsched_account_end_lateness_seconds_count"][()] == 7
    assert found["callsched_account_end_lateness_seconds_bucket"][("le", "600.0"),] == 7
    assert 0 < found["callsched_account_end_lateness_seconds_sum"][()] < 7 * 600
    assert found["callsched_account_late_ends_total"][()] >= 0
    assert found["callsched_account_workers"][("health", "well"),] == 1
    idle = ("live_connections", "overdue_stops", "due_calls", "waiting_stops", "outage")
    assert [found[f"callsched_account_{name}"][()] for name in idle] == [0] * len(idle)


def test_every_metric_has_its_row_and_every_row_its_metric(pool: Pool) -> None:
    answer = pool.get("/metrics")
    assert answer is not None
    exported = set(re.findall(r"^# TYPE (callsched_\w+)", answer.text, re.MULTILINE))

    documented = set(re.findall(r"^\| `(callsched_\w+)", PAGE, re.MULTILINE))
    assert documented == exported


def queries() -> list[str]:
    """Return every query of the dashboard and of the alerts."""
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    rules = [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]
    return [query.replace("$__rate_interval", "1m") for query in (*shown, *rules)]


def test_dashboard_and_alerts_ask_for_what_a_worker_tells(pool: Pool) -> None:
    told = set(pool.samples())

    for query in queries():
        promql_parser.parse(query)
        assert set(re.findall(r"(?:callsched|process)_\w+", query)) <= told, query


def test_every_metric_of_the_ledger_is_on_the_dashboard(pool: Pool) -> None:
    shown = set(re.findall(r"callsched_\w+", " ".join(queries())))

    told = {name for name in pool.samples() if name.startswith("callsched_account_")}
    assert told <= shown


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]

    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert {"summary", "description", "action"} <= set(rule["annotations"]), rule["alert"]
        assert f"`{rule['alert']}`" in PAGE
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10


def test_a_log_in_json_says_which_call_each_line_is_about_and_no_number(pool: Pool) -> None:
    written = pool.worker.err
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]

    (lost,) = [
        line for line in lines if line.get("attempt") == UNKNOWN and "500" in line["message"]
    ]
    assert lost["level"] == "WARNING"
    assert (lost["campaign_id"], lost["call"]) == ("seen", "seen:9")
    assert {line["worker"] for line in lines} == {
        f"{socket.gethostname()}:{pool.worker.process.pid}"
    }
    assert any("accepted in" in line["message"] for line in lines)
    assert pool.worker.out == ""
    assert [number for number in PEOPLE if number.lstrip("+") in written] == []


def test_every_exchange_is_a_span_of_its_attempts_trace_without_a_number(pool: Pool) -> None:
    wait_until(lambda: len(pool.traces.of("start")) == 11 and len(pool.traces.of("stop")) == 7)

    (lost,) = [span for span in pool.traces.of("start") if span["callsched.attempt"] == UNKNOWN]
    assert lost["trace_id"] == trace_id_of(Attempt.parse(UNKNOWN))
    assert (lost["callsched.campaign_id"], lost["callsched.call"]) == ("seen", "seen:9")
    assert (lost["error.type"], lost["callsched.answer"]) == ("MaybeDone", "lost")
    assert lost["is_error"]
    stops, collects = pool.traces.of("stop"), pool.traces.of("collect")
    assert {stop["callsched.disposition"] for stop in stops} == {"stopped"}
    assert {stop["trace_id"] for stop in stops} <= {span["trace_id"] for span in collects}
    assert not any(number.lstrip("+") in str(pool.traces.spans) for number in PEOPLE)


def test_celery_s_own_tools_find_the_worker(pool: Pool) -> None:
    port = free_port()
    celery = ("-m", "celery", "-A", "scheduler")
    flower = pool.site.start_python(
        *(*celery, "flower", f"--port={port}", "--address=127.0.0.1"),
        *("--read_only=True", "--enable_events=False"),
        env={"FLOWER_UNAUTHENTICATED_API": "true"},
    )
    name = f"celery@{socket.gethostname()}"
    asked = ("inspect", "ping", "--json", "--timeout=30", f"--destination={name}")
    ping = pool.site.start_python(*celery, *asked)

    assert ping.wait() == 0, ping.err
    assert json.loads(ping.out) == {name: {"ok": "pong"}}
    wait_until(lambda: name in _workers_by_flower(pool, port))
    flower.terminate()
    flower.wait()


def _workers_by_flower(pool: Pool, port: int) -> dict[str, Any]:
    try:
        url = f"http://127.0.0.1:{port}/api/workers?refresh=1"
        answer = pool.session.get(url, timeout=30)
    except requests.ConnectionError:
        return {}
    return dict(answer.json()) if answer.ok else {}


def test_a_ledger_that_hangs_is_told_and_the_worker_is_well(pool: Pool) -> None:
    pool.redis.suspend()
    try:
        wait_until(lambda: pool.status("/readyz") == 503)

        found = pool.samples()
        assert found["callsched_ledger_up"][()] == 0
        assert "callsched_account_slots" not in found
        assert found["callsched_worker_starts_total"][("answer", "accepted"),] == 7
        assert pool.status("/healthz") == 200
    finally:
        pool.redis.resume()
    wait_until(lambda: pool.status("/readyz") == 200)
    assert pool.samples()["callsched_ledger_up"][()] == 1
