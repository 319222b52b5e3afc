"""How Twilio's Voice API behaves, written from its documents and its OpenAPI description.

It may know the sandbox's kit, and neither the sandbox of another API nor anything of ours.
"""

from __future__ import annotations

from scheduler.sandbox.twilio.app import create_app
from scheduler.sandbox.twilio.knobs import Knobs

__all__ = ["Knobs", "create_app"]
