"""Somebody walks through the console in a real browser, with and without a mouse or a script."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from scheduler.ledger.ledger import Ledger
from scheduler.operations import users
from scheduler.rights import Scope
from tests.browser import NO_CHROMIUM, chromium, demo, machine
from tests.browser.chromium import Chromium
from tests.browser.faults import out_of_reach, too_wide, unfit
from tests.browser.machine import Machine
from tests.browser.tour import tour

pytestmark = pytest.mark.timeout(180)

PASSWORD = "correct horse battery"
WIDE, NARROW = 1600, 360
HOME = "/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    if chromium.executable() is None:
        pytest.skip(NO_CHROMIUM)
    with Chromium.started() as browser:
        yield browser


@pytest.fixture(scope="module")
def here(browser: Chromium) -> Iterator[Machine]:
    home = Path(tempfile.mkdtemp(prefix="callsched-"))  # short, for a socket lies in it
    with machine.started(home, {"say_letters_per_second": 200}) as here:
        demo.seed(here, count=16)
        with closing(Ledger(here.site.env["CALLSCHED_REDIS_URL"])) as ledger:
            for name, role in (("ada", Scope.ADMIN), ("vera", Scope.LOOK)):
                users.add(ledger, name, role, PASSWORD, who="test")
        yield here
    shutil.rmtree(home)


@pytest.fixture(autouse=True)
def nothing_forbidden(browser: Chromium) -> Iterator[None]:
    """No page asks for anything elsewhere, breaks its own policy, or runs somebody's script."""
    browser.faults.clear()
    yield
    assert browser.faults == []


def sign_in(context: BrowserContext, here: Machine, name: str = "ada") -> Page:
    page = context.new_page()
    page.goto(here.url + HOME)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{here.url}{HOME}")
    return page


@pytest.fixture(scope="module")
def ada(browser: Chromium, here: Machine) -> Iterator[BrowserContext]:
    """The browser of an administrator who has signed in."""
    with browser.context() as context:
        sign_in(context, here).close()
        yield context


@pytest.fixture
def page(ada: BrowserContext) -> Iterator[Page]:
    with ada.new_page() as page:
        yield page


def test_a_wrong_password_lets_nobody_in(browser: Chromium, here: Machine) -> None:
    with browser.context() as context:
        page = context.new_page()
        page.goto(f"{here.url}/attention")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill("wrong horse battery")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        expect(page.get_by_label("Name")).to_have_value("ada")
        expect(page.get_by_label("Password")).to_have_value("")
        page.goto(f"{here.url}/attention")
        expect(page).to_have_url(re.compile("/sign-in"))


# Every page ---------------------------------------------------------------------------------------


def test_every_page_is_for_everybody(page: Page, here: Machine) -> None:
    """Light and dark, narrow and wide, by keyboard: the whole tour once."""
    wrong, kinds = list[str](), list[str]()
    for found in tour(page, wrong, here.url + HOME):
        kinds.append(found)
        print(found, page.url, flush=True)
        for scheme in ("light", "dark"):
            for width in (WIDE, NARROW):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 800})
                wrong += [f"{each} [{scheme}, {width}]" for each in unfit(page)]
                wrong += too_wide(page)
        page.set_viewport_size({"width": WIDE, "height": 900})
        wrong += out_of_reach(page)
    assert not wrong, "\n".join(wrong)
    assert {"/", "/campaigns", "/attention", "/launch", "/schedules", "/do-not-call"} <= set(kinds)


def test_every_page_is_for_everybody_without_script(browser: Chromium, here: Machine) -> None:
    with browser.context(script=False, width=NARROW) as context:
        page = sign_in(context, here)
        for path in ("/", "/campaigns", "/attention", "/launch", "/schedules", "/do-not-call"):
            page.goto(here.url + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_first_tab_leads_past_the_navigation(page: Page, here: Machine) -> None:
    page.goto(f"{here.url}/attention")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


# Start a campaign ---------------------------------------------------------------------------------


def upload(page: Page, here: Machine, name: str, numbers: list[str], say: str) -> None:
    """Upload a file, say which column is which, and come to the plan."""
    page.get_by_role("link", name="Start", exact=True).click()
    rows = "".join(f"{number},Person {at}\n" for at, number in enumerate(numbers))
    file = {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": f"Tel,Who\n{rows}".encode()}
    page.get_by_label("A file of contacts").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("columnheader", name="Tel")).to_be_visible()
    page.get_by_role("combobox", name="Phone number").select_option("Tel")
    page.get_by_role("combobox", name="Name").select_option("Who")
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Longest call").fill("5m")
    page.get_by_role("textbox", name="Say What").fill(say)
    page.get_by_role("button", name="Show the plan").click()


def test_a_file_is_uploaded_mapped_planned_and_launched(page: Page, here: Machine) -> None:
    page.goto(here.url + HOME)
    upload(page, here, "walk", ["+12025550161", "+12025550162", "+1202555"], "Hello {{ name }}.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan of walk")
    expect(page.get_by_role("row", name=re.compile("^4 Tel"))).to_be_visible()
    page.get_by_role("button", name="Launch: call 2 contacts").click()
    page.wait_for_url(re.compile("/campaigns/walk-"))
