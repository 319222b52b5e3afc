"""Twilio's Voice API: what is sent, how its answers are read, and what each of its codes means.

The registry takes the `Kind` from here. The folder knows no other API, no ledger and no campaign
file.
"""

from scheduler.providers.twilio.client import Twilio
from scheduler.providers.twilio.credentials import TwilioCredentials
from scheduler.providers.twilio.kind import TWILIO

__all__ = ["TWILIO", "Twilio", "TwilioCredentials"]
