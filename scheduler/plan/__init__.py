"""What would happen: whom a campaign file would call, when, for how long; nobody is called.

The command line calls in. It knows campaigns and hours, and neither provider nor ledger.
"""
