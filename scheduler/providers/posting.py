"""Tells somebody else's server something: one signed message, once."""

from __future__ import annotations

from datetime import datetime

from standardwebhooks.webhooks import Webhook as Signer

from scheduler.errors import ConfigError, ProviderError
from scheduler.providers.http import Line

#: All that a receiver has to take a message and to say so, in wall time.
POST_SECONDS = 10.0

#: A receiver that says so wants no more messages (Standard Webhooks, "Operational considerations").
GONE = 410


class Poster:
    """Signs as Standard Webhooks says (https://www.standardwebhooks.com), and sends."""

    def __init__(self, secret: str) -> None:
        """Raises ConfigError when the secret is none: `whsec_` and base64."""
        self._line = Line()
        try:
            self._signer = Signer(secret)
        except Exception:
            raise ConfigError(
                "CALLSCHED_WEBHOOK_SECRET: expected whsec_ and base64;"
                ' make one with: echo "whsec_$(openssl rand -base64 32)"'
            ) from None

    def post(self, url: str, message_id: str, at: datetime, body: bytes) -> int:
        """Send a message; returns the status. 0 says that none came: it may be sent again.

        What else the receiver answers is not read.
        """
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(message_id, at, body.decode()),
        }
        try:
            answer = self._line.send(
                "POST", url, seconds=POST_SECONDS, written=body, headers=headers, most_bytes=0
            )
        except ProviderError:
            return 0
        return answer.status_code
