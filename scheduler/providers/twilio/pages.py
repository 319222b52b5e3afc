"""The URLs of calls, their lists, and their recordings.

See https://www.twilio.com/docs/voice/api/call-resource and its "Paging": `next_page_uri` is
followed, pages are never counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from scheduler.errors import MaybeDone, Refused

#: The most that one page has.
PAGE = 1000

_QUERY = re.compile(r"[?][!-~]*")


class Places:
    """The addresses of one account."""

    def __init__(self, base_url: str, account_sid: str) -> None:
        self._base_url = base_url
        account = f"/2010-04-01/Accounts/{quote(account_sid, safe='')}"
        self._path = f"{account}/Calls"
        self._recordings = f"{base_url}{account}/Recordings"

    @property
    def calls(self) -> str:
        """Where calls are started."""
        return f"{self._base_url}{self._path}.json"

    def call(self, connection_id: str) -> str:
        """Return where one call is read and changed."""
        return f"{self._base_url}{self._path}/{quote(connection_id, safe='')}.json"

    def notifications(self, connection_id: str) -> str:
        """Return where the API says what went wrong with a call."""
        name = quote(connection_id, safe="")
        return f"{self._base_url}{self._path}/{name}/Notifications.json"

    def recordings(self, connection_id: str) -> str:
        """Return where the recordings of a call are listed."""
        return f"{self._base_url}{self._recordings_path(connection_id)}?PageSize={PAGE}"

    def recording(self, recording_id: str) -> str:
        """Return where one recording is deleted."""
        return f"{self._recordings}/{quote(recording_id, safe='')}.json"

    def sound(self, recording_id: str) -> str:
        """Return where the sound of a recording is, with as many channels as it has."""
        return f"{self._recordings}/{quote(recording_id, safe='')}.wav"

    def elsewhere(self, url: str, given: str) -> str:
        """Return the absolute URL of a redirect.

        Raises Refused if it leads to another server, which gets no credentials and is not trusted.
        """
        try:
            there = urljoin(url, given)
            is_ours = _origin(there) == _origin(self._base_url)
        except ValueError:
            is_ours = False
        if not is_ours:
            raise Refused(
                "it is kept at an address that is not the API's, such as a storage of the"
                " account's own: fetch it there"
            )
        return there

    def _recordings_path(self, connection_id: str) -> str:
        return f"{self._path}/{quote(connection_id, safe='')}/Recordings.json"

    def listed(self, filters: Mapping[str, str]) -> str:
        """Return where the calls are listed that pass all of these filters."""
        return f"{self.calls}?{urlencode({**filters, 'PageSize': PAGE})}"

    def next_page(self, body: Mapping[str, Any], of_recordings: str = "") -> str | None:
        """Return the URL of a list's next page; None at its end.

        The list is that of calls, or of the recordings of call `of_recordings`. Raises MaybeDone
        for a URL elsewhere: an answer could name any server, which must not get credentials.
        """
        given = body.get("next_page_uri")
        if not given:
            return None
        here = self._recordings_path(of_recordings) if of_recordings else f"{self._path}.json"
        path = given.removeprefix(self._base_url) if isinstance(given, str) else ""
        if path.startswith(here) and _QUERY.fullmatch(path.removeprefix(here)):
            return self._base_url + path
        raise MaybeDone("a list goes on at an address that is not the account's")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def written(at: float) -> str:
    """Return an instant as the filters take it, in whole seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(at: float) -> str:
    """Return the day of an instant: Twilio's filters surely support days, perhaps not hours."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT00:00:00Z")
