"""Signs webhook messages, and sends each once."""

from __future__ import annotations

from datetime import datetime

from standardwebhooks.webhooks import Webhook as Signer

from scheduler.errors import ConfigError, ProviderError
from scheduler.providers.http import Line

#: Wall time within which a receiver has to accept a message.
POST_SECONDS = 10.0

#: A receiver that answers 410 wants no more messages (Standard Webhooks, "Operational
#: considerations").
GONE = 410


class Poster:
    """Signs as Standard Webhooks says (https://www.standardwebhooks.com), and sends."""

    def __init__(self, secret: str) -> None:
        """Raises ConfigError for a malformed secret: it is `whsec_` and base64."""
        self._line = Line()
        try:
            self._signer = Signer(secret)
        except Exception:
            raise ConfigError(
                "CALLSCHED_WEBHOOK_SECRET: expected whsec_ and base64;"
                ' make one with: echo "whsec_$(openssl rand -base64 32)"'
            ) from None

    def post(self, url: str, message_id: str, at: datetime, body: bytes) -> int:
        """Send a message; return the HTTP status, 0 without an answer: it may be sent again.

        The body of the answer is not read.
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
