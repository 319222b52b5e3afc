"""What the tests of pages and answers about campaigns have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

from scheduler.ledger import controls
from scheduler.models import Attempt, Contact, Disposition, Row
from scheduler.operations.orders import order_of
from scheduler.rights import Scope, Visitor
from scheduler.web.site import Looks
from tests.integration.ledger import Books
from tests.web.running import RunningSite

NUMBER = "+12025550143"
#: As somebody may have written it in a text.
WRITTEN = "call 202-555-0143 or +1 (202) 555 0143 back"
MARKUP = '<script>alert(1)</script><img src=x onerror="alert(2)">'
RTL = "\u202eevil"


def books_of(site: RunningSite) -> Books:
    return Books(site.ledger, site.ledger.redis)


@contextmanager
def seen_as(site: RunningSite, visitor: Visitor) -> Iterator[None]:
    """Have everybody who asks for something to look at be this visitor."""
    rule = get_args(Looks)[1].dependency
    site.app.dependency_overrides[rule] = lambda: visitor
    try:
        yield
    finally:
        del site.app.dependency_overrides[rule]


def looker(**more: Any) -> Visitor:
    """Return somebody who may look, and sees no numbers."""
    return Visitor("lou", **{"scope": Scope.LOOK} | more)


def full_of_numbers(books: Books) -> Attempt:
    """Make a campaign that has a number wherever one can stand; return the attempt of its call."""
    books.create("n", default_region="US")
    contact = Contact(
        NUMBER,
        phone_number=NUMBER,
        name=f"Ana {WRITTEN}",
        dtmf="4711#",
        variables={"account": NUMBER, "note": WRITTEN, "code": "2025550143", "7654321012": "x"},
    )
    other = Contact("sip", sip_uri=f"sip:{NUMBER}@pbx.example.com", name=NUMBER)
    refused = Row(
        Contact("", phone_number=NUMBER), 4, reason=None, error=f"{NUMBER} is listed above"
    )
    books.load([Row(contact, 2), Row(other, 3, has_id=True), refused], campaign_id="n")
    books.seal("n")
    books.learn(10)
    books.ledger.redis.hset("callsched:campaign:n:meta", "name", f"calls of {NUMBER}")
    books.ledger.redis.hset("callsched:campaign:n:meta", "stopped_itself", f"{NUMBER} failed")
    attempt = books.connected()
    key = f"callsched:attempt:{attempt}"
    books.ledger.redis.hset(
        key,
        mapping={
            "answer:callback": "2025550143",
            "caller_id": NUMBER,
            "second_error": f"{WRITTEN}",
            "stop_error": f"{NUMBER} hung",
        },
    )
    assert books.confirm(attempt, Disposition.STOPPED)
    said = {
        "transcript": [{"speaker": NUMBER, "text": f"I am at {WRITTEN}", "started_at": None}],
        "recordings": [{"recording_id": "RE1", "duration_seconds": 2.0, "channels": 1}],
        "summary": [{"text": WRITTEN}],
    }
    books.take_collect()
    books.keep_collected(attempt, said)
    control = order_of("ana", f"asked by {NUMBER}")
    controls.note(books.ledger, "n", "reveal", control)
    return attempt
