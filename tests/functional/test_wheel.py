"""What is installed from a wheel is what stands in the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.functional.campaign import Site, numbers

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (built,) = out.glob("callsched-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed: found by PYTHONPATH before the checkout."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, *options, str(wheel)], check=True, capture_output=True)
    return target


def test_a_wheel_has_the_settings_of_celery_scripts_presets_and_pages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        settings = archive.read("scheduler/celeryconfig.py")

    assert settings == (ROOT / "celeryconfig.py").read_bytes()
    scripts = {str(path.relative_to(ROOT)) for path in ROOT.glob("scheduler/**/*.lua")}
    assert scripts
    assert scripts <= names
    presets = {str(path.relative_to(ROOT)) for path in ROOT.glob("scheduler/**/presets/*.yaml")}
    assert presets
    assert presets <= names
    pages = {str(path.relative_to(ROOT)) for path in ROOT.glob("scheduler/report/page.*")}
    assert len(pages) == 4
    assert pages <= names
    spoken = {str(path.relative_to(ROOT)) for path in ROOT.glob("scheduler/sandbox/**/*.json")}
    assert len(spoken) == 5
    assert spoken <= names
    begun = {str(path.relative_to(ROOT)) for path in ROOT.glob("scheduler/operations/starters/*.*")}
    assert len(begun) == 6
    assert begun <= names
    assert not [name for name in names if name.startswith("tests")]


def test_a_campaign_runs_from_an_installed_wheel_without_any_setting(
    installed: Path, tmp_path: Path
) -> None:
    with Site(tmp_path, "", PYTHONPATH=installed, CALLSCHED_SYMBL_APP_SECRET="") as site:
        path = site.contacts(numbers(3))
        where = site.start_python("-c", "import scheduler; print(scheduler.__file__)")
        command = site.call("run", path, "--sandbox", "--max-duration", "1s", "--json")
        shipped = "from scheduler.celery import shipped_config; print(shipped_config())"
        config = site.start_python("-c", shipped)

        assert command.wait() == 0, command.err
        assert command.record["dispositions"] == {"stopped": 3}
        assert where.wait() == 0
        assert Path(where.out.strip()).is_relative_to(installed)
        assert config.wait() == 0
        assert Path(config.out.strip()) == installed / "scheduler" / "celeryconfig.py"


def test_the_command_is_installed_too(installed: Path, tmp_path: Path) -> None:
    with Site(tmp_path, "", PYTHONPATH=installed) as site:
        said = site.start_python(str(installed / "bin" / "callsched"), "--version")

        assert said.wait() == 0, said.err
        assert said.out.startswith("callsched ")
