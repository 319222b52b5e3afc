"""Who looks at a ledger with rubbish in it sees the rest, or is told so in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from scheduler.ledger.ledger import Ledger
from tests.functional.forks import Forks
from tests.functional.several import call_each
from tests.functional.test_rubbish import UNFORESEEN, environment
from tests.integration.ledger import ACCOUNT, Books
from tests.integration.test_rubbish_keys import RUBBISH, Put, instead

LOOKS = (
    ("watch", "--once"),
    ("watch", "--json"),
    ("status",),
    ("status", "c", "--json"),
    ("results", "c", "--format", "jsonl"),
    ("explain", "c", "#1"),
    ("explain", "c", "#3"),
    ("limit", "show"),
)

#: They show the rest, whatever call is broken.
OF_ALL = ("watch", "status", "results")

#: Where a whole key is of another type, a command may give up, in plain words.
KEYS = {
    f"{part}: text": instead(f"callsched:account:{ACCOUNT}:{part}")
    for part in ("slots", "live", "workers", "events", "meta", "controls")
}
NOTHING: dict[str, Put] = {"nothing": lambda redis: None}
KEYS |= {
    "schema: no number": lambda redis: redis.set("callsched:schema", "many"),
    "clock: text": instead("callsched:clock"),
    "campaign controls: other fields": lambda redis: redis.xadd(
        "callsched:campaign:c:controls", {"x": "y"}
    ),
    "counts: a word": lambda redis: redis.hset("callsched:campaign:c:counts", "ended", "x"),
    "dispositions: a word": lambda redis: redis.hset("callsched:campaign:c:dispositions", "x", "y"),
    "state: a word": lambda redis: redis.hset("callsched:campaign:c:meta", "state", "banana"),
    "total: a word": lambda redis: redis.hset("callsched:campaign:c:meta", "total", "banana"),
    "policy: no JSON": lambda redis: redis.hset("callsched:campaign:c:meta", "policy", "{"),
    "campaigns: none of ours": lambda redis: redis.zadd("callsched:campaigns", {"banana": 1}),
}


@pytest.mark.parametrize("name", [*NOTHING, *RUBBISH, *KEYS])
def test_no_look_ends_in_a_traceback(
    redis: Redis, private_url: str, forks: Forks, tmp_path: Path, name: str
) -> None:
    ledger = Ledger(private_url)
    ledger.open()
    books = Books(ledger, redis)
    books.campaign(4)
    books.connected()
    books.connected()
    ledger.close()
    (NOTHING | RUBBISH | KEYS)[name](redis)

    env = environment(private_url, tmp_path)
    ended = call_each(forks, tmp_path, env, LOOKS)
    surprised = [
        (words, each.err[-200:])
        for words, each in ended.items()
        if any(unforeseen in each.err + each.out for unforeseen in UNFORESEEN)
    ]
    assert surprised == []
    told = {words: each for words, each in ended.items() if words[0] in OF_ALL}
    assert name in KEYS or {each.code for each in told.values()} == {0}, told
