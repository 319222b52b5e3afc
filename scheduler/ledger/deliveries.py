"""The messages about calls and campaigns that webhooks are still owed."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, Event, Webhook
from scheduler.records import decode_policy

#: If a sender dies, its message is sent again after this long at the soonest; a sending is shorter.
SENDER_LEASE_SECONDS = 30.0

#: Delays between the sendings of a message that a webhook does not accept, in seconds; after the
#: last it is given up. As Standard Webhooks recommends, about three days in all.
SENDING_DELAYS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message about one event that one webhook is owed."""

    text: str  #: as the ledger has it: "{webhook's number} {event} {attempt or campaign} {count}"
    event: Event
    campaign_id: str
    attempt: Attempt | None  #: None if it is about a campaign
    sendings: int  #: how often a worker has taken it, this time included
    webhook: Webhook | None  #: None if its campaign has no webhook of this number

    @property
    def is_last_sending(self) -> bool:
        """Whether it is given up if this sending fails."""
        return self.sendings > len(SENDING_DELAYS)

    @property
    def is_used_up(self) -> bool:
        """Whether its last sending was taken before, and its sender died without a result."""
        return self.sendings > len(SENDING_DELAYS) + 1

    @property
    def message_id(self) -> str:
        """The same id for each sending, so that a receiver can recognise a repeated message."""
        return self.text.replace(" ", ".")


def take(ledger: Ledger, account: str, now: float | None = None) -> Delivery | None:
    """Take a message that is due to be sent; None if there is none.

    It counts as sent from now on, and falls due again as if the webhook had refused it: so a
    receiver whose answers kill our workers gets no more requests than one that refuses.
    """
    leases = [max(SENDER_LEASE_SECONDS, delay) for delay in SENDING_DELAYS]
    found = ledger.run(ledger.do.take_news, account, ledger.clock(now), *leases)
    if not found:
        return None
    text, sendings, *policy = found
    number, event, which, _ = text.split(" ")
    attempt = Attempt.parse(which) if event == Event.CALL_ENDED else None
    webhooks = decode_policy(policy[0]).webhooks if policy and policy[0] else ()
    known = int(number) <= len(webhooks)
    return Delivery(
        text=text,
        event=Event(event),
        campaign_id=attempt.campaign_id if attempt else which,
        attempt=attempt,
        sendings=int(sendings),
        webhook=webhooks[int(number) - 1] if known else None,
    )


def delivered(ledger: Ledger, account: str, news: Delivery, *, delivered: bool) -> bool:
    """Record that a message was delivered, or else given up; False if it was owed no more."""
    fate = "delivered" if delivered else "given_up"
    return bool(ledger.run(ledger.do.note_delivery, account, news.text, fate, 0, ""))


def postpone(
    ledger: Ledger, account: str, news: Delivery, delay_seconds: float, now: float | None = None
) -> bool:
    """Send a message again after the delay; False if it is owed no more."""
    return bool(
        ledger.run(
            ledger.do.note_delivery, account, news.text, "", delay_seconds, ledger.clock(now)
        )
    )


def owed(ledger: Ledger, account: str, campaign_id: str = "") -> int:
    """Return how many messages are still to be sent, of one campaign or of all."""
    key = keys.account(account, "webhooks")
    with reaching():
        if not campaign_id:
            return int(ledger.redis.zcard(key))
        owed = ledger.redis.zrange(key, 0, -1)
    return sum(_is_of(campaign_id, text) for text in owed)


def _is_of(campaign_id: str, text: str) -> bool:
    which = text.split(" ")[2]
    return which == campaign_id or which.rsplit(":", 2)[0] == campaign_id
