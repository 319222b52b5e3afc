"""What a campaign file says, and what is wrong with it.

Operations, plans and schedules call in. It knows neither the ledger nor a provider's client, and
nobody is called by it. Nothing is imported here: who needs the keys needs no reader of files.
"""
