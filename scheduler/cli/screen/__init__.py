"""The full screen of `callsched watch`: what it looks at, how it draws that, and what keys do.

`cli/watch.py` calls in. It knows the ledger's views, and neither the provider nor how a call goes.
"""
