"""What is said in calls: followed while they live, written when they are over, erased on demand."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scheduler.cli.console import as_json
from scheduler.ledger.listeners import LiveLine
from scheduler.models import Attempt
from tests.functional.campaign import Command, Site, magic
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

ANA, BEN, SIP = "+12025550143", "+12025550144", "sip:room7@sip.example.com"
FIRST = "Good morning, this is the front desk of Harbour Street Dental."
AGES = "1m"  #: longer than any of these tests lets a call live

CONTACTS = f"""\
phone_number,sip_uri,id,dtmf
{ANA},,ana,
{BEN},,,
,{SIP},room,
{BEN},,,7#
{magic(44)},,unrecorded,
{magic(4)},,refused,
"""


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, answer_after=0.5, line_every=0.25) as sandbox:
        yield sandbox


def settled(home: Any, url: str) -> Site:
    """Return a machine that waits a moment, and no longer, for what was said."""
    return Site(home, url, CALLSCHED_INSIGHTS_PATIENCE="3s")


@pytest.fixture(scope="module")
def over(running: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A campaign that is over; no test changes it."""
    running.reset()
    with settled(tmp_path_factory.mktemp("over"), running.url) as site:
        (site.home / "contacts.csv").write_text(CONTACTS)
        ran = site.call("run", "contacts.csv", "--id", "over", "--max-duration", "4s")
        assert ran.wait() == 0, ran.err
        yield site


@pytest.fixture
def live(site: Site, sandbox: SandboxProcess) -> Site:
    """A campaign whose calls live, and are spoken in, for longer than a test looks at them."""
    sandbox.knobs(line_every_seconds=1.5)
    begin(site, sandbox, (ANA, BEN))
    return site


def begin(
    site: Site, sandbox: SandboxProcess, phone_numbers: tuple[str, ...], longest: str = AGES
) -> Command:
    """Start a campaign and wait until all of its calls are live."""
    path = site.contacts(phone_numbers)
    run = site.start("run", path, "--id", "live", "--max-duration", longest)
    wait_until(lambda: len(sandbox.events("answered")) == len(phone_numbers))
    # A socket is there for what is on record alone.
    wait_until(lambda: sandbox.sockets()["open"] == len(phone_numbers))
    return run


def ran(site: Site, campaigns: dict[str, tuple[str, ...]]) -> None:
    """Run campaigns of these numbers to their ends, all at once."""
    commands = []
    for campaign_id, phone_numbers in campaigns.items():
        path = site.contacts(phone_numbers, f"{campaign_id}.csv")
        words = ("--id", campaign_id, "--max-duration", "1500ms")
        commands.append(site.start("run", path, *words))
    for command in commands:
        assert command.wait() == 0, command.err


def status_of(site: Site, campaign_id: str) -> dict[str, Any]:
    return site.call("status", campaign_id, "--json").record


def result_of(site: Site, campaign_id: str, contact_id: str) -> dict[str, Any]:
    records = site.results(campaign_id)
    return next(record for record in records if record["contact_id"] == contact_id)


def assert_fails(command: Command, code: int, *expected: str) -> None:
    """It ended with this code, nothing on standard output, and a sentence."""
    assert command.wait() == code, command.err
    assert command.out == ""
    assert "Traceback" not in command.err
    said = " ".join(re.sub(r"[│\s]+", " ", command.err).split())
    for text in expected:
        assert text in said


# Transcripts


@pytest.mark.parametrize("who", ["ana", ANA, "#1"])
def test_a_transcript_is_written_as_text(over: Site, who: str) -> None:
    lines = result_of(over, "over", "ana")["transcript"]

    told = (
        over.call("transcript", "over", who)
        if who != ANA
        else over.call("transcript", "over", "#1", "--format", "text")
    )

    assert told.wait() == 0, told.err
    assert told.out.splitlines()[0] == f"00:00  {FIRST}"
    assert [line.partition("  ")[2] for line in told.out.splitlines()] == [
        line["text"] for line in lines
    ]
    assert told.err == ""


@pytest.mark.parametrize(
    ("who", "contact_id"), [(BEN, BEN), (f"{BEN},7#", f"{BEN},7#"), (SIP, "room"), ("#3", "room")]
)
def test_a_contact_is_named_by_whatever_it_has(over: Site, who: str, contact_id: str) -> None:
    told = over.call("transcript", "over", who, "--json")

    assert told.wait() == 0, told.err
    record = result_of(over, "over", contact_id)
    assert told.record["contact_id"] == contact_id
    for name in ("conversation_id", "transcript", "insights"):
        assert told.record[name] == record[name]
    assert len(told.out.splitlines()) == 1


def test_the_ending_of_a_path_says_what_is_written(over: Site) -> None:
    for name in ("ana.srt", "ana.md", "ana.txt"):
        assert over.call("transcript", "over", "ana", "-o", name).wait() == 0

    subtitles = (over.home / "ana.srt").read_text()
    assert re.match(rf"1\n00:00:00,\d+ --> 00:00:00,\d+\n{FIRST}\n\n2\n", subtitles)
    page = (over.home / "ana.md").read_text()
    assert page.startswith("# Call to ana\n")
    assert "## Summary\n\nThe practice called about an appointment" in page
    assert "\n- appointment\n" in page
    assert (over.home / "ana.txt").read_text() == over.call("transcript", "over", "ana").out


def test_where_nothing_was_recorded_nothing_is_written(over: Site) -> None:
    told = over.call("transcript", "over", "unrecorded", "--format", "markdown")

    assert told.wait() == 0
    assert (told.out, told.err) == ("", "nothing was recorded in the call to unrecorded\n")


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("over", "refused"), 1, "there was no conversation (rejected)"),
        (("over", "nobody"), 1, "no contact nobody"),
        (("over", "#99"), 1, "has no row 99"),
        (("nowhere", "ana"), 1, "no campaign nowhere"),
        (("over", "ana", "-o", "ana.pdf"), 1, "ends in .txt, .md, .srt"),
        (("over", "ana", "-o", "missing/ana.srt"), 1, "can't be written"),
        (
            ("over", "ana", "--format", "docx"),
            2,
            "Invalid value for '--format': 'docx' is not one of",
        ),
        (("over",), 2, "Missing argument 'CONTACT'"),
        (("over", "ana", "--raw"), 2, "say --follow"),
        (("over", "ana", "--since", "now"), 2, "say --follow"),
        (("over", "--follow", "-o", "ana.txt"), 2, "live lines are not for a file"),
    ],
)
def test_why_there_is_no_transcript_is_said(
    over: Site, words: tuple[str, ...], code: int, expected: str
) -> None:
    assert_fails(over.call("transcript", *words), code, expected)


def test_a_call_that_lives_has_no_transcript_yet(live: Site) -> None:
    assert_fails(
        live.call("transcript", "live", ANA), 1, "the call is connected", "--follow` shows"
    )


def test_a_campaign_that_collects_none_has_no_transcript(site: Site) -> None:
    (site.home / "mute.yaml").write_text(
        f"max_duration: 1s\ninsights: [topics]\ncontacts: [{{phone_number: {ANA}}}]\n"
    )
    assert site.call("run", "mute.yaml", "--id", "mute").wait() == 0

    assert_fails(site.call("transcript", "mute", ANA), 1, "the campaign collects none")
    assert "transcript" not in result_of(site, "mute", ANA)


def test_what_is_still_being_read_is_said(site: Site, sandbox: SandboxProcess) -> None:
    sandbox.knobs(insights_after_seconds=60)
    site.env["CALLSCHED_INSIGHTS_PATIENCE"] = "10s"
    run = site.start("run", site.contacts((ANA,)), "--id", "live", "--max-duration", "1s")
    wait_until(lambda: sandbox.events("ended"))
    wait_until(lambda: status_of(site, "live")["collecting"] == 1)

    shown = site.start("status", "live")
    told = site.start("transcript", "live", ANA)

    assert shown.wait() == 0
    assert "1 conversation is still being read" in shown.out
    assert_fails(told, 1, "it is still being read")
    assert run.wait() == 0
    assert "still being read" not in site.call("status", "live").out
    assert "nothing was recorded" in site.call("transcript", "live", ANA).err


def test_a_csv_has_addresses_and_no_transcripts(over: Site) -> None:
    rows = list(csv.DictReader(over.call("results", "over").out.splitlines()))

    assert [row["sip_uri"] for row in rows] == ["", "", SIP, "", "", ""]
    assert FIRST not in over.call("results", "over").out


# Tail


def assert_heard(shown: list[str], record: dict[str, Any]) -> None:
    """It is what was said from when a socket was open."""
    spoken = [one["text"] for one in record["transcript"]]
    assert len(shown) > 2
    assert shown == spoken[-len(shown) :]


def test_what_was_said_shows_for_an_hour(over: Site) -> None:
    told = over.call("transcript", "over", "--follow")

    assert told.wait() == 0, told.err
    lines = told.out.splitlines()
    assert all(
        re.match(r"\d\d:\d\d:\d\d  (ana|room|unrecorded|#2 …0144|#4 …0144)  \S", line)
        for line in lines
    )
    for label, contact_id in (("ana", "ana"), ("#2 …0144", BEN), ("room", "room")):
        own = [line.partition(f"  {label}  ")[2] for line in lines if f"  {label}  " in line]
        assert "[topic] directions" in own
        assert_heard(
            [text for text in own if not text.startswith("[")], result_of(over, "over", contact_id)
        )
    assert "[transcript]" not in told.out
    assert BEN not in told.out
    assert "\x1b" not in told.out + told.err


def test_one_call_is_shown_alone_and_in_the_words_as_recognised(over: Site) -> None:
    told = over.call("transcript", "over", "ana", "--raw", "--no-follow", "--json")

    assert told.wait() == 0, told.err
    records = [json.loads(line) for line in told.out.splitlines()]
    assert {record["contact_id"] for record in records} == {"ana"}
    assert {record["kind"] for record in records} >= {"message", "transcript", "topic", "question"}
    messages = [record for record in records if record["kind"] == "message"]
    record = result_of(over, "over", "ana")
    assert_heard([one["text"] for one in messages], record)
    began = [one["started_at"] for one in record["transcript"]]
    assert [one["said_at"] for one in messages] == began[-len(messages) :]
    assert messages[-1] | {"said_at": 0, "noted_at": 0} == {
        "campaign_id": "over",
        "row": 1,
        "contact_id": "ana",
        "phone_number": ANA,
        "sip_uri": None,
        "kind": "message",
        "speaker": "",
        "text": "Thank you very much, goodbye.",
        "said_at": 0,
        "noted_at": 0,
    }


def test_a_tail_of_what_was_never_said_says_so(over: Site) -> None:
    told = over.call("transcript", "over", "--follow", "refused")

    assert (told.wait(), told.out) == (0, "")
    assert "nothing was said" in told.err
    assert_fails(over.call("transcript", "over", "--follow", "nobody"), 1, "no contact nobody")
    assert_fails(over.call("transcript", "nowhere", "--follow"), 1, "no campaign nowhere")
    assert_fails(
        over.call("transcript", "over", "--follow", "--since", "noon"), 2, "'noon' is not one of"
    )


@pytest.mark.parametrize("who", [(), (ANA,)])
def test_a_tail_ends_with_the_calls_and_has_all_of_them(
    site: Site, sandbox: SandboxProcess, who: tuple[str, ...]
) -> None:
    run = begin(site, sandbox, (ANA, BEN), longest="5s")

    tail = site.start("transcript", "live", "--follow", *who, "--json")

    assert tail.wait() == 0, tail.err
    assert run.wait() == 0, run.err
    records = [json.loads(line) for line in tail.out.splitlines()]
    for contact_id in who or (ANA, BEN):
        shown = [
            one["text"]
            for one in records
            if (one["contact_id"], one["kind"]) == (contact_id, "message")
        ]
        assert_heard(shown, result_of(site, "live", contact_id))
    assert {one["contact_id"] for one in records} == set(who or (ANA, BEN))


def test_ctrl_c_ends_a_tail_quietly_and_no_call(live: Site, sandbox: SandboxProcess) -> None:
    tail = live.start("transcript", "live", "--follow")
    wait_until(lambda: tail.out)

    tail.interrupt()

    assert tail.wait() == 130
    assert tail.err == ""
    assert sandbox.live()["live"] == 2


def test_a_tail_from_now_on_leaves_out_what_was_before(live: Site) -> None:
    wait_until(lambda: live.call("transcript", "live", "--no-follow").out)
    before = live.call("transcript", "live", "--no-follow").out.splitlines()

    tail = live.start("transcript", "live", "--follow", "--since", "now")
    wait_until(lambda: tail.out)
    tail.interrupt()

    assert tail.wait() == 130
    assert not set(before) & set(tail.out.splitlines())


def test_a_reader_who_has_seen_enough_ends_a_tail(over: Site) -> None:
    command = over.start_python(
        "-c",
        "import subprocess, sys\n"
        "tail = subprocess.Popen([sys.executable, '-m', 'scheduler.cli', 'transcript', 'over',"
        " '--follow'],"
        " stdout=subprocess.PIPE, stderr=subprocess.PIPE)\n"
        "tail.stdout.readline(); tail.stdout.close()\n"
        "sys.stderr.buffer.write(tail.stderr.read()); sys.exit(tail.wait())",
    )

    assert command.wait() == 0
    assert command.err == ""


# Speaker events


def test_who_speaks_is_told_to_the_api_and_comes_back(live: Site, sandbox: SandboxProcess) -> None:
    esc = "\x1b[31mAna\x1b[0m"
    words = ("symbl", "event", "live", ANA, "started_speaking", "--user", "ana@example.com")

    told = live.call(*words, "--name", esc, "--at", "2026-11-22T15:00:05.120+01:00", "--json")

    assert told.wait() == 0, told.err
    (event,) = sandbox.events("speaker")
    assert event["body"] == {
        "topic": "speaker",
        "type": "started_speaking",
        "user": {"userId": "ana@example.com", "name": esc},
        "timestamp": "2026-11-22T14:00:05.120Z",
    }
    assert (told.record["contact_id"], told.record["event"]) == (ANA, "started_speaking")
    tail = live.start("transcript", "live", "--follow", ANA)
    wait_until(lambda: "[31mAna [0m: " in tail.out)
    assert "\x1b" not in tail.out
    tail.interrupt()
    assert tail.wait() == 130


def test_an_event_without_name_and_time_is_said_in_a_sentence(
    live: Site, sandbox: SandboxProcess
) -> None:
    told = live.call("symbl", "event", "live", "#2", "joined", "--user", "ben@example.com")

    assert (told.wait(), told.out) == (0, "")
    assert "#2 …0144: ben@example.com joined\n" in told.err
    (event,) = sandbox.events("speaker")
    assert event["body"] == {
        "topic": "speaker",
        "type": "joined",
        "user": {"userId": "ben@example.com"},
    }


def test_an_event_needs_a_live_call_and_its_account(
    over: Site, live: Site, sandbox: SandboxProcess
) -> None:
    words = ("left", "--user", "ana@example.com")

    assert_fails(over.call("symbl", "event", "over", "ana", *words), 1, "is not live")
    other = {"CALLSCHED_ACCOUNT": "other"}
    refused = live.call("symbl", "event", "live", ANA, *words, env=other)
    assert_fails(refused, 1, "dials from account default", "CALLSCHED_ACCOUNT=default")
    bad = live.call("symbl", "event", "live", ANA, *words, "--at", "2026-11-22T14:00:05")
    assert_fails(bad, 2, "an instant with its zone")
    assert_fails(
        live.call("symbl", "event", "live", ANA, "left", "--user", " "), 2, "expected who it is"
    )
    assert_fails(
        live.call("symbl", "event", "live", ANA, "shouted", *words[1:]), 2, "'shouted' is not one"
    )
    assert sandbox.events("speaker") == []


def test_an_event_to_a_call_that_the_api_has_ended_says_so(
    site: Site, sandbox: SandboxProcess
) -> None:
    begin(site, sandbox, (magic(48),))
    wait_until(lambda: sandbox.events("ended"))

    told = site.call("symbl", "event", "live", "#1", "left", "--user", "ana@example.com")

    assert_fails(told, 1, "the call is over, as the API says: 404")


# Erasing


def test_a_number_is_forgotten_in_every_campaign(site: Site, sandbox: SandboxProcess) -> None:
    ran(site, {"one": (ANA, BEN), "two": (ANA,)})

    told = site.call("erase", "+1 (202) 555-0143", "--json")

    assert told.wait() == 0, told.err
    erased = {"number": ANA, "calls": 2, "conversations": 2, "deleted": 0, "errors": []}
    assert told.record | erased == told.record
    for campaign_id in ("one", "two"):
        record = result_of(site, campaign_id, ANA)
        assert (record["disposition"], record["insights_erased"]) == ("stopped", True)
        assert "transcript" not in record and "insights" not in record
        assert_fails(site.call("transcript", campaign_id, ANA), 1, "it was erased")
        assert "…0143" not in site.call("transcript", campaign_id, "--follow").out
    assert result_of(site, "one", BEN)["transcript"]
    assert "…0144" in site.call("transcript", "one", "--follow").out
    assert not [event for event in sandbox.events("conversation") if event["method"] == "DELETE"]


def test_who_was_forgotten_is_not_called_again(site: Site, sandbox: SandboxProcess) -> None:
    ran(site, {"one": (ANA,)})
    told = site.call("erase", ANA)

    again = site.call("run", site.contacts((ANA,), "one.csv"), "--id", "one")

    assert "stays on record" in told.out
    assert ANA not in told.out + told.err
    assert again.wait() == 1
    assert len(sandbox.events("accepted")) == 1


def deletions(sandbox: SandboxProcess) -> list[tuple[str, int]]:
    events = sandbox.events("conversation")
    return [(one["conversation_id"], one["status"]) for one in events if one["method"] == "DELETE"]


def test_the_api_deletes_its_conversations_when_it_is_asked(
    site: Site, sandbox: SandboxProcess
) -> None:
    ran(site, {"one": (ANA, BEN)})
    ids = [record["conversation_id"] for record in site.results("one")]

    sandbox.knobs(conversation_fault="500_not_placed", conversation_fault_count=1)
    first = site.call("erase", "--campaign", "one", "--remote", "--json")
    second = site.call("erase", "--campaign", "one", "--remote", "--json")
    third = site.call("erase", ANA, "--remote", "--json")

    assert first.wait() == 1
    assert first.record["deleted"] == 1
    assert [problem["conversation_id"] for problem in first.record["errors"]] == ids[:1]
    assert f"error: conversation {ids[0]}: 500" in first.err
    assert second.wait() == 0, second.err
    assert (second.record["calls"], second.record["deleted"]) == (2, 2)
    assert third.wait() == 0, third.err
    assert {one for one, status in deletions(sandbox) if status == 200} == set(ids)


def test_the_api_is_asked_as_the_right_account_or_not_at_all(
    site: Site, sandbox: SandboxProcess
) -> None:
    ran(site, {"one": (ANA,)})

    unable = site.call(
        "erase", "--campaign", "one", "--remote", env={"CALLSCHED_SYMBL_APP_SECRET": ""}
    )

    assert_fails(unable, 1, "CALLSCHED_SYMBL_APP_SECRET")
    assert result_of(site, "one", ANA)["transcript"]

    another = site.call("erase", ANA, "--remote", env={"CALLSCHED_ACCOUNT": "other"})

    assert another.wait() == 1
    assert "it is of account default, these credentials are for other" in another.err
    assert result_of(site, "one", ANA)["insights_erased"]
    assert deletions(sandbox) == []


def test_a_campaign_is_purged_and_nothing_more_is_collected(
    site: Site, sandbox: SandboxProcess
) -> None:
    run = begin(site, sandbox, (ANA, BEN), longest="10s")
    wait_until(lambda: site.call("transcript", "live", "--no-follow").out)

    told = site.call("erase", "--campaign", "live", "--json")

    assert told.wait() == 0, told.err
    assert (told.record["calls"], told.record["under_way"]) == (2, 2)
    assert "2 calls are under way" in told.err
    assert run.wait() == 0, run.err
    assert site.call("transcript", "live", "--follow").out == ""
    assert sandbox.events("conversation") == []
    for record in site.results("live"):
        assert (record["disposition"], record["insights_erased"]) == ("stopped", True)
        assert "transcript" not in record


def test_a_purge_that_was_killed_goes_on(site: Site, sandbox: SandboxProcess) -> None:
    contacts = tuple(f"+120255501{ending}" for ending in range(40, 46))
    ran(site, {"one": contacts})
    sandbox.knobs(conversation_latency_seconds=0.3)
    killed = site.start("erase", "--campaign", "one", "--remote")
    wait_until(lambda: len(deletions(sandbox)) >= 2)
    killed.kill()
    sandbox.knobs(conversation_latency_seconds=0)

    told = site.call("erase", "--campaign", "one", "--remote", "--json")

    assert told.wait() == 0, told.err
    assert (told.record["calls"], told.record["deleted"]) == (6, 6)
    records = site.results("one")
    assert all(record["insights_erased"] for record in records)
    assert {conversation for conversation, _ in deletions(sandbox)} == {
        record["conversation_id"] for record in records
    }


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("erase", "2025550143"), 2, "expected an international number such as"),
        (("erase", "sip:nobody"), 2, "expected a SIP address such as"),
        (("erase",), 2, "Missing argument 'NUMBER'"),
        (("erase", "--campaign", "nowhere"), 1, "no campaign nowhere"),
        (("erase", "--campaign"), 2, "requires an argument"),
        (("erase", ANA, "--campaign", "over"), 2, "either a number or --campaign ID"),
        (("recordings", "over"), 1, "the provider of account default keeps no recordings of calls"),
        (("recordings", "nowhere"), 1, "no campaign nowhere"),
    ],
)
def test_what_can_not_be_erased_or_had_is_said(
    over: Site, words: tuple[str, ...], code: int, expected: str
) -> None:
    assert_fails(over.call(*words), code, expected)


def test_whoever_is_not_known_is_forgotten_already(over: Site) -> None:
    told = over.call("erase", "sip:nobody@sip.example.com", "--json")

    assert told.wait() == 0, told.err
    assert told.record["calls"] == 0
    assert "no campaign has a contact with sip:nobody@sip.example.com" in told.err


@pytest.mark.parametrize("words", [("erase", ANA), ("erase", "--campaign", "over")])
def test_on_a_terminal_it_asks_before_it_erases(over: Site, words: tuple[str, ...]) -> None:
    terminal = Terminal(over, *words)
    terminal.read_until("for good? [y/N]")
    terminal.type("n\n")

    assert terminal.wait() == 1
    assert "nothing was erased" in terminal.shown
    assert result_of(over, "over", "ana")["transcript"]


# Foreign text


def test_json_is_harmless_on_a_terminal_and_says_the_same() -> None:
    record = {"text": "\x1b[2J\x9b2J\u202e\u2028\x7f Grüße"}

    written = as_json(record)

    assert written.isascii() is False and "Grüße" in written
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202e]", written)
    assert json.loads(written) == record


def test_half_a_character_can_be_kept() -> None:
    heard = LiveLine(Attempt("c", 1, 1), "message", "half \ud83d")

    assert heard.fields()["x"] == "half ?"
    as_json({"text": heard.text}).encode()
