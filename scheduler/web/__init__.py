"""What answers over HTTP for a whole ledger: providers that call back. No worker is needed for it.

Nobody calls in but `python -m scheduler.web`, which `callsched web` and `run` start. It hands each
request to `calls/callbacks.py`, never dials, and asks no provider anything.
"""
