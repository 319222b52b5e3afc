"""A private ledger by mistake: who changes one learns which, and means it where a pool was seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.cli.commands import COMMANDS
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Command, Site, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.timeout(90)

ANA, BEN, CAT = numbers(3)
CLI = Path(__file__).parents[2] / "scheduler" / "cli"


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    """A machine whose settings name no state folder, and no Redis."""
    with Site(tmp_path, sandbox.url) as site:
        del site.env["CALLSCHED_STATE_DIR"]
        site.env["XDG_STATE_HOME"] = str(tmp_path)
        yield site


def added(site: Site, number: str, **env: str) -> Command:
    command = site.call("dnc", "add", number, "--json", env=env)
    assert command.wait() == 0, command.err
    return command


def refused(command: Command, code: int = 1) -> str:
    assert command.wait() == code, command.out
    assert command.out == ""
    return " ".join(command.err.split())


@pytest.mark.usefixtures("redis")
def test_where_a_command_has_changed_a_pool_the_private_ledger_is_meant(
    site: Site, private: EmbeddedRedis
) -> None:
    pool = {"CALLSCHED_REDIS_URL": private.url}
    mine = f"private, in {site.home / 'callsched'}"
    site.call("dnc", "list", env=pool)  # only who changes one has taken a side

    assert added(site, ANA).record["ledger"] == mine
    there = added(site, BEN, **pool)
    assert there.record["ledger"].startswith("unix://")
    assert "ledger: unix://" in there.err

    told = refused(site.call("dnc", "add", CAT))
    assert f"an earlier command changed {there.record['ledger']}" in told
    assert "CALLSCHED_REDIS_URL=private" in told
    assert "private, in callsched" in refused(site.call("dnc", "check", ANA), code=2)
    look = site.call("dnc", "list")
    assert ANA in look.out and "warning: this is the ledger that is private" in look.err
    trial = site.call("run", "nothing.csv", "--sandbox")  # which would call nobody
    assert "nothing.csv" in trial.err and "ledger" not in trial.err
    assert added(site, CAT, CALLSCHED_REDIS_URL="private").record["ledger"] == mine
    assert refused(site.call("dnc", "remove", CAT))

    no, yes = (Terminal(site, "dnc", "remove", CAT) for _ in range(2))
    assert no.answer("Is the private ledger meant?", "n") == 1
    assert yes.answer("Is the private ledger meant?", "y") == 0
    assert added(site, CAT).record["added"] == [CAT]


def test_a_pool_is_seen_in_a_file_beside_the_campaign_or_in_a_folder_above(
    site: Site, tmp_path: Path
) -> None:
    own = tmp_path / "spring" / "lists"
    own.mkdir(parents=True)
    file = Path(site.contacts([ANA])).rename(own / "contacts.csv")
    (tmp_path / "spring" / ".env").write_text("CALLSCHED_REDIS_URL=redis://user:secret@pool:1/3\n")

    told = refused(site.call("submit", str(file)))

    assert "spring/.env names redis://pool:1/3" in told and "secret" not in told
    assert "spring/.env" in refused(site.call("run", str(file)))
    assert added(site, ANA).record["added"] == [ANA]  # about no file, and above it there is none
    submitted = site.call("submit", str(file), env={"CALLSCHED_STATE_DIR": str(site.state)})
    assert submitted.wait() == 0, submitted.err


#: They change no ledger, or only what nobody but they themselves reads; the web has one for good.
LOOKS = {"doctor", "explain", "plan", "presets", "report", "results", "sandbox", "schema", "status"}
LOOKS |= {"transcript", "watch", "recordings", "completion", "init", "history", "config"}
SERVES = {"web", "worker"}


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - LOOKS - SERVES))
def test_every_command_that_changes_a_ledger_says_which(name: str) -> None:
    files = [CLI / f"{name}.py", *CLI.glob(f"{name}_[!v]*.py")]
    written = "".join(path.read_text("utf-8") for path in files)

    assert "changed_ledger(" in written or "meant(chosen" in written
