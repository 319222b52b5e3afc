"""What becomes of a secret between where it was set and the header that carries it."""

from __future__ import annotations

from pydantic import SecretStr


def revealed(secret: SecretStr | None) -> str:
    """Return a secret without the line break of the file that it may have been read from."""
    return secret.get_secret_value().strip() if secret is not None else ""


def can_be_sent(token: str) -> bool:
    """Whether an HTTP header can carry it."""
    return token != "" and token.isascii() and token.isprintable()
