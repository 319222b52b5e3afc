"""Files as an operator hands them over: by a pipe, compressed, mended and handed over again."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Site
from tests.functional.forks import Ended, shared
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def site(
    sandbox: SandboxProcess, private: EmbeddedRedis, redis: Redis, tmp_path: Path
) -> Iterator[Site]:
    with Site(tmp_path, sandbox.url, CALLSCHED_REDIS_URL=private.url) as site:
        yield site


def piped(site: Site, said: bytes, *words: str) -> Ended:
    """Run a command that reads from a pipe what somebody writes into it."""
    pipe = site.home / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as somebody:
        somebody.submit(pipe.write_bytes, said)
        return shared().call(site.home, site.env, words, source=str(pipe))


def numbers_of(site: Site, campaign_id: str) -> list[str]:
    return [record["phone_number"] for record in site.results(campaign_id)]


@pytest.mark.parametrize(
    "said",
    [
        b"mobile;name\n+12025550100;Ada\n",
        b'\n{"mobile": "+12025550100", "name": "Ada"}\n',
        gzip.compress(b"mobile|name\n+12025550100|Ada\n", mtime=0),
    ],
)
def test_a_pipe_is_read_as_what_it_is(site: Site, said: bytes) -> None:
    done = piped(site, said, "submit", "-", "--id", "piped")

    assert (done.code, done.out) == (0, "piped\n"), done.err
    assert numbers_of(site, "piped") == ["+12025550100"]


def test_a_document_takes_its_contacts_from_a_pipe(site: Site) -> None:
    (site.home / "a.yaml").write_text('contacts: "-"\n')
    words = ("submit", "a.yaml", "--id", "piped", "--region", "us")

    done = piped(site, b"phone\n(202) 555-0100\n", *words)

    assert done.code == 0, done.err
    assert numbers_of(site, "piped") == ["+12025550100"]
    assert "1 number cleaned or completed; the first, in line 2: " in done.err


def test_what_is_wrong_with_a_pipe_is_said_with_its_line(site: Site) -> None:
    done = piped(site, b"phone\n911\n", "submit", "-")

    assert done.code == 1
    assert "<stdin>:2:phone: expected a subscriber's number, got an emergency number" in done.err


def test_mended_rows_are_added_under_the_same_id(site: Site) -> None:
    (site.home / "a.csv").write_text("id;cell\nc-1;+12025550100\nc-2;911\nc-3;+1202\n")
    first = site.call("submit", "a.csv", "--id", "mend", "--rejects", "rejects.csv")
    assert first.process.returncode == 0, first.err
    assert "the refused rows are in rejects.csv" in first.err

    rejects = site.home / "rejects.csv"
    rejects.write_text(rejects.read_text().replace("c-2;911", "c-2;+12025550102"))
    again = site.call("submit", "rejects.csv", "--id", "mend", "--rejects", "rejects.csv.2")
    assert again.process.returncode == 0, again.err

    told = [
        (record["contact_id"], record["state"], record["reason"]) for record in site.results("mend")
    ]
    assert told == [
        ("c-1", "pending", None),
        ("c-2", "ended", "emergency_number"),
        ("c-3", "ended", "invalid_number"),
        ("c-2", "pending", None),
    ]
    assert (site.home / "rejects.csv.2").read_text().splitlines()[1].startswith("c-3;+1202;")


def test_the_file_itself_is_never_overwritten(site: Site) -> None:
    table = site.home / "a.csv"
    table.write_text("cell\n+12025550100\n911\n")

    done = site.call("submit", "a.csv", "--rejects", "a.csv")

    assert done.process.returncode == 1
    assert "name another" in done.err
    assert table.read_text() == "cell\n+12025550100\n911\n"


def test_the_schema_is_one_json_object(site: Site) -> None:
    done = site.call("schema", "campaign")

    assert json.loads(done.out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert site.call("schema").out == done.out


def test_the_schema_is_of_the_provider_of_the_settings_or_the_one_that_init_writes_for(
    site: Site,
) -> None:
    def keys(**env: str) -> set[str]:
        printed = json.loads(site.call("schema", env=env).out)
        return set(printed["$defs"]["Call"]["properties"])

    by_symbl = keys()
    nobodys = {"CALLSCHED_SYMBL_APP_ID": "", "CALLSCHED_SYMBL_APP_SECRET": ""}

    assert "session_name" in by_symbl
    assert "twiml" in keys(**nobodys)
    assert keys(**nobodys, CALLSCHED_PROVIDER="symbl") == by_symbl


def test_the_schema_of_another_provider_is_printed_by_its_name(site: Site) -> None:
    printed = json.loads(site.call("schema", "campaign", "--provider", "twilio").out)

    assert "twiml" in printed["$defs"]["Call"]["properties"]
    refused = site.call("schema", "campaign", "--provider", "twillio")
    assert refused.process.returncode == 2
    assert "did you mean twilio" in " ".join(refused.err.split())
