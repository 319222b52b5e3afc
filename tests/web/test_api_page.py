"""The page on the API: its clients run as they stand, and it knows every code of an error."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.web.running import TOKEN, RunningSite

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "api.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def run(site: RunningSite, home: Path, *words: str) -> str:
    env = os.environ | {"SITE": site.url, "TOKEN": TOKEN}
    done = subprocess.run(words, env=env, cwd=home, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
def test_the_client_in_curl_runs(site: RunningSite, tmp_path: Path) -> None:
    said = run(site, tmp_path, "sh", "-euc", block("sh"))
    assert '"campaign_id":"reminders-1"' in said
    assert site.get("/api/v1/campaigns/reminders-1").json()["state"] == "paused"
    assert "a-2" in (tmp_path / "results.csv").read_text()


def test_the_client_in_python_runs(site: RunningSite, tmp_path: Path) -> None:
    assert (
        run(site, tmp_path, sys.executable, "-c", block("python")) == "201 []\na-1 pending None\n"
    )


def test_every_code_of_an_error_stands_on_the_page() -> None:
    code = re.compile(r'\b[45]\d\d, *\n? *"([a-z_]+)"')
    web = ROOT / "scheduler" / "web"
    sources = [*web.glob("*.py"), *web.glob("api/*.py")]
    known = {each for path in sources for each in code.findall(path.read_text())}
    assert len(known) > 30
    assert known - set(re.findall(r"`([a-z_]+)`", PAGE)) == set()


def test_every_code_on_the_page_is_one_that_there_is() -> None:
    table = PAGE.split("| status | code | what it means |")[1].split("\n\n")[0]
    told = {code for row in table.splitlines() for code in re.findall(r"`([a-z_]+)`", row[:200])}
    sources = "".join(path.read_text() for path in (ROOT / "scheduler" / "web").rglob("*.py"))
    phrases = {each.phrase.lower().replace(" ", "_") for each in HTTPStatus}

    assert len(told) > 30
    assert {code for code in told if f'"{code}"' not in sources} <= phrases | {"errors", "detail"}
