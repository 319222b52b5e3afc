"""A local server that behaves as Symbl's telephony API does, and writes down what it was asked.

`callsched sandbox`, `run --sandbox` and the tests start it; everybody else speaks HTTP with it. It
imports nothing of the scheduler, so it cannot agree with the scheduler's bugs.
"""

from __future__ import annotations

from scheduler.sandbox.server import serve
from scheduler.sandbox.symbl.knobs import Fault, Knobs

__all__ = ["Fault", "Knobs", "serve"]
