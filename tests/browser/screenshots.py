"""`make screenshots`: pictures of the console's pages, at two widths, of a day that is made up."""

from __future__ import annotations

import argparse
import re
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page

from scheduler.ledger.ledger import Ledger
from scheduler.operations import users
from scheduler.rights import Scope
from tests.browser import demo, machine
from tests.browser.chromium import Chromium, Scheme
from tests.browser.machine import Machine
from tests.browser.tour import tour

NAME, PASSWORD = "ada", "correct horse battery"
VIEWS: tuple[tuple[int, Scheme], ...] = ((1600, "light"), (360, "light"), (1600, "dark"))


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="callsched-") as home,
        machine.started(
            Path(home), {"say_letters_per_second": 60, "ring_seconds": [0.5, 2]}
        ) as here,
        Chromium.started() as browser,
    ):
        with closing(Ledger(here.site.env["CALLSCHED_REDIS_URL"])) as ledger:
            users.add(ledger, NAME, Scope.ADMIN, PASSWORD, who="demonstration")
        demo.seed(here)
        for width, scheme in VIEWS:
            with browser.context(width=width, scheme=scheme) as context:
                take(context.new_page(), here, folder, f"{width}-{scheme}")
        for fault in browser.faults:
            print(fault)


def take(page: Page, here: Machine, folder: Path, view: str) -> None:
    """Take one picture of each kind of page."""
    page.goto(f"{here.url}/sign-in")
    shoot(page, folder / f"sign-in-{view}.png")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{here.url}/")
    broken = list[str]()
    starts = [here.url + path for path in ("/", "/campaigns/spring-reminders", "/attention")]
    for kind in tour(page, broken, *starts):
        name = re.sub(r"[^a-z*]+", "-", kind).replace("*", "one").strip("-") or "now"
        shoot(page, folder / f"{name}-{view}.png")
    print(*broken, sep="\n")


def shoot(page: Page, path: Path) -> None:
    """Take a picture of the whole page."""
    page.wait_for_timeout(300)  # the script has its say
    page.screenshot(path=path, full_page=True)
    print(path)


if __name__ == "__main__":
    main()
