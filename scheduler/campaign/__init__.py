"""What a campaign file says, and what is wrong with it.

Operations, plans and schedules call in. It knows neither the ledger nor a provider's client, and
calls nobody. This file imports nothing, so that users of the keys load no reader of files.
"""
