"""A campaign through an API of which nothing is known above its own folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenacity import wait_exponential

from scheduler import providers
from scheduler.calls import collector as rules
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import Refused
from scheduler.ledger import listeners, views
from scheduler.models import Attempt
from scheduler.operations import launch
from scheduler.providers import SpeakerEvent
from scheduler.script import Pause, Say, Transfer
from scheduler.settings import Settings
from tests.functional.campaign import Site
from tests.functional.rig import ACCOUNT, Open
from tests.routes import through
from tests.toy_provider import BARE, KEY, TALKER, TOY, Bare, Toy
from tests.waiting import wait_until

FILE = """\
name: toys
provider: toy
max_duration: 1h
calling_hours: always
insights: [topics]
call: {greeting: "Hello {{ name }}", voice: low}
contacts:
  - {phone_number: "+14165550143", name: Ana}
  - {phone_number: "+14165550144", name: Ben, call: {greeting: Salut}}
  - {phone_number: "+14165550145", name: Cyd}
"""


def test_a_campaign_through_another_api_goes_from_its_file_to_its_results(
    opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rules, "BETWEEN_READS", wait_exponential(multiplier=0.1, max=0.2))
    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, TOY))
    monkeypatch.setenv(KEY, "1")
    settings = Settings(symbl_app_id=None, symbl_app_secret=None, symbl_access_token=None)
    path = tmp_path / "toys.yaml"
    path.write_text(FILE)
    toy = Toy({"+14165550145": Refused})
    rig = opened(provider=toy, patience_seconds=20.0)

    with launch.read(path, settings, Reading()) as checked:
        launch.submit(rig.ledger, checked, "c", checked.policy, ACCOUNT, lambda _: None)
    rig.start()
    wait_until(lambda: len(toy.live) == 2 and rig.account().live == 2)
    for attempt in (Attempt("c", 1, 1), Attempt("c", 2, 1)):
        connection = views.live_connection(rig.ledger, "c", attempt.row)
        toy.tell(connection, SpeakerEvent("joined", "ana"))
        assert listeners.hint(rig.ledger, ACCOUNT, attempt, "hung_up")
    rig.served.wake.due_in(0.0)
    wait_until(lambda: rig.all_ended() and views.campaign(rig.ledger, "c").collecting == 0)

    greetings = {order.phone_number[-4:]: order.options for order in toy.started}
    assert greetings == {
        "0143": {"voice": "low", "greeting": "Hello Ana"},
        "0144": {"voice": "low", "greeting": "Salut"},
        "0145": {"voice": "low", "greeting": "Hello Cyd"},
    }
    assert sorted(details for details, _ in toy.told) == sorted(toy.strings)
    assert rig.endings() == [("hung_up", None), ("hung_up", None), ("rejected", None)]
    insights = [record.get("insights") for record in rig.records()]
    assert insights[:2] == [{"topics": ["toys"]}] * 2
    assert toy.live == set()


SCRIPTED = """\
name: talk
provider: talker
max_duration: 1h
calling_hours: always
insights: []
default_region: CA
call:
  ring_time: 20s
  caller_id: [+14165550160, +14165550161]
  script:
  - say: "Hello {{ name }}, this is {{ campaign }}."
  - pause: 2s
  - transfer: "{{ agent }}"
contacts:
  - {phone_number: "+14165550143", name: Ana, agent: 416 555 0150}
  - {phone_number: "+14165550144", name: Ben, agent: sip:ben@example.com}
"""


def test_a_script_goes_from_its_file_to_the_provider_filled_for_each_contact(
    opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, TALKER))
    monkeypatch.setenv(KEY, "1")
    settings = Settings(symbl_app_id=None, symbl_app_secret=None, symbl_access_token=None)
    path = tmp_path / "talk.yaml"
    path.write_text(SCRIPTED)
    toy = Toy()
    rig = opened(provider=toy, patience_seconds=20.0)

    with launch.read(path, settings, Reading()) as checked:
        launch.submit(rig.ledger, checked, "c", checked.policy, ACCOUNT, lambda _: None)
    rig.start()
    wait_until(lambda: len(toy.live) == 2 and rig.account().live == 2)

    orders = {order.phone_number[-4:]: order for order in toy.started}
    assert {number: order.script for number, order in orders.items()} == {
        "0143": (Say("Hello Ana, this is talk."), Pause(2.0), Transfer("+14165550150")),
        "0144": (Say("Hello Ben, this is talk."), Pause(2.0), Transfer("sip:ben@example.com")),
    }
    assert {order.ring_seconds for order in toy.started} == {20.0}
    assert {order.caller_id for order in toy.started} <= {"+14165550160", "+14165550161"}


def test_a_campaign_that_names_no_caller_id_shows_the_account_s(opened: Open) -> None:
    toy = Toy()
    rig = opened(provider=toy, caller_ids=("+14165550160",), patience_seconds=20.0)
    rig.load("+14165550143")
    rig.start()

    wait_until(lambda: bool(toy.live))

    assert [order.caller_id for order in toy.started] == ["+14165550160"]


def test_an_api_that_only_starts_and_stops_calls_is_enough(opened: Open, tmp_path: Path) -> None:
    toy = Toy()
    rig = opened(provider=Bare(toy), sockets=5, patience_seconds=20.0)
    path = tmp_path / "toys.yaml"
    path.write_text(
        FILE.replace("insights: [topics]\n", "").replace("1h", "1s").replace("toy\n", "bare\n")
    )

    with load(
        path,
        Reading(),
        route_of=through(BARE),
        max_duration_ceiling_seconds=600,
    ) as checked:
        launch.submit(rig.ledger, checked, "c", checked.policy, ACCOUNT, lambda _: None)
    rig.start()
    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)] * 3
    assert toy.live == set()
    assert checked.policy.insights == ()
    assert not views.campaign(rig.ledger, "c").collecting


REGISTERED = """\
from scheduler import providers
from tests.toy_provider import TOY
from tests.routes import through
providers.PROVIDERS = (*providers.PROVIDERS, TOY)
"""


@pytest.mark.timeout(60)
def test_run_and_its_worker_know_of_an_api_what_the_registry_says(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(REGISTERED)
    path = tmp_path / "toys.yaml"
    path.write_text(FILE.replace("1h", "1s"))
    found = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}", KEY: "1"}
    nobodys = {"CALLSCHED_SYMBL_APP_ID": "", "CALLSCHED_SYMBL_APP_SECRET": ""}

    with Site(tmp_path / "home", "", **found, **nobodys) as site:
        command = site.call("run", str(path), "--workers", "1", "--json", "--id", "c")

        assert command.process.returncode == 0, command.err
        assert command.record["dispositions"] == {"stopped": 3}
        insights = [record["insights"] for record in site.results("c")]
        assert insights == [{"topics": ["toys"]}] * 3
