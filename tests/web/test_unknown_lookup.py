"""Before a phone rings again, the provider is asked: a sandbox of one, on a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests
from uvicorn import Config, Server

from scheduler.ledger import views
from scheduler.models import Attempt
from scheduler.operations.listening import bound
from scheduler.sandbox import twilio
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.wire import CuttableProtocol
from tests.waiting import wait_until
from tests.web.lost import CALLER, books_of, lose
from tests.web.running import RunningSite

UNKNOWN = "/api/v1/unknown"


@pytest.fixture
def twilio_url() -> Iterator[str]:
    socket, journal = bound("127.0.0.1", 0), Journal(None)
    app = twilio.create_app(twilio.Knobs(calls_per_second=0), journal)
    server = Server(
        Config(
            app,
            loop="asyncio",
            http=CuttableProtocol,
            lifespan="off",
            log_config=None,
            date_header=False,
        )
    )
    thread = threading.Thread(target=server.run, args=[[socket]])
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join()
    journal.close()


@pytest.fixture
def asking(site: RunningSite, twilio_url: str) -> Iterator[RunningSite]:
    """The site again, over the same ledger, with a provider that answers."""
    settings = site.settings.model_copy(update={"twilio_base_url": twilio_url})
    with RunningSite(site.ledger, settings) as other:
        yield other


@pytest.fixture
def attempt(asking: RunningSite) -> Attempt:
    books = books_of(asking)
    books.campaign(1)
    return lose(books)


def place(url: str, number: str) -> str:
    """Have the provider place a call, as the start whose answer was lost did."""
    account = "AC" + "1" * 32
    form = {"To": number, "From": CALLER, "Twiml": "<Response><Hangup/></Response>"}
    answer = requests.post(
        f"{url}/2010-04-01/Accounts/{account}/Calls.json",
        data=form,
        auth=(account, "2" * 32),
        timeout=30,
    )
    sid = answer.json()["sid"]
    assert isinstance(sid, str)
    return sid


def settle(site: RunningSite, attempt: Attempt, verdict: str, **said: str) -> requests.Response:
    return site.ask("POST", f"{UNKNOWN}/{attempt}", json={"verdict": verdict, **said})


def test_a_call_that_the_provider_has_is_not_dialled_again(
    asking: RunningSite, attempt: Attempt, twilio_url: str
) -> None:
    sid = place(twilio_url, "+12025550001")
    told = asking.ask("POST", f"{UNKNOWN}/lookup", json={"campaign": "c"}).json()
    assert [(one["outcome"], one["candidates"]) for one in told["calls"]] == [("candidates", [sid])]
    answer = settle(asking, attempt, "redial")
    assert (answer.status_code, answer.json()["code"]) == (409, "may_be_placed")
    assert sid in answer.json()["detail"]
    body = {"verdict": "redial", "count": 1}
    assert asking.ask("POST", UNKNOWN, json=body).json()["candidates"] == 1
    assert views.result(asking.ledger, "c", 1)["disposition"] == "unknown"
    done = settle(asking, attempt, "attach", call=sid)
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "connected"


def test_one_that_the_provider_does_not_have_may_be_dialled_again(
    asking: RunningSite, attempt: Attempt
) -> None:
    told = asking.ask("POST", f"{UNKNOWN}/lookup", json={"campaign": "c", "rows": [1]}).json()
    assert told["calls"][0]["outcome"] == "not_found"
    page = asking.ask("POST", "/attention/look-up", data={"attempt": str(attempt)})
    assert page.headers["location"].endswith("done=not_found")
    assert settle(asking, attempt, "redial").json()["state"] == "pending"
