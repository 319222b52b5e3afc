"""What answers over HTTP for a whole ledger: API, console, providers. No worker is needed for it.

Nobody calls in but `python -m scheduler.web`, which `callsched web` and `run` start. It calls
`operations/`, and hands what providers tell to `calls/callbacks.py`; it never dials.
"""
