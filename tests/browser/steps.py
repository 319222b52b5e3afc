"""What somebody does on several walks."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.machine import Machine

PASSWORD = "correct horse battery"
HOME = "/"


def sign_in(context: BrowserContext, here: Machine, name: str = "ada") -> Page:
    page = context.new_page()
    page.goto(here.url + HOME)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{here.url}{HOME}")
    return page


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
