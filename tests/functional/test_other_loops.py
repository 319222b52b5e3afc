"""What is installed beside us changes nothing: uvicorn would take uvloop by itself."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import requests
from starlette.applications import Starlette

from scheduler.web.server import WebServer


def test_the_sandbox_serves_where_uvloop_is_installed(tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text("raise RuntimeError('uvloop is taken')")
    words = [sys.executable, "-m", "scheduler.sandbox", "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}

    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            assert requests.get(f"{url}/sandbox/live", timeout=30).ok
        finally:
            process.terminate()


def test_the_console_serves_where_uvloop_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", ModuleType("uvloop"))

    make_loop = WebServer(Starlette(), lambda: None).config.get_loop_factory()

    assert make_loop is not None
    loop = make_loop()
    loop.close()
    assert isinstance(loop, asyncio.SelectorEventLoop)
