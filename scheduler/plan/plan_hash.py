"""The hash of a plan: `run` and `submit` refuse a campaign whose hash has changed since."""

from __future__ import annotations

import codecs
import hashlib
import json

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.reading import Reading
from scheduler.models import Policy
from scheduler.records import encode_policy
from scheduler.settings import Settings

#: Hexadecimal digits of a plan's hash: 64 bits.
DIGITS = 16


def plan_hash(
    checked: CheckedCampaign,
    policy: Policy,
    settings: Settings,
    reading: Reading,
) -> str:
    """Return what stands for a plan: file, lists, policy, and the settings about whom and when.

    `policy` is the file's with what the command line overrides. The ceiling of the account is no
    part of it: it changes neither who is called, nor when one may be, nor for whom.
    """
    countries = checked.account.credentials.called_countries()
    parts = {
        "account": checked.account.name,
        "file": checked.digest,
        "lists": checked.lists_digest,
        "policy": encode_policy(policy),  # with the hours of the settings where the file has none
        "countries": ["ANY"] if countries is None else sorted(countries),
        "allowed": sorted(settings.allowed_numbers),
        "ceiling": settings.max_duration_ceiling,  # a row that asks for more is refused
        "first": reading.first,
        "encoding": codecs.lookup(reading.encoding).name,
        # The outcome of the check: another release may accept other numbers.
        "callable": checked.callable_count,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:DIGITS]
