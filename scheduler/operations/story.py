"""All that is known of one contact: its result, every rule, every attempt and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scheduler.hours.openings import whereabouts
from scheduler.ledger import insights, lateness, readable, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import Attempt
from scheduler.operations.explain import Explanation, explain


@dataclass(frozen=True, slots=True)
class Story:
    """A contact of a campaign: its result, the rules, and each attempt with its transcript."""

    view: CampaignView
    record: dict[str, Any]  #: its result
    explanation: Explanation
    attempts: list[dict[str, Any]]
    zone: str  #: its time zone, if only one is possible; else its own, or ""

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        explained = self.explanation.as_record()
        return self.record | {
            "row": self.explanation.row,
            "timezone": self.zone or None,
            "due_at": explained["due_at"],
            "next_at": explained["next_at"],
            "held": explained["held"],
            "rules": explained["rules"],
            "history": self.attempts,
        }


def story_of(ledger: Ledger, view: CampaignView, who: str) -> Story:
    """Return all that is known of a contact, named by id, number, address or `#row`.

    Raises LedgerError. Asks no provider.
    """
    view.expect_kept()
    explanation = explain(ledger, view.campaign_id, who)
    record = views.result(ledger, view.campaign_id, explanation.row)
    contact = explanation.contact
    zones = whereabouts(contact, view.policy).zones
    return Story(
        view,
        record,
        explanation,
        _attempts(ledger, view.campaign_id, explanation),
        zones[0] if len(zones) == 1 else contact.timezone,
    )


def _attempts(ledger: Ledger, campaign_id: str, explanation: Explanation) -> list[dict[str, Any]]:
    attempts = explanation.call.attempts if explanation.call else ()
    names = [str(Attempt(campaign_id, explanation.row, each["number"])) for each in attempts]
    kept = insights.collected(ledger, names)
    return [attempt_of(each, collected) for each, collected in zip(attempts, kept, strict=True)]


#: Fields of an attempt: our name -> the ledger's.
_INSTANTS = {
    "begun_at": "begun_at",
    "started_at": "started_at",
    "answered_at": "answered_at",
    "deadline": "deadline",
    "ended_at": "over_at",
}
_TEXTS = {
    "disposition": "disposition",
    "reason": "reason",
    "stage": "stage",
    "answered_by": "answered_by",
    "caller_id": "caller_id",
    "connection_id": "connection_id",
    "conversation_id": "conversation_id",
    "price": "price",
    "error": "second_error",
    "late_cause": "end_late_why",
    "stop_error": "stop_error",
    "insights_error": "collect_error",
}


def attempt_of(known: dict[str, Any], collected: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the fields of an attempt that people need; not those for workers and providers."""
    is_erased = "erased" in known
    heard = collected or {}
    return {
        "number": known["number"],
        **{name: readable.instant(known.get(key)) for name, key in _INSTANTS.items()},
        "late_seconds": lateness.of_attempt(known),
        "stop_late_seconds": readable.instant(known.get("stop_late")),
        **{name: known.get(key) or None for name, key in _TEXTS.items()},
        "answers": known.get("answers", {}),
        "transcript": None if is_erased else heard.get("transcript"),
        "recordings": [] if is_erased else heard.get("recordings", []),
        "insights_erased": is_erased,
    }
