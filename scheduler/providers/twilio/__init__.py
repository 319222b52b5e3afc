"""Twilio's Voice API: what is sent, how its answers are read, and what each of its codes means.

The registry takes its `Kind` from here. It knows no other API, no ledger and no campaign file.
"""
