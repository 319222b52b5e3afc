"""When somebody may be called: openings, wall time, the zone of a number, weeks, cron.

Campaigns, plans and the dialer call it. Its functions compute everything from their arguments: they
read no clock, no ledger and no file.
"""
