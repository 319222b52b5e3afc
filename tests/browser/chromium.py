"""The Chromium of this machine, and the pages in it: what one does that it may not is kept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Route,
    sync_playwright,
)

from tests.browser import NO_CHROMIUM

Scheme = Literal["light", "dark"]

#: The shell without a screen does the same for two thirds of the processor time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_ELSEWHERE = re.compile(r"^(?!(http://127\.0\.0\.1(:\d+)?/|data:|blob:))")


def executable() -> str | None:
    """Return the path of a Chromium, if this machine has one."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Chromium:
    """A browser that reaches loopback alone. `faults` has what a page did that none may do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.faults: list[str] = []

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Chromium]:
        """Start the one of this machine. Raises LookupError where there is none."""
        path = executable()
        if path is None:
            raise LookupError(NO_CHROMIUM)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
            yield cls(browser)
            browser.close()

    def context(
        self,
        *,
        width: int = 1600,
        scheme: Scheme = "light",
        script: bool = True,
        zone: str = "Europe/Berlin",
    ) -> BrowserContext:
        """Return a fresh profile, as of somebody else's machine."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 780},
            color_scheme=scheme,
            java_script_enabled=script,
            timezone_id=zone,
            locale="en-GB",
            reduced_motion="reduce",
        )
        context.set_default_timeout(8_000)
        context.route(_ELSEWHERE, self._refuse)
        context.on("page", self._watch)
        return context

    def _refuse(self, route: Route) -> None:
        self.faults.append(f"a page asks for {route.request.url}")
        route.abort()

    def _watch(self, page: Page) -> None:
        def hear(message: ConsoleMessage) -> None:
            # That the server said no stands there as well; a walk asserts it where it is meant.
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.faults.append(f"{page.url}: {message.text}")

        def dismiss(dialog: Dialog) -> None:
            self.faults.append(f"{page.url}: a script says {dialog.message!r}")
            dialog.dismiss()

        page.on("console", hear)
        page.on("dialog", dismiss)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
