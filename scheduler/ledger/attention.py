"""Which campaigns may need a person: found without reading any of their calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.models import CampaignState, Disposition, Reason, label_of

#: How many campaigns to look at in one step of Redis, which takes a millisecond or two.
_PAGE = 500

_PLACED = f"{Disposition.UNKNOWN}:{Reason.PLACED}"

_BY_THE_ROW = (
    Reason.INVALID_NUMBER,
    Reason.INVALID_ROW,
    Reason.EMERGENCY_NUMBER,
    Reason.SHORT_NUMBER,
    Reason.PREMIUM_NUMBER,
    Reason.UNSUPPORTED_COUNTRY,
    Reason.UNKNOWN_TIMEZONE,
)
#: Rows and calls that come to nothing however long one waits: the row can't be called, or the
#: provider refused the call.
_REFUSED = (Disposition.REJECTED, *(f"{Disposition.SKIPPED}:{reason}" for reason in _BY_THE_ROW))


@dataclass(frozen=True, slots=True)
class CampaignInNeed:
    """A campaign that may need a person."""

    campaign_id: str
    created_at: float
    account: str
    name: str
    state: str
    total: int
    stopped_itself: str  #: why; "" if it did not
    #: Whether it may have calls that wait to be dialled again after a start whose answer was lost.
    may_redial: bool
    open: int  #: unknown calls on which there is no verdict yet
    settled: int  #: unknown calls that were placed, as a conversation or an operator says
    refused: int  #: rows that can't be called, and calls that the provider refused

    @property
    def place(self) -> tuple[float, str]:
        """Its sort key; the newest campaign has the greatest."""
        return self.created_at, self.campaign_id


def campaigns(ledger: Ledger) -> list[CampaignInNeed]:
    """Return the campaigns that may need a person, the newest first."""
    found: list[CampaignInNeed] = []
    at = 0
    while True:
        seen, *some = ledger.run(ledger.do.attention, at, _PAGE, *_REFUSED)
        found += map(_read, some)
        at += _PAGE
        if int(seen) < _PAGE:
            return found


def _read(fields: list[object]) -> CampaignInNeed:
    campaign_id, created_at, account, name, state, total, why, waits, counted = fields
    assert isinstance(counted, list)
    counts: Counter[str] = Counter()
    for label, count in zip(counted[::2], counted[1::2], strict=True):
        counts[label_of(label)] += keys.count_of(count)
    unknown = sum(n for label, n in counts.items() if label.startswith(Disposition.UNKNOWN))
    return CampaignInNeed(
        campaign_id=str(campaign_id),
        created_at=float(str(created_at)),
        account=str(account),
        name=str(name),
        state=str(state),
        total=keys.count_of(str(total)),
        stopped_itself=str(why) if state == CampaignState.PAUSED else "",
        may_redial=waits == "1",
        open=unknown - counts[_PLACED],
        settled=counts[_PLACED],
        refused=sum(counts[label] for label in _REFUSED),
    )
