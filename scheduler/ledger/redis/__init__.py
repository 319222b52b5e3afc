"""How we reach Redis: URL, connections, the private server, the broker that a worker outlives.

The ledger and the process that starts call in. It knows no verb and no call.
"""
