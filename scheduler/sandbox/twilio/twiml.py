"""TwiML as the speaker reads it: verbs in their order.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

#: The most that a start may bring along.
MOST_LETTERS = 4000

VERBS = frozenset(
    (
        *("Say", "Play", "Pause", "Record", "Dial", "Hangup", "Gather", "Reject", "Redirect"),
        *("Start", "Stop", "Connect", "Enqueue", "Leave", "Pay", "Prompt", "Refer", "Sms"),
        *("Echo", "Queue"),
    )
)


class NoTwiml(ValueError):
    """A text is no TwiML document."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One element of a document."""

    name: str
    attributes: dict[str, str]
    text: str
    inside: tuple[Verb, ...]

    def number(self, name: str, otherwise: float) -> float:
        """An attribute that is a number of its own kind; the other one if it is none."""
        try:
            return max(0.0, float(self.attributes.get(name, otherwise)))
        except ValueError:
            return otherwise


def read(document: str) -> tuple[Verb, ...]:
    """The verbs of a document. Raises NoTwiml."""
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise NoTwiml(str(error)) from error
    if root.tag != "Response":
        raise NoTwiml("the root is no Response")
    return tuple(map(_verb, root))


def _verb(element: ElementTree.Element) -> Verb:
    text = " ".join("".join(element.itertext()).split())
    return Verb(element.tag, dict(element.attrib), text, tuple(map(_verb, element)))
