"""The page of a campaign: one file that needs nothing else, in which nothing that was said acts."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from hashlib import sha256
from html.parser import HTMLParser
from io import StringIO
from typing import Any
from unicodedata import category
from zoneinfo import ZoneInfo

import pytest

from scheduler.ledger.accounts import Load
from scheduler.ledger.controls import Controlled
from scheduler.report.curves import MOST_STEPS
from scheduler.report.entries import Entries
from scheduler.report.figures import read
from scheduler.report.header import Header, Source, Span
from scheduler.report.page import write
from scheduler.report.spread import Spread
from scheduler.report.times import Times

BEGAN = 1_800_000_000.0
ANA, BEN = "+12025550143", "+12025550144"

#: What a campaign, the API or somebody who speaks may say: markup, quotes, what acts on a
#: terminal, what turns text around, line ends, what a template or a plot would read.
HOSTILE = (
    "</td></script><script>alert(1)</script><img src=//evil.example onerror=alert(2)>"
    "\"'`><svg onload=alert(3)> \x1b[31m\x00\x9b2J \u202eabc\u2066 \u2028\u2029 $x_1$ {{ 7*7 }}"
    " {% raw %} &lt; ]]> <!-- --> javascript:alert(4) \ud83d"
)
#: The part of it that is to be read on the page.
READ = "<img src=//evil.example onerror=alert(2)>"

VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """A page as a browser reads it, as far as it matters here."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1] == "p" and tag != "p":
            self.open.pop()
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def named(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of the elements of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]

    def all(self, attribute: str) -> list[str]:
        """Return every value of an attribute."""
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]

    def inside(self, tag: str) -> str:
        """Return the text that lies directly in elements of a kind."""
        return "".join(text for within, text in self.texts if within == tag)

    @property
    def plots(self) -> list[dict[str, str]]:
        """Return the drawings that say something; bars beside a figure only repeat it."""
        return [attrs for attrs in self.named("svg") if attrs.get("aria-hidden") != "true"]

    @property
    def text(self) -> str:
        """Return what there is to read."""
        return " ".join(
            " ".join(text for tag, text in self.texts if tag not in ("script", "style")).split()
        )


def record(row: int, said: str = "hello", **more: Any) -> dict[str, Any]:
    """Return a call with all that may be known of one."""
    began = BEGAN + row
    return {
        "contact_id": f"c-{row}",
        "phone_number": ANA,
        "sip_uri": None,
        "dtmf": "4711#",
        "state": "ended",
        "disposition": "stopped",
        "reason": None,
        "attempts": 2,
        "begun_at": began - 0.5,
        "started_at": began,
        "ended_at": began + 3,
        "duration_seconds": 3.0,
        "late_seconds": 0.03,
        "stop_late_seconds": 0.004,
        "error": None,
        "transcript": [{"speaker": said, "text": said, "started_at": began}] * 2,
        "insights": {
            "summary": said,
            "topics": [{"text": said}],
            "action_items": [{"text": said, "assignee": said, "due_by": said}],
            "follow_ups": [{"text": said, "assignee": said}],
            "questions": [{"text": said}],
        },
    } | more


LOADS = (Load(BEGAN, 1, 4, 1, 0), Load(BEGAN + 2, 2, 5, 2, 3))


def page(
    records: Iterable[dict[str, Any]],
    *,
    rows: int = 100,
    spans: Iterable[Span] | None = None,
    numbers: bool = False,
    transcripts: bool = True,
    **head: Any,
) -> Page:
    """Write a page and read it."""
    known: dict[str, Any] = {"campaign_id": "c", "made_at": BEGAN + 100, "created_at": BEGAN}
    source = Source(Header(**known | head), records, spans=spans, loads=LOADS)
    file = StringIO()
    with Entries(rows, numbers=numbers, transcripts=transcripts) as entries:
        write(
            read(source, numbers=numbers, transcripts=transcripts, taken=entries.add), entries, file
        )
    return Page(file.getvalue())


@pytest.fixture(scope="module")
def hostile() -> Page:
    """A campaign in which everything that somebody else wrote is hostile."""
    bad: dict[str, Any] = {"contact_id": HOSTILE, "error": HOSTILE, "stop_error": HOSTILE}
    bad |= {"sip_uri": HOSTILE, "phone_number": None, "insights_error": HOSTILE}
    return page(
        [
            record(1, HOSTILE, answers={HOSTILE: HOSTILE, "q": HOSTILE}, **bad),
            record(2, HOSTILE, disposition="unknown", reason="answer_lost", **bad),
            record(3, disposition=HOSTILE, reason=HOSTILE),
            record(4, state=HOSTILE, ended_at=None),
        ],
        name=HOSTILE,
        stopped_itself=HOSTILE,
        state="active",
        orders=(Controlled(BEGAN, "pause", HOSTILE, HOSTILE),),
    )


def test_hostile_text_is_shown_and_does_nothing(hostile: Page) -> None:
    assert hostile.text.count(READ) > 20
    assert len(hostile.named("script")) == len(hostile.named("style")) == 1
    assert "alert" not in hostile.inside("script") + hostile.inside("style")
    assert not {"img", "iframe", "object", "embed", "link", "base", "form", "a"} & {
        tag for tag, attrs in hostile.elements if (tag, attrs.get("href", "")[:1]) != ("a", "#")
    }
    attributes = {name for _, attrs in hostile.elements for name in attrs}
    assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert "49" not in hostile.text.replace("2027", "").split()


def test_nothing_on_a_page_acts_on_who_reads_it_raw(hostile: Page) -> None:
    acting = {
        character
        for character in hostile.html
        if category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") and character != "\n"
    }

    assert acting == set()
    hostile.html.encode()


def test_a_page_refers_to_nothing_outside(hostile: Page) -> None:
    for _, attrs in hostile.elements:
        for name in ("src", "srcset", "data", "action", "poster", "background", "xlink:href"):
            assert name not in attrs
    assert all(link.startswith("#") for link in hostile.all("href"))
    assert "url(" not in hostile.inside("style") and "@import" not in hostile.inside("style")
    assert all(url.startswith("url(#") for url in hostile.all("clip-path"))
    # The addresses that are left are text that somebody wrote.
    assert "http" not in hostile.html.replace("http-equiv", "")


def test_every_id_is_there_once_and_every_reference_leads_to_one(hostile: Page) -> None:
    ids = hostile.all("id")
    references = [link[1:] for link in hostile.all("href")]
    references += [url[len("url(#") : -1] for url in hostile.all("clip-path")]
    references += [name for names in hostile.all("aria-labelledby") for name in names.split()]

    assert len(ids) == len(set(ids)) > 10
    assert len(references) > 20
    assert set(references) <= set(ids)


def test_the_policy_allows_its_own_style_and_script_and_nothing_else(hostile: Page) -> None:
    (policy,) = (
        meta["content"]
        for meta in hostile.named("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))

    def named(tag: str) -> str:
        digest = sha256(hostile.inside(tag).encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"

    assert rules == {
        "default-src": "'none'",
        "style-src": named("style"),
        "script-src": named("script"),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_every_plot_and_table_can_be_read_without_eyes(hostile: Page) -> None:
    plots = hostile.plots

    assert len(plots) == len(hostile.named("figure")) == len(hostile.named("figcaption")) == 4
    assert all(drawing["role"] == "img" for drawing in plots)
    assert len(hostile.named("title")) == 1 + len(plots) and len(hostile.named("desc")) == 4
    assert all("scope" in cell for cell in hostile.named("th"))
    assert all("aria-labelledby" in table for table in hostile.named("table"))
    assert len(hostile.named("h1")) == 1 and len(hostile.named("h2")) == 5
    assert "the end of 4 (100\u00a0%) was confirmed" in hostile.inside("figcaption")


def test_the_answer_comes_first_and_the_machinery_is_folded() -> None:
    made = page(
        [
            record(1, heard="human", answers={"confirm": "1"}, intents=["interested"]),
            record(2, heard="human", asked_not_to_be_called=True),
            record(3, disposition="not_reached", reason="busy"),
            record(4, disposition="skipped", reason="duplicate"),
            record(5, disposition="unknown", reason="lease"),
        ],
        finished_at=BEGAN + 9,
    )
    parts = [attrs["id"] for tag, attrs in made.elements if tag == "h2"]

    assert parts == ["answer", "needs", "said", "made", "calls"]
    assert (
        "All 5 calls are over: 2 reached, 1 not reached, 1 not called and 1 not known." in made.text
    )
    assert "● reached 2 40.0 % ◐ not reached 1 20.0 %" in made.text
    assert "asked not to be called again 1 20.0" in made.text
    assert "interested 1" in made.text
    for command in ("reconcile c", "retry c --only not_reached"):
        assert f"callsched {command}" in made.inside("code")
    machinery = made.text.index("How calls ended")
    assert made.text.index("What needs you") < machinery < made.text.index("What operators did")
    assert [attrs for attrs in made.named("details") if attrs.get("class") == "made"] == [
        {"class": "made"}
    ]


def test_each_call_has_a_row_of_its_own_to_which_lists_lead() -> None:
    made = page([record(row, asked_not_to_be_called=True) for row in (1, 2, 3)], rows=2)
    rows = [attrs["id"] for attrs in made.named("tr") if "id" in attrs]

    assert rows == ["row-1", "row-2"]
    # From who asked not to be called, from lists of what was said, and from itself.
    assert made.all("href").count("#row-1") == made.all("href").count("#row-2") > 3
    assert "#row-3" not in made.all("href")
    assert made.all("href").count("#said-2") == 1


def test_times_are_those_of_one_zone_and_a_call_says_when_it_was_there() -> None:
    times = Times(ZoneInfo("America/New_York"))
    calls = [record(1, phone_number="+12025550143"), record(2, phone_number="+13125550144")]

    made = page(calls, times=times)
    across = page(calls, times=times, created_at=BEGAN - 90 * 86_400, finished_at=BEGAN)

    assert "All times are EST (UTC-05:00)." in made.text
    assert "All times are EDT (UTC-04:00) and EST (UTC-05:00)." in across.text
    assert "2027-01-15 03:00:01" in made.text and "2027-01-15 08:00:01" not in made.text
    assert "2027-01-15 03:00:02 02:00 CST there" in made.text
    assert made.text.count(" there ") == 1
    assert re.search(r"first at 2027-01-15 03:00:0\d EST", made.inside("figcaption"))
    assert "2027-01-15, EST" in made.inside("text")
    indian = page(calls, times=Times(ZoneInfo("Asia/Kolkata")), spans=[(BEGAN, BEGAN + 7200)])
    assert {"14:00", "15:00"} <= {text for tag, text in indian.texts if tag == "text"}
    assert "All times are UTC." in page(calls).text


def test_a_campaign_that_runs_is_reported_so_far() -> None:
    running = page([record(1), record(2, state="connected", ended_at=None)], state="active")

    assert "So far 1 of 2 calls is over: 1 not known. 1 is under way." in running.text
    assert "these are the figures so far" in running.text
    assert "so far" not in page([record(1)], finished_at=BEGAN + 9).text


def test_a_campaign_without_calls_has_a_page() -> None:
    empty = page([])

    assert "The campaign has no contacts." in empty.text
    assert "nobody was dialled" in empty.text
    assert empty.plots == []
    # Nothing is said of what there is none of.
    assert [attrs["id"] for attrs in empty.named("h2")] == ["answer", "made", "calls"]


def test_numbers_are_whole_only_when_that_is_asked_for() -> None:
    lost = {"contact_id": ANA, "error": f"no such number: {ANA}"}
    records = [record(1, **lost), record(2, contact_id=f"{ANA},4711#"), record(3)]

    masked, whole = page(records), page(records, numbers=True)

    assert "…0143" in masked.text and "Numbers are masked" in masked.text
    assert not re.search(r"2025550143|4711", masked.html)
    assert f"no such number: {ANA}" in whole.text and "Numbers are whole" in whole.text
    assert "4711" not in whole.html


def test_what_is_left_out_is_said_with_how_to_get_it() -> None:
    records = [record(row) for row in range(1, 5)] + [record(5, disposition="unknown")]

    few = page(records, rows=2)

    assert "2 of 5 calls are listed; 3 are left out." in few.text
    assert "callsched results c -o results.csv" in few.text
    assert len(re.findall(r'<tr id="row-[15]">', few.html.split('id="calls"')[1])) == 2
    assert "left out" not in page(records).text


def test_transcripts_are_there_to_unfold_or_are_left_out() -> None:
    said, unsaid = page([record(1, "Grüße")]), page([record(1, "Grüße")], transcripts=False)

    assert "c-1 , 2027-01-15 08:00:01 : 2 lines" in said.text
    assert "Grüße: Grüße" in said.inside("li")
    assert "Grüße" not in unsaid.html
    assert "1 call with a transcript. What was said is left out:" in unsaid.text
    assert "callsched report c --transcripts" in unsaid.text
    spoken = record(1, "call 202-555-0143")
    assert "0143" in page([spoken]).text and "555-0143" not in page([spoken]).html
    assert "202-555-0143" in page([spoken], numbers=True).text
    assert " erased " in page([record(1, insights_erased=True, **NONE)]).text


NONE: dict[str, Any] = {"transcript": [], "insights": {}}


def test_very_long_text_is_cut() -> None:
    long = page([record(1, "x" * 300_000, error="y" * 300_000)], name="z" * 300_000)

    assert len(long.html) < 250_000
    assert max(map(len, re.findall(r"y+|z+", long.html))) < 600


def test_a_long_campaign_has_short_plots_and_the_same_page_each_time() -> None:
    spans = [(BEGAN + n * 0.7, BEGAN + n * 0.7 + 5 + n % 977 / 10) for n in range(20_000)]
    loads_of_records = [record(row) for row in range(1, 30)]

    one = page(loads_of_records, spans=spans, rows=0)

    assert one.html == page(loads_of_records, spans=spans, rows=0).html
    assert "by 20,000 attempts" in one.text
    longest = max(len(path["d"].split("L")) for path in one.named("path"))
    assert MOST_STEPS < longest < 5 * MOST_STEPS


@pytest.mark.parametrize("seconds", [0.0, 1e-4, 0.4, 3.0, 59.0, 1800.0, 14_400.0, 2e6])
def test_any_length_and_lateness_can_be_drawn(seconds: float) -> None:
    many = [
        record(row, duration_seconds=seconds * row / 3, late_seconds=seconds) for row in (1, 2, 3)
    ]
    spans = [(BEGAN, BEGAN + seconds), (BEGAN, None)]

    drawn = page(many, spans=spans, made_at=BEGAN + seconds + 1)

    assert len(drawn.plots) == 4
    assert 3 <= len([text for tag, text in drawn.texts if tag == "text"]) < 150


def test_a_lateness_has_a_bar_whatever_it_is() -> None:
    from scheduler.report import plots

    late = Spread()
    for seconds in (-0.5, 0.0, 0.005, 0.1, 600.0, 4e5):
        late.add(seconds)

    drawn = plots.lateness(late, "Lateness", "in words")

    counts = re.findall(r">(\d)</text>", drawn)
    assert counts.count("3") >= 1 and counts.count("1") >= 2
    assert "≥ 10" in drawn


def test_what_was_pressed_stands_in_a_table_and_with_its_call() -> None:
    two, nothing = {"confirm": "2", "pin": "0042"}, {"confirm": ""}

    made = page([record(1, answers=two), record(2, answers=two), record(3, answers=nothing)])

    assert "question pressed calls confirm 2 2 confirm (nothing) 1 pin 0042 2" in made.text
    assert made.text.count("confirm : 2 , pin : 0042") == 2
    assert made.text.count("confirm : (nothing)") == 1


def test_a_number_that_was_pressed_is_masked_unless_numbers_are_asked_for() -> None:
    calls = [record(1, answers={"reach": "2025550177"})]

    assert "2025550177" not in page(calls).html
    assert page(calls, numbers=True).text.count("2025550177") == 2


def test_where_nothing_was_asked_nothing_is_said_of_keys() -> None:
    made = page([record(1), record(2, answers={})])

    assert "pressed" not in made.text.replace("spoke or pressed keys", "")
