"""Prepares secrets for the HTTP headers that carry them."""

from __future__ import annotations

from pydantic import SecretStr


def revealed(secret: SecretStr | None) -> str:
    """Return a secret's value, without the line break at the end of a secrets file."""
    return secret.get_secret_value().strip() if secret is not None else ""


def can_be_sent(token: str) -> bool:
    """Whether an HTTP header can carry it."""
    return token != "" and token.isascii() and token.isprintable()
