"""Requests that a provider makes of us while a call lives: where they go, and what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, unquote

from scheduler.models import Attempt

#: All of them go below this path of the public URL.
ROOT = "/callbacks"


class Topic(StrEnum):
    """What a request is about: the part of its path behind the attempt."""

    STATUS = "status"  #: how far the call has come
    MACHINE = "machine"  #: who has answered
    WORDS = "words"  #: what is being said
    RECORDING = "recording"
    STEPS = "steps"  #: which keys were pressed; it is answered by what the call does next


@dataclass(frozen=True, slots=True)
class CallbackPlace:
    """Where a provider tells of one attempt."""

    public_url: str  #: without a slash at its end
    account: str
    attempt: Attempt

    def url(self, topic: Topic, *more: str) -> str:
        """Return the URL of a topic; `more` are further parts of its path."""
        parts = (self.account, str(self.attempt), topic, *more)
        return "/".join((self.public_url + ROOT, *(quote(part, safe=":") for part in parts)))

    def step_url(self, name: str, asked: int) -> str:
        """Return where the keys go that are pressed at a gather, the `asked`-th time."""
        return self.url(Topic.STEPS, name, str(asked))


@dataclass(frozen=True, slots=True)
class Callback:
    """A request of a provider's, as it came."""

    url: str  #: as the provider called it: the public URL, path and query; never the Host header
    headers: Mapping[str, str]  #: names in lower case
    body: bytes = field(repr=False)
    account: str
    attempt: Attempt
    topic: Topic
    step: str = ""  #: of STEPS: the gather's name
    asked: int = 1  #: of STEPS: which asking it was


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
    """What a request is answered with."""

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
    """What was deleted at a provider, and what it says that it keeps."""

    recordings: int = 0
    kept: str = ""  #: in words, such as "metadata of recordings for 40 days"


@dataclass(frozen=True, slots=True)
class CallbackAddress:
    """Where the provider of an account reaches us."""

    public_url: str  #: without a slash at its end
    #: Nobody has said it: it is this machine's, for a provider on this machine, and only calls that
    #: make use of it name it.
    only_where_used: bool = False

    def is_told(self, *, is_used: bool) -> bool:
        """Whether a provider tells of a call that makes use of it, or that does not."""
        return is_used or not self.only_where_used

    def place(self, account: str, attempt: Attempt, *, is_used: bool) -> CallbackPlace | None:
        """Return where an attempt's provider tells of it; None when it tells nothing."""
        if not self.is_told(is_used=is_used):
            return None
        return CallbackPlace(self.public_url, account, attempt)
