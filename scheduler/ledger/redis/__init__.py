"""How we reach Redis: URLs, connections, the private server, and Celery's broker.

The ledger calls in, and processes as they start. It knows no verb and no call.
"""
