"""`make screenshots`: the console's pages, a report, and `watch`, of a day that is made up."""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
from contextlib import closing
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from scheduler.cli.screen.app import WatchApp
from scheduler.ledger.ledger import Ledger
from scheduler.live.watcher import Watcher
from scheduler.operations import users
from scheduler.rights import Scope
from tests.browser import demo, machine
from tests.browser.chromium import Chromium, Scheme
from tests.browser.machine import Machine
from tests.browser.steps import PASSWORD, sign_in, upload
from tests.browser.tour import tour
from tests.functional.campaign import numbers

VIEWS: tuple[tuple[int, Scheme], ...] = ((1600, "light"), (360, "light"), (1600, "dark"))
#: Of those that the docs show.
NAMES = {
    "campaigns-one": "campaign",
    "campaigns-one-contacts-one": "contact",
    "campaigns-one-report": "report",
}
#: The answer, without the table of calls.
HEIGHTS = {"report": 1160}
#: Columns and lines of a terminal.
TERMINAL = (140, 40)
#: In which it has looked more than once.
WATCHED_SECONDS = 3.0
MOST_HEIGHT, COLOURS = 2400, 255
KNOBS = {"say_letters_per_second": 60, "ring_seconds": [0.5, 2]}


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="callsched-") as home,
        machine.started(Path(home), KNOBS) as here,
    ):
        with closing(Ledger(here.site.env["CALLSCHED_REDIS_URL"])) as ledger:
            users.add(ledger, "ada", Scope.ADMIN, PASSWORD, who="demonstration")
            demo.show(here)
            # Before the browser is there, which has a loop of its own in this thread.
            watched = asyncio.run(watch(ledger))
        with Chromium.started() as browser:
            draw(browser, watched, folder / "watch.png")
            for width, scheme in VIEWS:
                with browser.context(width=width, scheme=scheme) as context:
                    page = sign_in(context, here)
                    take(page, here, folder, f"{width}" + "-dark" * (scheme == "dark"))
        for fault in browser.faults:
            print(fault)


def take(page: Page, here: Machine, folder: Path, view: str) -> None:
    """Take one picture of each kind of page."""
    broken = list[str]()
    over = "/campaigns/spring-reminders"
    starts = ["/", "/campaigns/flu-clinic", f"{over}/contacts/p-102", f"{over}/report"]
    for kind in tour(page, broken, *(here.url + path for path in starts)):
        name = re.sub(r"[^a-z*]+", "-", kind).replace("*", "one").strip("-") or "now"
        shoot(page, folder / f"{NAMES.get(name, name)}-{view}.png")
    print(*broken, sep="\n")
    upload(page, here, "autumn", [*numbers(30), "+1202555"], "Hello {{ name }}. Please call us.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plan")
    shoot(page, folder / f"plan-{view}.png")
    page.go_back()
    shoot(page, folder / f"columns-{view}.png")


async def watch(ledger: Ledger) -> str:
    """Return the screen of `callsched watch` as a drawing, once there is something on it."""
    watcher = Watcher(ledger, (), account=None, ceiling_of=lambda _: 60)
    app = WatchApp(ledger, watcher, None, 1.0)
    async with app.run_test(size=TERMINAL) as pilot:
        await pilot.pause(WATCHED_SECONDS)
        # It would fetch a font from elsewhere.
        return re.sub(r"@font-face\s*{[^}]*}", "", app.export_screenshot(title="callsched watch"))


def draw(browser: Chromium, drawing: str, path: Path) -> None:
    """Make a picture of a drawing."""
    with browser.context(width=1600) as context:
        page = context.new_page()
        page.set_content(drawing)
        page.locator("svg").screenshot(path=path)
    shrink(path, MOST_HEIGHT)


def shoot(page: Page, path: Path) -> None:
    """Take a picture of the whole page."""
    page.wait_for_timeout(300)  # the script has its say
    page.screenshot(path=path, full_page=True)
    shrink(path, HEIGHTS.get(path.stem.partition("-")[0], MOST_HEIGHT))


def shrink(path: Path, height: int) -> None:
    """Leave as much as a page of docs has room for, in as many colours as it needs."""
    with Image.open(path) as image:
        cut = image.convert("RGB").crop((0, 0, image.width, min(image.height, height)))
    cut.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)
    print(path)


if __name__ == "__main__":
    main()
