"""What happens to one call, from its claim to its end: dial, stop, collect, and what closings mean.

A worker calls in. It knows the ledger and the provider's protocol, and neither Celery nor a file.
"""
