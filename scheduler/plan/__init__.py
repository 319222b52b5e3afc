"""What would happen: whom a campaign file would call, when, for how long; nobody is called.

The command line calls in. It knows campaigns and hours, what an API would be asked, and no ledger.
"""
