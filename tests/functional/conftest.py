"""What most of these tests stand on: a sandbox for each file, a machine as an operator sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.campaign import Site
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    """A sandbox whose answers take no time; a file that wants another one overrides this."""
    with SandboxProcess(limit=50) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    """The sandbox of this file, as if it had just been started."""
    running.reset()
    return running


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    """A machine whose settings name the sandbox."""
    with Site(tmp_path, sandbox.url) as site:
        yield site
