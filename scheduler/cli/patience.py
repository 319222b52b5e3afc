"""How a command asks the API for many things: a 429 is waited out, here nothing else is due."""

from __future__ import annotations

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from scheduler.errors import AtLimit

#: Of many requests at once, some may be too many.
patiently = Retrying(
    retry=retry_if_exception_type(AtLimit),
    wait=wait_random_exponential(multiplier=0.5, max=8),
    stop=stop_after_attempt(6),
    reraise=True,
)
