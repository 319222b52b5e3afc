"""When somebody may be called: openings, wall time, the zone of a number, weeks, cron.

Campaigns, plans and the dialer call in. All of it is computed from what is given: it knows neither
clock nor ledger nor file.
"""
