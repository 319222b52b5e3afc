"""Callbacks: requests that a provider sends about a live call, and the URLs that they go to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, unquote

from scheduler.models import Attempt

#: The path of the public URL below which all callbacks go.
ROOT = "/callbacks"


class Topic(StrEnum):
    """The subject of a callback: the part of its path after the attempt."""

    STATUS = "status"  #: how far the call has come
    MACHINE = "machine"  #: who has answered
    WORDS = "words"  #: what is being said
    RECORDING = "recording"
    STEPS = "steps"  #: which keys were pressed; the answer says what the call does next


@dataclass(frozen=True, slots=True)
class CallbackPlace:
    """The callback URLs of one attempt."""

    public_url: str  #: without a slash at its end
    account: str
    attempt: Attempt

    def url(self, topic: Topic, *more: str) -> str:
        """Return the URL of a topic; `more` are further parts of its path."""
        parts = (self.account, str(self.attempt), topic, *more)
        return "/".join((self.public_url + ROOT, *(quote(part, safe=":") for part in parts)))

    def step_url(self, name: str, asked: int) -> str:
        """Return the URL for keys pressed at a gather that asks for the `asked`-th time."""
        return self.url(Topic.STEPS, name, str(asked))


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback as it came, not yet verified."""

    url: str  #: public URL, path and query, as the provider signs them; never the Host header
    headers: Mapping[str, str]  #: names in lower case
    body: bytes = field(repr=False)
    account: str
    attempt: Attempt
    topic: Topic
    step: str = ""  #: for STEPS, the gather's name
    asked: int = 1  #: for STEPS, how many times the gather has asked


def read_path(path: str) -> tuple[str, Attempt, Topic, str, int]:
    """Return account, attempt, topic, step and asking of a path. Raises ValueError for others."""
    if not path.startswith(ROOT + "/"):
        raise ValueError("no path of a callback")
    account, attempt, topic, *more = map(unquote, path[len(ROOT) + 1 :].split("/"))
    known = Topic(topic)
    if len(more) != (2 if known is Topic.STEPS else 0):
        raise ValueError("no path of a callback")
    step, asked = (more[0], int(more[1])) if more else ("", 1)
    return account, Attempt.parse(attempt), known, step, asked


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a callback."""

    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of a call that a provider keeps."""

    recording_id: str
    duration_seconds: float | None = None
    channels: int = 1
    is_complete: bool = False  #: it can be downloaded


@dataclass(frozen=True, slots=True)
class Erased:
    """What a provider has deleted, and what it keeps."""

    recordings: int = 0
    kept: str = ""  #: in words, such as "metadata of recordings for 40 days"


@dataclass(frozen=True, slots=True)
class CallbackAddress:
    """The address to which an account's provider sends callbacks."""

    public_url: str  #: without a slash at its end
    #: True for a local address that no setting names, at which a provider on this machine reaches
    #: callsched: only calls that need callbacks get it.
    only_where_used: bool = False

    def is_told(self, *, is_used: bool) -> bool:
        """Whether a call gets callbacks; `is_used`: it needs them."""
        return is_used or not self.only_where_used

    def place(self, account: str, attempt: Attempt, *, is_used: bool) -> CallbackPlace | None:
        """Return an attempt's callback URLs; None: it gets no callbacks."""
        if not self.is_told(is_used=is_used):
            return None
        return CallbackPlace(self.public_url, account, attempt)
