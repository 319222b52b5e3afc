"""Somebody walks through the console in a real browser, with and without a mouse or a script."""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from scheduler.ledger.ledger import Ledger
from scheduler.operations import users
from scheduler.rights import Scope
from tests.browser import NO_CHROMIUM, chromium, demo, machine
from tests.browser.chromium import Chromium, Scheme
from tests.browser.faults import out_of_reach, too_wide, unfit
from tests.browser.machine import Machine
from tests.browser.steps import HOME, PASSWORD, sign_in, upload
from tests.browser.tour import tour
from tests.functional.campaign import magic

pytestmark = pytest.mark.timeout(180)

WIDE, NARROW = 1600, 360
UNFOLD = "document.querySelectorAll('.made, .said').forEach(e => { e.open = true })"
#: Each scheme and each screen once: what holds of one scheme's colours does at any width.
VIEWS: tuple[tuple[Scheme, int], ...] = (("light", WIDE), ("dark", NARROW))


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
        demo.seed(here, count=12)
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


@pytest.fixture(scope="module")
def ada(browser: Chromium, here: Machine) -> Iterator[BrowserContext]:
    """The browser of an administrator who has signed in."""
    with browser.context() as context:
        sign_in(context, here).close()
        yield context


@pytest.fixture(scope="module")
def plain(browser: Chromium, here: Machine) -> Iterator[Page]:
    """A page of hers on a small screen that runs no script."""
    with browser.context(script=False, width=NARROW) as context:
        yield sign_in(context, here)


@pytest.fixture
def page(ada: BrowserContext) -> Iterator[Page]:
    with ada.new_page() as page:
        page.bring_to_front()  # only one page of a browser has the keyboard
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
    said = f"{here.url}/campaigns/spring-reminders/contacts/p-101"  # recorded, and transcribed
    for found in tour(page, wrong, here.url + HOME, said):
        kinds.append(found)
        # What is folded on a page of figures is for everybody as well.
        page.evaluate(UNFOLD)
        for scheme, width in VIEWS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            wrong += [f"{each} [{scheme}, {width}]" for each in unfit(page)]
            wrong += too_wide(page)
        page.set_viewport_size({"width": WIDE, "height": 900})
        wrong += out_of_reach(page)
    assert not wrong, "\n".join(wrong)
    assert {"/", "/campaigns", "/attention", "/launch", "/schedules", "/do-not-call"} <= set(kinds)
    assert {"/campaigns/*/report", "/campaigns/*/report?transcripts"} <= set(kinds)


def test_a_report_is_filtered_sorted_downloaded_and_printed(page: Page, here: Machine) -> None:
    page.goto(f"{here.url}/campaigns/spring-reminders/report?transcripts=true")
    rows = page.locator("#table tbody tr")
    every = rows.count()
    page.get_by_role("button", name="row", exact=True).click()
    numbers = [int(text) for text in rows.locator("td:nth-child(2)").all_inner_texts()]
    assert numbers == sorted(numbers) and len(numbers) == every > 10
    page.get_by_role("searchbox").fill("p-101")
    expect(rows.filter(visible=True)).to_have_count(1)
    with page.expect_download() as asked:
        page.get_by_role("button", name="Download as CSV").click()
    (only,) = csv.DictReader(StringIO(Path(asked.value.path()).read_text("utf-8-sig")))
    assert (asked.value.suggested_filename, only["contact"]) == ("spring-reminders.csv", "p-101")
    assert only["outcome"] == "reached" and float(only["length_seconds"]) > 0
    assert datetime.fromisoformat(only["started_at"]).tzinfo is not None
    page.locator("a[href='#said-1']").click()
    expect(page.get_by_text("Back to the call").filter(visible=True)).to_have_count(1)
    # A button in a head would keep it from standing on each page.
    page.emulate_media(media="print")
    expect(page.locator("thead button").first).to_have_css("display", "contents")
    page.emulate_media(media="screen")


def test_every_page_is_for_everybody_without_script(plain: Page, here: Machine) -> None:
    for path in ("/", "/campaigns", "/attention", "/launch", "/schedules", "/do-not-call"):
        plain.goto(here.url + path)
        expect(plain.get_by_role("heading", level=1)).to_be_visible()


def test_the_first_tab_leads_past_the_navigation(page: Page, here: Machine) -> None:
    page.goto(f"{here.url}/attention")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


# Start a campaign ---------------------------------------------------------------------------------


def test_a_file_is_uploaded_mapped_planned_launched_and_watched_to_its_end(
    page: Page, here: Machine
) -> None:
    page.goto(here.url + HOME)
    upload(page, here, "walk", ["+12025550161", "+12025550162", "+1202555"], "Hello {{ name }}.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan of walk")
    expect(page.get_by_role("row", name=re.compile("^4 Tel"))).to_be_visible()
    page.get_by_role("button", name="Launch: call 2 contacts").click()
    page.wait_for_url(re.compile("/campaigns/walk-"))
    # Nobody reloads: what happens comes by itself.
    expect(page.locator("#standing .badge").first).to_have_text("finished", timeout=20_000)
    rung = {event["phone_number"] for event in here.sandbox.events("dialed")}
    assert {"+12025550161", "+12025550162"} <= rung


def test_a_campaign_is_launched_without_script(plain: Page, here: Machine) -> None:
    plain.goto(here.url + HOME)
    upload(plain, here, "plain", ["+12025550163"], "Hello.")
    plain.get_by_role("button", name="Launch: call 1 contact").click()
    plain.wait_for_url(re.compile("/campaigns/plain-"))
    here.wait_for_end(plain.url.rpartition("/")[2].partition("?")[0])
    plain.reload()
    expect(plain.locator("#standing .badge").first).to_have_text("finished")


# Find out, and settle -----------------------------------------------------------------------------


def test_a_contact_is_explained_and_its_number_shown_on_record(page: Page, here: Machine) -> None:
    page.goto(f"{here.url}/campaigns/spring-reminders/contacts/p-101")
    expect(page.get_by_role("heading", level=2, name="Every rule")).to_be_visible()
    expect(page.locator("#standing")).not_to_contain_text(magic(30))
    expect(page.locator("#attempts")).to_contain_text("I will be there.")
    page.get_by_role("button", name="Show the number").click()
    expect(page.locator("#standing")).to_contain_text(magic(30))
    page.goto(f"{here.url}/campaigns/spring-reminders")
    expect(page.locator("#orders")).to_contain_text("ada")


def test_an_unknown_call_is_settled_by_one_key(page: Page, here: Machine) -> None:
    page.goto(f"{here.url}/attention")
    rows = page.locator("#unknown tbody tr")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("button", name="Placed", exact=False).first.focus()
    page.keyboard.press("p")
    expect(page.get_by_role("status").filter(has_text="settled")).to_be_visible()
    expect(rows).to_have_count(2)


# Orders -------------------------------------------------------------------------------------------


def test_a_campaign_is_paused_resumed_and_aborted_by_its_typed_name(
    page: Page, here: Machine
) -> None:
    campaign = f"{here.url}/campaigns/flu-clinic"
    page.goto(campaign)
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    page.wait_for_url(re.compile(r"/campaigns/flu-clinic\?"))
    expect(page.locator("#standing")).to_contain_text("paused")
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume it").click()
    expect(page.locator("#standing")).to_contain_text("active")
    page.get_by_role("link", name="Abort").click()
    page.get_by_label("Type the campaign's id").fill("flu")
    page.get_by_role("button", name="Abort").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert here.site.standing("flu-clinic")["calls"]["connected"] > 0
    page.get_by_label("Type the campaign's id").fill("flu-clinic")
    page.get_by_role("button", name="Abort").click()
    page.wait_for_url(re.compile(r"/campaigns/flu-clinic\?"), timeout=20_000)
    here.wait_for_end("flu-clinic")
    assert here.sandbox.live()["live"] == 0


def test_a_viewer_may_look_and_do_nothing(browser: Chromium, here: Machine) -> None:
    with browser.context() as context:
        page = sign_in(context, here, "vera")
        expect(page.get_by_role("link", name="Start", exact=True)).to_have_count(0)
        page.goto(f"{here.url}/campaigns/annual-survey")
        for word in ("Pause", "Resume", "Cancel", "Abort"):
            expect(page.get_by_role("link", name=word)).to_have_count(0)
        for path in ("/launch", "/campaigns/annual-survey/order/resume"):
            answer = page.goto(here.url + path)
            assert answer is not None
            assert answer.status == 403


# What others write, and what comes by itself ------------------------------------------------------


def test_no_script_of_others_runs(page: Page, here: Machine) -> None:
    """Names, notes, a contact's id and variables, and what was said: all of it is text."""
    for path in ("/", "/campaigns", "/do-not-call", "/campaigns/hostile", "/contacts?q=alert"):
        page.goto(here.url + path)
        assert page.locator("img[src=x]").count() == 0
    page.goto(f"{here.url}/campaigns/hostile/contacts/%231")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert page.locator("img[src=x]").count() == 0


def test_what_comes_by_itself_takes_nothing_from_a_hand(page: Page, here: Machine) -> None:
    """A field in a part that is kept up to date keeps focus and text while the part goes on."""
    page.goto(f"{here.url}/campaigns/annual-survey")
    field = page.locator("#contacts input[name=q]")
    field.focus()
    page.keyboard.type("Ada")
    here.site.call("resume", "annual-survey", "--note", "the wording is ready")
    expect(page.locator("#orders")).to_contain_text("the wording is ready")
    expect(field).to_be_focused()
    expect(field).to_have_value("Ada")
    page.keyboard.type(" A")
    expect(field).to_have_value("Ada A")
    page.locator("#waits-head").select_text()
    here.site.call("pause", "annual-survey", "--note", "not yet")
    expect(page.locator("#orders")).to_contain_text("not yet")
    assert page.evaluate("getSelection().toString()").strip() == "Why the rest waits"
    page.evaluate(
        """() => {
          const dialog = document.createElement("dialog");
          document.getElementById("orders").append(dialog);
          dialog.showModal();
        }"""
    )
    here.site.call("resume", "annual-survey", "--note", "at last")
    expect(page.locator("#standing")).not_to_contain_text("paused")
    assert page.locator("#orders dialog[open]").count() == 1
