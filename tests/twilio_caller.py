"""Somebody who speaks to Twilio's sandbox without any of ours, for tests."""

from __future__ import annotations

from typing import Any

import requests

from tests.waiting import wait_until

ACCOUNT = "AC" + "0123456789abcdef" * 2
CALLER = "+15005550006"
ANYBODY = "+12025550143"
#: What a call does that goes on until it is ended.
ENDLESS = '<Response><Pause length="3600"/></Response>'


class Caller:
    """Speaks to the API with forms; the account's token is any."""

    def __init__(self, url: str, account: str = ACCOUNT, password: str = "token") -> None:
        self.url = url
        self.account = account
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = (account, password)

    @property
    def calls(self) -> str:
        """The path of the account's calls, without `.json`."""
        return f"/2010-04-01/Accounts/{self.account}/Calls"

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {"timeout": 20, "allow_redirects": False} | options
        return self.session.request(method, self.url + path, **options)

    def start(self, to: str = ANYBODY, **fields: object) -> requests.Response:
        """Start a call that goes on until it is ended, unless the fields say otherwise."""
        form = {"To": to, "From": CALLER, "TimeLimit": 900, "Twiml": ENDLESS} | fields
        return self.request("POST", self.calls + ".json", data=_filled(form))

    def started(self, to: str = ANYBODY, **fields: object) -> str:
        """Start a call; return its sid."""
        answer = self.start(to, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    def post(self, sid: str, **fields: object) -> requests.Response:
        return self.request("POST", f"{self.calls}/{sid}.json", data=_filled(fields))

    def stop(self, sid: str, status: str = "completed") -> requests.Response:
        return self.post(sid, Status=status)

    def read(self, sid: str) -> dict[str, Any]:
        answer = self.request("GET", f"{self.calls}/{sid}.json")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def status(self, sid: str) -> str:
        return str(self.read(sid)["status"])

    def page(self, **filters: object) -> dict[str, Any]:
        """One page. `StartTime>` is written `StartTime__after`, `StartTime<` is `…__before`."""
        query = {n.replace("__after", ">").replace("__before", "<"): v for n, v in filters.items()}
        answer = self.request("GET", self.calls + ".json", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def sids(self, **filters: object) -> list[str]:
        return [call["sid"] for call in self.page(**filters)["calls"]]

    def codes(self, sid: str) -> list[int]:
        """The error codes that were noted about a call."""
        answer = self.request("GET", f"{self.calls}/{sid}/Notifications.json")
        return [int(noted["error_code"]) for noted in answer.json()["notifications"]]

    def wait(self, sid: str, *statuses: str) -> dict[str, Any]:
        """Read a call until it has one of these statuses."""
        wait_until(lambda: self.status(sid) in statuses)
        return self.read(sid)


def code(answer: requests.Response) -> tuple[int, int]:
    """The status and the error code of a refusal."""
    return answer.status_code, answer.json()["code"]


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
