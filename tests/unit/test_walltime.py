"""Which table of time zones is read."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from scheduler.hours import walltime
from scheduler.hours.walltime import table_version, zone_of


def test_a_table_says_how_old_it_is(tmp_path: Path) -> None:
    (tmp_path / "tzdata.zi").write_text("# version 2025b\n# This zic input file is in the public\n")

    assert table_version(tmp_path) == "2025b"
    assert table_version(files("tzdata").joinpath("zoneinfo")) > "2026"


@pytest.mark.parametrize("text", [None, "", "R A 1 2 - O 3 4 0 1 -\n"])
def test_a_table_that_does_not_say_it_has_no_version(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "tzdata.zi").write_text(text)

    assert table_version(tmp_path) == ""


@pytest.mark.parametrize(("version", "newer"), [("2025b", True), ("2999a", False), ("", True)])
def test_the_newer_of_the_machines_table_and_the_packages_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, newer: bool
) -> None:
    (tmp_path / "tzdata.zi").write_text(f"# version {version}\n")
    monkeypatch.setattr(walltime, "TZPATH", (str(tmp_path / "none"), str(tmp_path)))

    assert walltime._package_is_newer.__wrapped__() is newer


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../zone.tab", "/etc/localtime", "tzdata.zi"])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_a_zone_has_its_name() -> None:
    zone = zone_of("America/New_York")

    assert zone is not None
    assert zone.key == "America/New_York"
