"""What opens an account at Twilio: its SID, and its Auth Token or an API key.

callsched sends requests with the key if there is one, because an operator can revoke a key alone.
Twilio always signs callbacks with the Auth Token. See
https://www.twilio.com/docs/usage/requests-to-twilio and https://www.twilio.com/docs/iam/api-keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr

from scheduler.errors import ConfigError
from scheduler.fields import urls
from scheduler.fields.variables import PREFIX
from scheduler.providers.kind import Credentials
from scheduler.providers.secrets import can_be_sent, revealed
from scheduler.settings import Settings

_SID = r"[0-9a-fA-F]{32}"
_HEXADECIMAL = "32 hexadecimal digits"


@dataclass(frozen=True, slots=True)
class Proof:
    """What an account proves itself with, in each request."""

    base_url: str
    account_sid: str
    user: str  #: the account's SID, or that of a key
    password: str = field(repr=False)


class TwilioCredentials(Credentials):
    """An account at Twilio."""

    base_url: Annotated[str, AfterValidator(urls.base_url)] = Field(
        default="https://api.twilio.com", description="where the Voice API answers"
    )
    account_sid: str | None = Field(default=None, description="the account: AC…")
    auth_token: SecretStr | None = Field(default=None, description="its Auth Token")
    api_key: str | None = Field(default=None, description="an API key: SK…")
    api_secret: SecretStr | None = Field(default=None, description="secret of the API key")
    intelligence_url: Annotated[str, AfterValidator(urls.base_url)] = Field(
        default="https://intelligence.twilio.com", description="where transcripts are made"
    )
    intelligence_service: str | None = Field(
        default=None, description="the service that makes transcripts: GA…"
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the credentials of the CALLSCHED_TWILIO_… variables, or of Twilio's own."""
        return cls(
            base_url=settings.twilio_base_url,
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token,
            api_key=settings.twilio_api_key,
            api_secret=settings.twilio_api_secret,
            intelligence_url=settings.twilio_intelligence_url,
            intelligence_service=settings.twilio_intelligence_service,
        )

    @property
    def suffice(self) -> bool:
        """Whether they have an account, and its token or a key with its secret."""
        return bool(self.account_sid and (self.auth_token or (self.api_key and self.api_secret)))

    @property
    def address(self) -> str:
        """The base URL of the API."""
        return self.base_url

    @property
    def identity(self) -> str:
        """The address and the account, but not its keys, which may change."""
        return f"{self.base_url} {self.account_sid or ''}"

    def called_countries(self) -> frozenset[str] | None:
        """Return None: Twilio's console has the setting for the countries that an account calls."""
        return None

    def proof(self) -> Proof:
        """Return the SID and secret for requests. Raises ConfigError if they are missing."""
        sid, key = (self.account_sid or "").strip(), (self.api_key or "").strip()
        token, secret = revealed(self.auth_token), revealed(self.api_secret)
        if not sid:
            raise ConfigError(
                f"no credentials: set {PREFIX}TWILIO_ACCOUNT_SID and {PREFIX}TWILIO_AUTH_TOKEN,"
                f" or an API key ({PREFIX}TWILIO_API_KEY and {PREFIX}TWILIO_API_SECRET) instead of"
                " the token; Twilio's own names without CALLSCHED_ do as well"
            )
        _expect_sid("TWILIO_ACCOUNT_SID", sid, "AC")
        if self.intelligence_service:
            _expect_sid("TWILIO_INTELLIGENCE_SERVICE", self.intelligence_service.strip(), "GA")
        if bool(key) != bool(secret):
            missing, given = ("SECRET", "KEY") if key else ("KEY", "SECRET")
            raise ConfigError(
                f"{PREFIX}TWILIO_API_{missing} is missing: {PREFIX}TWILIO_API_{given} is set, and"
                " the two belong together"
            )
        if key:
            _expect_sid("TWILIO_API_KEY", key, "SK")
            return Proof(self.base_url, sid, key, _sendable("TWILIO_API_SECRET", secret))
        if not token:
            raise ConfigError(
                f"{PREFIX}TWILIO_ACCOUNT_SID is set: set {PREFIX}TWILIO_AUTH_TOKEN as well,"
                f" or {PREFIX}TWILIO_API_KEY and {PREFIX}TWILIO_API_SECRET"
            )
        return Proof(self.base_url, sid, sid, _sendable("TWILIO_AUTH_TOKEN", token))


def _expect_sid(name: str, value: str, letters: str) -> None:
    """Raise ConfigError for a malformed SID, without the value: it may be a secret."""
    if re.fullmatch(letters + _SID, value):
        return
    got = ""
    if letters == "AC" and re.fullmatch("SK" + _SID, value):
        got = f", got an API key, which belongs into {PREFIX}TWILIO_API_KEY"
    raise ConfigError(f"{PREFIX}{name}: expected {letters} and {_HEXADECIMAL}{got}")


def _sendable(name: str, secret: str) -> str:
    """Return a secret that an HTTP header can carry. Raises ConfigError for others."""
    if not can_be_sent(secret):
        raise ConfigError(f"{PREFIX}{name}: has characters that no HTTP header can carry")
    return secret
