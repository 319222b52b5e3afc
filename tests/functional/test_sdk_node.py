"""The sandbox as Symbl's own SDK for Node finds it: nothing of ours is on the client's side."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.timeout(240)

DRIVER = Path(__file__).with_name("sdk_node.js")
NAME, VERSION = "@symblai/symbl-js", "1.4.10"
INSTALL_WITHIN_SECONDS = 60

Said = dict[str, Any]


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=5, line_every=0.2) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def package() -> Path:
    """Where the SDK is; it is installed once for this user, outside of the checkout."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are needed, and are not here")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "callsched-tests" / f"symbl-js-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    installed = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists():
            install(folder)
            installed.touch()
    return folder / "node_modules" / NAME


def install(folder: Path) -> None:
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    try:
        subprocess.run(
            ["npm", "install", *options, f"{NAME}@{VERSION}"],
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_WITHIN_SECONDS,
            cwd=folder,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{NAME} was not installed within {INSTALL_WITHIN_SECONDS} s")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{NAME} cannot be installed: {error.stderr.strip()[-300:]}")


@pytest.fixture(scope="module")
def said(running: SandboxProcess, package: Path) -> Said:
    """What came of one run of the driver."""
    ran = subprocess.run(
        ["node", str(DRIVER), str(package), running.url],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def test_it_starts_and_stops_a_call(running: SandboxProcess, said: Said) -> None:
    (accepted,), (ended,) = running.events("accepted"), running.events("ended")

    ids = {
        "connectionId": accepted["connection_id"],
        "conversationId": accepted["conversation_id"],
    }
    assert said["started"] == ids
    assert said["stopped"] == {**ids, "summaryInfo": []}
    assert ended["by"] == "stop"
    assert accepted["request"]["languages"] == [{"code": "de-DE"}]
    session = accepted["request"]["data"]["session"]
    assert session == {"name": "node", "location": {"timeZone": {"name": "Europe/Berlin"}}}
    assert [event["renewed"] for event in running.events("token")] == [True]


def test_it_hears_the_call_by_a_socket_that_echoes_its_token(
    running: SandboxProcess, said: Said
) -> None:
    conversation = running.conversation(said["started"]["conversationId"])
    spoken = [m["messages"][0]["payload"]["content"] for m in said["heard"] if "messages" in m]

    truth = [message["text"] for message in conversation["views"]["messages"]["messages"]]
    assert conversation["language"] == "de"
    assert spoken
    assert set(spoken) <= set(truth)
    assert "/session/subscribe" in [event["path"] for event in running.events("subscribed")]


def test_it_tells_who_speaks_by_the_socket_for_events(running: SandboxProcess, said: Said) -> None:
    (event,) = running.events("speaker")

    assert event["body"]["type"] == "started_speaking"
    assert event["body"]["user"] == {"userId": "ana@example.com", "name": "Ana"}
    speakers = [m["messages"][0]["from"] for m in said["heard"] if "messages" in m]
    assert speakers[0] == {}
    assert speakers[-1]["userId"] == "ana@example.com"
