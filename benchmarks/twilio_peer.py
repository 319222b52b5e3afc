"""The plain way to call through Twilio, as a peer: one Celery task for each number.

A task starts its call with a `TimeLimit`, waits out a 429 and error 10004 with tenacity, and reads
its call every 2 s until it is over. It is measured beside us, against the same sandbox.

    celery -A twilio_peer worker       (by benchmarks/twilio.py, with PEER_* in the environment)
"""

from __future__ import annotations

import os
import time
from typing import Any

import requests
from celery import Celery
from requests import HTTPError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

app = Celery("peer", broker=os.environ.get("PEER_REDIS", "redis://127.0.0.1:1/0"))
app.conf.task_acks_late = True
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1
app.conf.worker_pool = "threads"
app.conf.worker_concurrency = int(os.environ.get("PEER_THREADS", "50"))

ACCOUNT = os.environ.get("PEER_ACCOUNT", "")
CALLS = f"{os.environ.get('PEER_BASE_URL', '')}/2010-04-01/Accounts/{ACCOUNT}/Calls"
FORM = {
    "From": os.environ.get("PEER_CALLER", ""),
    "Twiml": os.environ.get("PEER_TWIML", ""),
    "TimeLimit": os.environ.get("PEER_TIME_LIMIT", "75"),
    "Timeout": "30",
}
OVER = ("completed", "busy", "failed", "no-answer", "canceled")
LOOK_SECONDS = 2.0


class TooMany(HTTPError):
    """429, or error 10004."""


@retry(
    retry=retry_if_exception_type(TooMany),
    wait=wait_random_exponential(multiplier=1, max=60),
    stop=stop_after_attempt(100),
)
def _ask(method: str, place: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    answer = requests.request(method, place, data=form, auth=(ACCOUNT, "benchmark"), timeout=15)
    if answer.status_code == 429 or (not answer.ok and answer.json().get("code") == 10004):
        raise TooMany(answer.text)
    answer.raise_for_status()
    return dict(answer.json())


@app.task
def call(number: str) -> None:
    """Dial a number, and wait until its call is over."""
    sid = _ask("POST", f"{CALLS}.json", {"To": number, **FORM})["sid"]
    while _ask("GET", f"{CALLS}/{sid}.json")["status"] not in OVER:
        time.sleep(LOOK_SECONDS)
