"""The plain way to do it, as a peer: one Celery task for each number.

A task starts its call, waits out a 429 with tenacity, and leaves a stop with a countdown. That is
what one writes first; it is measured beside us, against the same sandbox.

    celery -A peer worker          (by benchmarks/efficiency.py, with PEER_* in the environment)
"""

from __future__ import annotations

import os

import requests
from celery import Celery
from requests import HTTPError, Response
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

app = Celery("peer", broker=os.environ.get("PEER_REDIS", "redis://127.0.0.1:1/0"))
app.conf.task_acks_late = True
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1
app.conf.worker_pool = "threads"
app.conf.worker_concurrency = int(os.environ.get("PEER_THREADS", "50"))

BASE_URL = os.environ.get("PEER_BASE_URL", "")
SECONDS = float(os.environ.get("PEER_SECONDS", "3"))


class TooMany(HTTPError):
    """429."""


def _connect(body: dict[str, object]) -> Response:
    token = os.environ["PEER_TOKEN"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(
        f"{BASE_URL}/v1/endpoint:connect", json=body, headers=headers, timeout=15
    )
    if answer.status_code == 429:
        raise TooMany(answer.text)
    answer.raise_for_status()
    return answer


@retry(
    retry=retry_if_exception_type(TooMany),
    wait=wait_random_exponential(multiplier=1, max=60),
    stop=stop_after_attempt(100),
)
def _start(number: str) -> str:
    endpoint = {"type": "pstn", "phoneNumber": number}
    connection_id: str = _connect({"operation": "start", "endpoint": endpoint}).json()[
        "connectionId"
    ]
    return connection_id


@app.task
def call(number: str) -> None:
    """Dial a number, and leave its stop to a countdown."""
    stop.apply_async((_start(number),), countdown=SECONDS)


@app.task(autoretry_for=(HTTPError,), retry_backoff=True)
def stop(connection_id: str) -> None:
    """Stop a call."""
    _connect({"operation": "stop", "connectionId": connection_id})
