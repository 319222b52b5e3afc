"""The page of refused rows: counts that add up, masked, and nothing acts."""

from __future__ import annotations

from scheduler.ledger import campaigns
from scheduler.models import Contact, Reason, Row
from tests.web.looking import books_of
from tests.web.running import RunningSite

WRONG = "<b>call 2025550143</b>"


def test_refused_rows_are_shown_with_what_is_wrong_and_without_numbers(site: RunningSite) -> None:
    books = books_of(site)
    books.campaign(2)
    rows = [
        Row(Contact("r1", WRONG), 2, reason=Reason.INVALID_NUMBER, error=f"phone_number: {WRONG}"),
        Row(
            Contact("r2", ""), 3, reason=Reason.INVALID_ROW, error="name: <script>alert(1)</script>"
        ),
    ]
    campaigns.load(site.ledger, "c", "2", 1, rows, now=books.now)
    campaigns.seal(site.ledger, "c", "2", now=books.now)

    page = site.get("/campaigns/c/rejects").text

    assert "2 of 4 rows" in page
    assert "2025550143" not in page
    assert "<b>call" not in page
    assert "<script>alert" not in page
    assert page.count('<th scope="row"') == 2
    assert site.get("/api/v1/campaigns/c/rejects?format=csv").text.count("\n") == 3


def test_a_campaign_without_refused_rows_says_so(site: RunningSite) -> None:
    books_of(site).campaign(1)
    assert "No row of this campaign was refused" in site.get("/campaigns/c/rejects").text
    assert site.get("/campaigns/nobody/rejects").status_code == 404
