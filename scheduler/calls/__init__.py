"""What happens to one call, from its claim to its end: dial, record, stop, collect, news.

A worker calls in, through `account.py`, which puts together what serves one account. It knows the
ledger and the provider's protocol, and neither Celery nor a file.
"""
