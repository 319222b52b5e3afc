"""A local server that behaves as Symbl's telephony API does, and writes down what it was asked.

It imports nothing of the scheduler, so it cannot agree with the scheduler's bugs.
"""

from __future__ import annotations

from scheduler.sandbox.knobs import Fault, Knobs
from scheduler.sandbox.server import serve

__all__ = ["Fault", "Knobs", "serve"]
