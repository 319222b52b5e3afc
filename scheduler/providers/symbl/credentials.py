"""What opens an account at Symbl: the id and the secret of an application, or a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr

from scheduler.errors import ConfigError
from scheduler.fields import urls
from scheduler.fields.numbers import regions
from scheduler.providers.kind import Credentials
from scheduler.providers.secrets import can_be_sent, revealed
from scheduler.settings import Settings

COUNTRIES_SETTING = "CALLSCHED_SYMBL_COUNTRIES"


@dataclass(frozen=True, slots=True)
class Proof:
    """What opens the account in requests: id and secret, or a token from the settings."""

    base_url: str
    app_id: str = ""
    secret: str = field(default="", repr=False)
    given: str = field(default="", repr=False)


class SymblCredentials(Credentials):
    """An account at Symbl."""

    base_url: Annotated[str, AfterValidator(urls.base_url)] = Field(
        default="https://api.symbl.ai", description="where the telephony API answers"
    )
    app_id: str | None = Field(default=None, description="application id of the account")
    app_secret: SecretStr | None = Field(default=None, description="secret of the application")
    access_token: SecretStr | None = Field(
        default=None, description="an access token, instead of id and secret"
    )
    countries: tuple[str, ...] = Field(
        default=("US", "CA"),
        description="a list of ISO countries whose phone numbers the API calls: [US, CA]; or [any]",
    )
    number_format: Literal["plus", "digits"] = Field(
        default="plus", description="how phone numbers are sent: +12025550143, or digits only"
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the credentials of the CALLSCHED_SYMBL_… variables."""
        return cls(
            base_url=settings.symbl_base_url,
            app_id=settings.symbl_app_id,
            app_secret=settings.symbl_app_secret,
            access_token=settings.symbl_access_token,
            countries=settings.symbl_countries,
            number_format=settings.symbl_number_format,
        )

    @property
    def suffice(self) -> bool:
        """Whether they have id and secret, or a token."""
        return bool((self.app_id and self.app_secret) or self.access_token)

    @property
    def address(self) -> str:
        """The base URL of the API."""
        return self.base_url

    @property
    def identity(self) -> str:
        """The address, and the application if it is known."""
        return f"{self.base_url} {self.app_id or ''}"

    def called_countries(self) -> frozenset[str] | None:
        """Return the named countries; None for any. Raises ConfigError."""
        named = tuple(name.upper() for name in self.countries)
        if named == ("ANY",):
            return None
        unknown = [name for name in named if name not in regions()]
        if unknown or not named:
            got = f", got {unknown[0]}" if unknown else ""
            raise ConfigError(
                f"{COUNTRIES_SETTING}: expected ISO countries such as US,CA, or any{got}"
            )
        return frozenset(named)

    def proof(self) -> Proof:
        """Return id and secret, or the token. Raises ConfigError if they are missing."""
        app_id, secret = self.app_id or "", revealed(self.app_secret)
        if app_id and secret:
            return Proof(self.base_url, app_id, secret)
        given = revealed(self.access_token)
        if not given:
            raise ConfigError(
                "no credentials: set CALLSCHED_SYMBL_APP_ID and CALLSCHED_SYMBL_APP_SECRET,"
                " or CALLSCHED_SYMBL_ACCESS_TOKEN"
            )
        if not can_be_sent(given):
            raise ConfigError(
                "CALLSCHED_SYMBL_ACCESS_TOKEN: has characters that no HTTP header can carry"
            )
        return Proof(self.base_url, app_id, secret, given)
