"""What a server has answered to one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from requests.utils import get_encoding_from_headers
from urllib3.response import BaseHTTPResponse, HTTPResponse

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(slots=True)
class Answer:
    """An answer, whatever its status. The reader of `raw` decides how much of the body it takes."""

    status_code: int
    reason: str | None
    headers: Mapping[str, str]  #: their names may be asked for in any case
    raw: BaseHTTPResponse = field(default_factory=HTTPResponse)  #: what is left to read
    content: bytes = b""  #: the decoded body, once it was read

    @property
    def encoding(self) -> str | None:
        """The encoding that the headers name, or imply, for the body's text."""
        named: str | None = get_encoding_from_headers(self.headers)
        return named

    @property
    def text(self) -> str:
        """The body as text; what its encoding does not allow is replaced."""
        return self.content.decode(self.encoding or "utf-8", errors="replace")

    @property
    def is_redirect(self) -> bool:
        """Whether it names another place to ask at."""
        return self.status_code in _REDIRECTS and "Location" in self.headers
