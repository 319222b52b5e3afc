"""What Redis holds, and the only place that imports redis: one module a noun, one script a verb.

Everybody above calls in, by the noun: `calls.begin(ledger, …)`, `campaigns.halt(ledger, …)`. It
knows neither provider nor file.
"""
