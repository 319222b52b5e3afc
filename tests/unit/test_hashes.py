"""What is pinned is pinned by its files as well, and nothing else gets into the image."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
HASHES = (ROOT / "hashes.txt").read_text()


def pins(text: str) -> set[tuple[str, str]]:
    """Return names as indexes compare them, with their versions."""
    found = re.findall(r"^([\w.-]+)==([\w.+!-]+)", text, re.MULTILINE)
    return {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in found}


def test_every_version_that_is_pinned_has_hashes_and_no_other_has() -> None:
    pinned = (ROOT / "constraints.txt").read_text()
    entries = re.split(r"\n(?=\w)", HASHES.partition("\n")[2])

    assert pins(HASHES) == pins(pinned)
    assert len(entries) == len(pins(pinned)) > 100
    assert [one for one in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", one)] == []


def known(folder: Path, hashes: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(ROOT / ".ci" / "known.py"), str(hashes), str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_a_package_that_is_not_the_one_that_was_pinned_is_named(tmp_path: Path) -> None:
    folder, hashes = tmp_path / "packages", tmp_path / "hashes.txt"
    folder.mkdir()
    (folder / "good-1.whl").write_bytes(b"good")
    digest = hashlib.sha256(b"good").hexdigest()
    hashes.write_text(f"good==1 \\\n    --hash=sha256:{digest}\n")

    alone = known(folder, hashes)
    (folder / "good-1.tar.gz").write_bytes(b"good, and a line more")
    beside_another = known(folder, hashes)

    assert (alone.returncode, alone.stderr) == (0, "")
    assert beside_another.returncode == 1
    assert beside_another.stderr == f"good-1.tar.gz is none of the files in {hashes}\n"


def test_nothing_that_was_downloaded_is_known(tmp_path: Path) -> None:
    assert known(tmp_path, ROOT / "hashes.txt").returncode == 1


def steps_with_pip() -> list[list[str]]:
    """Return the commands of each RUN that asks an index for packages, or installs some."""
    parsed = DockerfileParser(str(ROOT / "Dockerfile"), cache_content=True)
    runs = [step["value"] for step in parsed.structure if step["instruction"] == "RUN"]
    words = [[one.strip() for one in run.split("&&")] for run in runs]
    return [
        commands
        for commands in words
        if any(re.search(r"pip.* (download|install) ", one) for one in commands)
    ]


@pytest.mark.parametrize("commands", steps_with_pip(), ids=["tools", "packages", "flower"])
def test_the_image_installs_only_files_that_are_known(commands: list[str]) -> None:
    downloads = [one for one in commands if " download " in one]
    installs = [one for one in commands if " install " in one]
    checks = [one for one in commands if ".ci/known.py" in one]

    assert len(downloads) == len(checks) == len(installs) == 1
    folder = downloads[0].split("--dest ")[1].split()[0]
    assert checks == [f"python .ci/known.py hashes.txt {folder}"]
    assert f"--no-index --find-links {folder}" in installs[0]
    assert commands.index(downloads[0]) < commands.index(checks[0]) < commands.index(installs[0])


def test_nothing_runs_before_it_is_known() -> None:
    text = (ROOT / "Dockerfile").read_text()

    # What is no wheel runs code to say what it needs; so does what builds in a place of its own.
    assert "ENV PIP_ONLY_BINARY=:all: PIP_CONSTRAINT=/src/constraints.txt" in text
    assert re.findall(r"pip wheel (.+)", text) == [
        "--no-deps --no-build-isolation --wheel-dir /wheels ."
    ]


def test_continuous_integration_takes_known_files_and_looks_for_advisories() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text())["jobs"]
    runs = {
        name: " ".join(step["run"] for step in job["steps"] if "run" in step)
        for name, job in jobs.items()
    }
    [locked] = re.findall(r"^locked:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.M)

    assert re.search(r" locked make .* test$", runs["check"])
    assert runs["audit"].endswith(" locked audit")
    assert "--require-hashes --no-deps --requirement hashes.txt" in locked
    assert "--no-build-isolation" in locked
