"""The receiver as a process: by itself, and as the one of a run."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest
import requests

from scheduler.errors import ConfigError
from scheduler.ledger.identity import identity
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.operations.listening import Behind, behind, bound
from scheduler.operations.receiver import Receiver
from scheduler.providers import PROVIDERS, CallsBack
from scheduler.settings import Overrides, read_settings
from tests.functional.campaign import Site
from tests.functional.test_monitoring import free_port
from tests.functional.twilio_site import ENDLESS, twilio_site, write
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def there(redis: EmbeddedRedis, folder: Path, **others: str) -> Overrides:
    """Return the settings of a run on this Redis, at a port of its own."""
    return {
        "CALLSCHED_REDIS_URL": redis.url,
        "CALLSCHED_STATE_DIR": str(folder),
        "CALLSCHED_TWILIO_BASE_URL": NOBODY,
        "CALLSCHED_TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "CALLSCHED_TWILIO_AUTH_TOKEN": "2" * 32,
        "CALLSCHED_PUBLIC_URL": None,
        "CALLSCHED_WEB_PORT": str(free_port()),
        **others,
    }


@contextmanager
def ledger_id(redis: EmbeddedRedis) -> Iterator[str]:
    with closing(Ledger(redis.url)) as ledger:
        yield identity(ledger)


def receiver_at(overrides: Overrides, ledger: str) -> Receiver:
    return Receiver(read_settings(overrides), ledger, overrides)


def url_of(overrides: Overrides) -> str:
    return f"http://127.0.0.1:{overrides['CALLSCHED_WEB_PORT']}"


def pids_at(overrides: Overrides) -> list[int]:
    """Return the receivers of a state folder that live."""
    found = []
    for process in psutil.process_iter():
        try:
            words, env = process.cmdline(), process.environ()
        except psutil.Error:
            continue
        is_receiver = "scheduler.web" in words and process.status() != psutil.STATUS_ZOMBIE
        if is_receiver and env.get("CALLSCHED_STATE_DIR") == overrides["CALLSCHED_STATE_DIR"]:
            found.append(process.pid)
    return found


def receivers(site: Site) -> list[int]:
    """Return those that a run has started and that live."""
    return [one.pid for one in site.living() if "scheduler.web" in site.words(one)]


def tended(receiver: Receiver, overrides: Overrides) -> list[int]:
    """Have it looked after, and return the receivers that live."""
    receiver.tend()
    return pids_at(overrides)


def test_it_serves_its_ledger_until_it_is_told_to_leave(tmp_path: Path) -> None:
    port = free_port()
    with Site(tmp_path, NOBODY) as site:
        web = site.start("web", "--callbacks-only", "--port", str(port))
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: behind(url).ledger)
        told = requests.get(f"{url}/healthz", timeout=30).json()
        forged = requests.post(f"{url}/callbacks/default/c:0:1/status", data={"a": 1}, timeout=30)
        # A private Redis that dies is started again, though no worker looks after it.
        redis = site.redis()
        assert redis is not None
        redis.kill()
        wait_until(lambda: behind(url).ledger == told["ledger"])
        web.terminate()

        assert web.wait() == 0
        assert told["status"] == "ok"
        assert forged.status_code == 403
        wait_until(lambda: site.redis() is None)
        assert "Traceback" not in web.err
        assert "warning" not in web.err


def test_without_users_it_prints_an_address_that_opens_the_console_once(tmp_path: Path) -> None:
    port = free_port()
    with Site(tmp_path, NOBODY) as site:
        web = site.start("web", "--port", str(port))
        wait_until(lambda: "sign-in?key=" in web.out)
        address = web.out.strip()
        assert address.startswith(f"http://127.0.0.1:{port}/sign-in?key=")
        entered = requests.get(address, timeout=30, allow_redirects=False)
        again = requests.get(address, timeout=30, allow_redirects=False)
        web.terminate()

        assert web.wait() == 0
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert again.status_code == 403
        assert address in web.err
        assert "Traceback" not in web.err


def test_it_reads_the_accounts_again_when_it_is_told_to(tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "accounts.yaml"
    path.write_text("accounts:\n  north: {provider: twilio, account_sid: AC1, auth_token: t}\n")
    path.chmod(0o600)
    with Site(tmp_path / "site", NOBODY, CALLSCHED_ACCOUNTS=path) as site:
        web = site.start("web", "--callbacks-only", "--port", str(port))
        wait_until(lambda: behind(f"http://127.0.0.1:{port}").ledger)
        path.write_text("accounts: {north: {provider: nobody}}\n")
        web.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "only callbacks of other accounts" in web.err)
        assert behind(f"http://127.0.0.1:{port}").ledger
        web.terminate()

        assert web.wait() == 0
        assert "Traceback" not in web.err


def test_it_warns_of_an_address_that_others_reach_and_names_one_that_is_taken(
    tmp_path: Path,
) -> None:
    with bound("0.0.0.0", 0) as other, Site(tmp_path, NOBODY) as site:
        port = str(other.getsockname()[1])
        told = site.call("web", "--callbacks-only", "--host", "0.0.0.0", "--port", port)

    assert told.process.returncode == 1
    assert "without TLS" in " ".join(told.err.split())
    assert f"can't listen on 0.0.0.0:{port}" in told.err
    assert "CALLSCHED_WEB_PORT" in told.err


def test_a_run_starts_its_receiver_again_and_ends_it(redis: EmbeddedRedis, tmp_path: Path) -> None:
    overrides = there(redis, tmp_path)
    url = url_of(overrides)
    with ledger_id(redis) as ours, receiver_at(overrides, ours) as receiver:
        assert behind(url).ledger == ours
        (pid,) = pids_at(overrides)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: tended(receiver, overrides) not in ([], [pid]))
        # Whoever asks meanwhile only waits, for the address stays taken.
        wait_until(lambda: behind(url).ledger == ours)

    assert pids_at(overrides) == []
    assert behind(url).is_none


def test_a_run_that_fails_leaves_its_receiver_to_its_workers(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    overrides = there(redis, tmp_path)
    with (
        ledger_id(redis) as ours,
        pytest.raises(ZeroDivisionError),
        receiver_at(overrides, ours) as receiver,
    ):
        of_a_worker = os.dup(receiver.needed_fd)
        raise ZeroDivisionError

    assert behind(url_of(overrides)) == Behind(ours)
    os.close(of_a_worker)
    wait_until(lambda: pids_at(overrides) == [])


def test_a_receiver_of_the_same_ledger_is_used_and_followed(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    overrides = there(redis, tmp_path)
    with ledger_id(redis) as ours:
        first = receiver_at(overrides, ours).__enter__()
        (pid,) = pids_at(overrides)
        with receiver_at(overrides, ours) as second:
            second.tend()
            assert pids_at(overrides) == [pid]
            first.__exit__(None)
            wait_until(lambda: tended(second, overrides) not in ([], [pid]))
            wait_until(lambda: behind(url_of(overrides)).ledger == ours)


class _Somebody(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.says)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (json.dumps({"status": "ok", "ledger": "another"}).encode(), "of another ledger"),
        (b"<html>welcome</html>", "another program listens there"),
        (b"[]", "another program listens there"),
    ],
)
def test_a_run_ends_where_somebody_else_answers(
    redis: EmbeddedRedis, tmp_path: Path, says: bytes, why: str
) -> None:
    with HTTPServer(("127.0.0.1", 0), _Somebody) as other, ledger_id(redis) as ours:
        other.says = says  # type: ignore[attr-defined]
        Thread(target=other.serve_forever, daemon=True).start()
        port = other.server_address[1]
        overrides = there(redis, tmp_path, CALLSCHED_WEB_PORT=str(port))
        with pytest.raises(ConfigError, match=why) as caught, receiver_at(overrides, ours):
            pass
        other.shutdown()

    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "CALLSCHED_WEB_PORT" in str(caught.value)
    assert pids_at(overrides) == []


def test_a_receiver_that_can_not_start_says_why(redis: EmbeddedRedis, tmp_path: Path) -> None:
    overrides = there(redis, tmp_path)
    broken = {**overrides, "CALLSCHED_RESERVE": "many"}
    with (
        ledger_id(redis) as ours,
        pytest.raises(ConfigError) as caught,
        Receiver(read_settings(overrides), ours, broken),
    ):
        pass

    assert any("CALLSCHED_RESERVE" in str(line) for line in caught.value.args)
    with socket.socket() as probe:  # the address is free again
        probe.bind(("127.0.0.1", int(str(overrides["CALLSCHED_WEB_PORT"]))))


@pytest.mark.skipif(
    not any(CallsBack in kind.abilities for kind in PROVIDERS), reason="no provider calls back"
)
def test_a_run_in_the_sandbox_has_a_receiver_while_calls_are_live(tmp_path: Path) -> None:
    with SandboxProcess(provider="twilio") as sandbox, twilio_site(tmp_path, sandbox) as site:
        call = {"script": ENDLESS, "on_machine": "stop"}
        path = write(site, ["+12025550143"], max_duration="8s", call=call)
        run = site.start("run", path, "--sandbox", "--yes")
        wait_until(lambda: receivers(site))
        [first] = receivers(site)
        wait_until(site.workers)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: receivers(site) not in ([], [first]))

        assert run.wait() == 0, run.err
        assert receivers(site) == []
        log = (site.state / "logs" / "web.log").read_text()
        assert log.count("callbacks come to http://127.0.0.1:") == 2
        assert "for sandbox" in log
        assert "Traceback" not in site.logged()


@pytest.mark.skipif(
    not any(CallsBack in kind.abilities for kind in PROVIDERS), reason="no provider calls back"
)
def test_a_run_whose_port_somebody_else_has_calls_nobody(tmp_path: Path) -> None:
    with (
        SandboxProcess(provider="twilio") as sandbox,
        HTTPServer(("127.0.0.1", 0), _Somebody) as other,
        twilio_site(tmp_path, sandbox) as site,
    ):
        other.says = b"<html>"  # type: ignore[attr-defined]
        Thread(target=other.serve_forever, daemon=True).start()
        port = str(other.server_address[1])
        call = {"script": ENDLESS, "on_machine": "stop"}
        path = write(site, ["+12025550143"], call=call)
        told = site.call("run", path, "--yes", env={"CALLSCHED_WEB_PORT": port})
        other.shutdown()

        assert told.process.returncode == 1
        assert f"127.0.0.1:{port}" in told.err
        assert "CALLSCHED_WEB_PORT" in told.err
        assert sandbox.events("start") == []
