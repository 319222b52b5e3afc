"""Calls that were recorded at Twilio's sandbox: had as files, and deleted there for good."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.functional.campaign import Event, Site, numbers
from tests.functional.twilio_site import SID, run, twilio_site, write
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.wire import Peer, Talk

pytestmark = pytest.mark.timeout(120)

ANA, BEN = numbers(2)
#: Long enough that half of the sound is more than one piece of it, and that it is no text.
SCRIPT = {"script": [{"pause": "6s"}], "record": True}


@pytest.fixture(scope="module")
def recorded(
    running_twilio: SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Two calls that were recorded, and are over. The last test has them deleted."""
    running_twilio.reset()
    running_twilio.knobs(say_letters_per_second=500, price_after_seconds=0, wire=True)
    with twilio_site(tmp_path_factory.mktemp("recorded"), running_twilio) as site:
        ran = run(site, write(site, [ANA, BEN], call=SCRIPT))
        assert ran.process.returncode == 0, ran.err
        yield site


def listed(site: Site, *words: str, exit_code: int = 0) -> list[Event]:
    told = site.call("recordings", "c", "--json", *words)
    assert told.process.returncode == exit_code, told.err
    return list(told.record["recordings"])


def sound(sandbox: SandboxProcess, recording_id: str) -> bytes:
    """What Twilio's sandbox plays of it, without a look at our client."""
    path = f"/2010-04-01/Accounts/{SID}/Recordings/{recording_id}.wav"
    answer = requests.get(sandbox.url + path, auth=(SID, "hush-hush-token"), timeout=30)
    assert answer.status_code == 200
    return answer.content


def test_they_are_listed(recorded: Site) -> None:
    ana, ben = listed(recorded)
    (alone,) = listed(recorded, "c-2")

    assert alone == ben
    assert (ana["contact_id"], ana["attempt"], ana["channels"]) == ("c-1", 1, 2)
    assert ana["is_complete"] and ana["recording_id"].startswith("RE")
    assert ana["file"] is None
    told = recorded.call("recordings", "c")
    assert ana["recording_id"] in told.out
    assert ANA not in told.out + told.err


def test_what_the_results_have_is_listed_without_credentials(
    recorded: Site, running_twilio: SandboxProcess, tmp_path: Path
) -> None:
    nobodys = {name: "" for name in recorded.env if name.startswith("TWILIO_")}
    since = len(running_twilio.journal())

    told = recorded.call("recordings", "c", "--json", env=nobodys)
    files = recorded.call("recordings", "c", "-o", str(tmp_path), env=nobodys)

    assert told.process.returncode == 0, told.err
    assert told.record["recordings"] == listed(recorded)
    assert running_twilio.journal(since) == []
    assert files.process.returncode == 1
    assert "keeps no recordings" in files.err


def test_they_are_downloaded_whole_and_once(
    recorded: Site, running_twilio: SandboxProcess, tmp_path: Path
) -> None:
    first = listed(recorded, "-o", str(tmp_path))
    since = len(running_twilio.journal())
    again = listed(recorded, "-o", str(tmp_path))
    asked = str(running_twilio.journal(since))

    assert first == again
    assert "/Recordings.json" not in asked and ".wav" not in asked
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{one['contact_id']}-1-{one['recording_id']}.wav" for one in first
    }
    for one in first:
        assert Path(one["file"]).read_bytes() == sound(running_twilio, one["recording_id"])


def test_a_download_that_was_killed_goes_on_where_it_stood(
    recorded: Site, running_twilio: SandboxProcess, tmp_path: Path
) -> None:
    (before,) = listed(recorded, "c-1")
    whole = sound(running_twilio, before["recording_id"])
    half = len(whole) // 2

    def play_half(talk: Talk) -> None:
        talk.request()
        talk.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n".encode())
        talk.send(whole[:half])
        talk.request()  # none comes: it is killed

    part = tmp_path / f"c-1-1-{before['recording_id']}.wav.part"
    with Peer(play_half) as peer:
        killed = recorded.start(
            *("recordings", "c", "c-1", "-o", str(tmp_path)),
            env={"CALLSCHED_TWILIO_BASE_URL": peer.url},
        )
        wait_until(lambda: part.exists() and part.stat().st_size)
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait(60)
    stood = part.stat().st_size
    assert 0 < stood < len(whole)
    assert [*tmp_path.iterdir()] == [part]
    since = len(running_twilio.journal())

    (after,) = listed(recorded, "c-1", "-o", str(tmp_path))

    assert [*tmp_path.iterdir()] == [Path(after["file"])]
    assert Path(after["file"]).read_bytes() == whole
    asked = [one for one in running_twilio.journal(since) if ".wav" in str(one)]
    assert [(one["event"], one["status"]) for one in asked] == [("request", 206), ("wire", 206)]


def test_what_breaks_off_is_said_and_the_other_is_had(
    recorded: Site, running_twilio: SandboxProcess, tmp_path: Path
) -> None:
    gone = listed(recorded, "c-1")[0]["recording_id"]
    (tmp_path / f"c-2-1-{listed(recorded, 'c-2')[0]['recording_id']}.wav").write_bytes(b"there")

    def cut(talk: Talk) -> None:
        talk.request()
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nRIFF")

    with Peer(cut) as peer:
        told = recorded.call(
            *("recordings", "c", "-o", str(tmp_path)),
            env={"CALLSCHED_TWILIO_BASE_URL": peer.url},
        )

    assert told.process.returncode == 1
    assert f"the call to c-1, attempt 1, recording {gone}: the answer is lost" in told.err
    assert (tmp_path / f"c-1-1-{gone}.wav.part").read_bytes() == b"RIFF"


def test_erase_has_them_deleted_there_and_says_what_is_kept(
    recorded: Site, running_twilio: SandboxProcess, tmp_path: Path
) -> None:
    before = listed(recorded)
    calls = {one["connection_id"] for one in recorded.results("c")}

    here = recorded.call("erase", ANA)

    assert "the API may still have its own copy" in here.err
    assert running_twilio.events("deleted", "recording_deleted") == []

    told = recorded.call("erase", "--campaign", "c", "--remote")
    again = recorded.call("erase", "--campaign", "c", "--remote", "--json")

    assert told.process.returncode == 0, told.err
    assert "the API deleted the records of 2 of 2 calls, and 2 recordings" in told.err
    assert "it says that it keeps metadata of recordings for 40 days" in told.err
    gone = running_twilio.events("recording_deleted")
    assert {one["recording_id"] for one in gone} == {one["recording_id"] for one in before}
    assert len(running_twilio.events("deleted")) == 2
    assert all(sid in str(running_twilio.events("deleted")) for sid in calls)
    assert again.process.returncode == 0, again.err
    assert (again.record["call_records_deleted"], again.record["recordings_deleted"]) == (2, 0)
    assert listed(recorded, "-o", str(tmp_path)) == []
    assert "2 attempts were erased" in recorded.call("recordings", "c").err


def test_a_live_call_is_not_deleted(twilio: SandboxProcess, tmp_path: Path) -> None:
    twilio.knobs(say_letters_per_second=500, price_after_seconds=0)
    with twilio_site(tmp_path, twilio) as site:
        path = write(site, [ANA], call={"script": [{"pause": "10m"}], "record": True})
        running = site.start("run", path, "--id", "c", "--max-duration", "1m")
        wait_until(lambda: twilio.live()["live"])

        early = site.call("erase", ANA, "--remote")

        assert early.process.returncode == 1
        assert "it is not over: repeat the command after its end" in early.err
        assert twilio.events("deleted") == []
        assert site.call("stop", "c", "c-1").process.returncode == 0
        assert running.wait() == 0, running.err

        late = site.call("erase", ANA, "--remote")

        assert late.process.returncode == 0, late.err
        assert "the records of 1 of 1 call, and 1 recording" in late.err
        assert len(twilio.events("deleted")) == len(twilio.events("recording_deleted")) == 1
