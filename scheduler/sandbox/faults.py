"""The ways to answer badly that every sandbox has."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """A way to answer badly. A number is that status code, its body as the API writes errors."""

    SERVER_ERROR = "500"  #: done, and answered 500
    SERVER_ERROR_NOT_PLACED = "500_not_placed"
    RESET_AFTER = "reset_after"  #: done, then the TCP connection is reset
    RESET_BEFORE = "reset_before"
    HANG = "hang"  #: done, and never answered
    HTML = "html"  #: 200 with a page that some proxy might send
    CUT_BODY = "cut_body"  #: done, and the answer is shorter than its Content-Length
    REDIRECT = "redirect"  #: 302
    BAD_REQUEST = "400"
    UNAUTHORIZED = "401"
    PAYMENT_REQUIRED = "402"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    METHOD_NOT_ALLOWED = "405"
    GONE = "410"
    AT_LIMIT = "429"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"

    @property
    def acts(self) -> bool:
        """Whether what was asked is done all the same: the phone rings, the call is stopped."""
        return self in _ACTING

    @property
    def status(self) -> int:
        """The status of an answer that is an error; 0 for what is none."""
        number = self.value.removesuffix("_not_placed")
        return int(number) if number.isdecimal() else 0


_ACTING = {Fault.SERVER_ERROR, Fault.RESET_AFTER, Fault.HANG, Fault.CUT_BODY}
