"""The pages of docs/ as a site: it is whole, and asks no other host for anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
CONFIG = ROOT / "zensical.toml"

#: By which a page loads something as it is shown. A link that somebody clicks is none.
_LOADS = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?([^\"'\s>]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it as `make docs` does: a link that leads nowhere fails it."""
    home = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, home / "docs")
    (home / CONFIG.name).write_text(CONFIG.read_text("utf-8"), "utf-8")
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--strict"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "site"


def test_every_page_is_made_and_can_be_searched(site: Path) -> None:
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")}

    assert {page.relative_to(site) for page in site.rglob("*.html")} == {*pages, Path("404.html")}
    assert "do-not-call" in (site / "search.js").read_text("utf-8")


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    loaded = {
        address
        for page in site.rglob("*.html")
        for address in _LOADS.findall(page.read_text("utf-8"))
    }

    assert any(address.endswith("iframe-worker.js") for address in loaded)
    assert [address for address in sorted(loaded) if "://" in address] == []


def test_every_page_has_its_place_in_the_navigation() -> None:
    places = list(_leaves(tomllib.loads(CONFIG.read_text("utf-8"))["project"]["nav"]))

    assert sorted(places) == sorted(
        page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")
    )


def _leaves(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for each in nav.values() if isinstance(nav, dict) else nav:
            yield from _leaves(each)
