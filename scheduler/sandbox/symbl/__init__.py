"""How Symbl's telephony API and its neighbours behave, written from its documents.

It may know the sandbox's kit, and neither the sandbox of another API nor anything of ours.
"""

from __future__ import annotations

from scheduler.sandbox.symbl.app import create_app
from scheduler.sandbox.symbl.knobs import Knobs

__all__ = ["Knobs", "create_app"]
