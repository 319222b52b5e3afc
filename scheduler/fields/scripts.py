"""Fills a script for one contact: its texts, and the numbers that it transfers to.

The check of a file, `plan` and the dialer use the same function: what `plan` shows is what the call
says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from scheduler.fields import texts
from scheduler.fields.numbers import e164
from scheduler.fields.services import NotCalled
from scheduler.fields.sip import sip_uri
from scheduler.fields.steps import NAMES, speech, voice_name
from scheduler.fields.templates import compiled, is_template
from scheduler.models import Contact, OnMachine, Policy
from scheduler.script import Gather, Pause, Play, Record, Say, Script, Step, Transfer

#: Words a second of synthesized speech: about 150 a minute.
_WORDS_A_SECOND = 2.5


@dataclass(frozen=True, slots=True)
class _Filler:
    """Fills one script for one contact."""

    cells: Mapping[str, str]
    campaign: str
    region: str | None

    def script(self, script: Script) -> Script:
        """Return the filled steps, without texts that become empty."""
        done = map(self.step, script)
        return tuple(step for step in done if not isinstance(step, Say) or step.text)

    def step(self, step: Step) -> Step:
        """Return a filled step. Raises ValueError that begins with the step's name."""
        try:
            return self._step(step)
        except NotCalled as error:
            raise NotCalled(f"{NAMES[type(step)]}: {error}", error.reason) from None
        except ValueError as error:
            raise ValueError(f"{NAMES[type(step)]}: {error}") from None

    def _step(self, step: Step) -> Step:
        match step:
            case Say():
                return self._say(step)
            case Play(url):
                return Play(self._text(url, texts.url))
            case Transfer(target):
                return Transfer(self._text(target, self._target, always=True))
            case Gather():
                return self._gather(step)
        return step

    def _say(self, say: Say) -> Say:
        return Say(
            self._text(say.text, _unless_empty(speech)),
            self._text(say.voice, _unless_empty(voice_name)),
            self._text(say.language, _unless_empty(texts.language)),
        )

    def _gather(self, gather: Gather) -> Gather:
        return replace(
            gather,
            say=tuple(say for say in map(self._say, gather.say) if say.text),
            branches={pressed: self.script(steps) for pressed, steps in gather.branches.items()},
            otherwise=self.script(gather.otherwise),
        )

    def _text(self, text: str, check: Callable[[str], str], *, always: bool = False) -> str:
        """Fill a text and check it; a text without placeholders was checked with its file."""
        if is_template(text):
            return check(compiled(text).render(self.cells, self.campaign).strip())
        return check(text) if always else text

    def _target(self, written: str) -> str:
        return target(written, self.region)


def _unless_empty(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text else ""


def filled(policy: Policy, contact: Contact) -> Script:
    """Return the script of a campaign as one contact hears it, numbers in E.164.

    ValueError names the step and says what is wrong for this contact; NotCalled, if callsched never
    calls the number of a transfer.
    """
    if not policy.script:
        return ()
    cells = cells_of(contact)
    region = policy.default_region or None
    script = _Filler(cells, policy.campaign_name, region).script(policy.script)
    if speaks(policy.script) and not speaks(script):
        raise ValueError("expected something to say, but every text becomes nothing")
    return script


def filled_for_machines(policy: Policy, contact: Contact) -> Script:
    """Return the script for an answering machine, filled as `filled` does."""
    if not policy.machine_script:
        return ()
    return filled(replace(policy, script=policy.machine_script), contact)


def needs_callbacks(policy: Policy) -> bool:
    """Whether a campaign's calls can't be made without callbacks."""
    asks = any(isinstance(step, Gather) for step in steps_in(policy.script))
    return asks or bool(policy.machine_script) or policy.transcribe


def heeds_machines(policy: Policy) -> bool:
    """Whether the campaign does anything about answering machines."""
    return bool(policy.machine_script) or policy.on_machine is not OnMachine.GO_ON


def uses_callbacks(policy: Policy) -> bool:
    """Whether a campaign's calls use callbacks, or even need them."""
    return needs_callbacks(policy) or heeds_machines(policy)


def cells_of(contact: Contact) -> dict[str, str]:
    """Return the cells of a contact's record that a script can name."""
    own = {"name": contact.name, "phone_number": contact.phone_number, "sip_uri": contact.sip_uri}
    return {**contact.variables, **own, **contact.script_cells}


def unsaid(contact: Contact, named: Mapping[str, str]) -> dict[str, str]:
    """Return the cells that a script names and that the contact's record lacks."""
    said = cells_of(contact)
    return {name: cell for name, cell in named.items() if said.get(name) != cell}


def target(written: str, region: str | None, countries: frozenset[str] | None = None) -> str:
    """Return the target of a transfer: a number in E.164, or a SIP address.

    Raises NotCalled, or another ValueError, as `numbers.e164` and `sip.sip_uri` do.
    """
    if written.lower().startswith(("sip:", "sips:")):
        return sip_uri(written)
    return e164(written, region, countries)


def steps_in(script: Script) -> Iterator[Step]:
    """Yield every step, also those that follow keys."""
    for step in script:
        yield step
        if isinstance(step, Gather):
            for branch in (*step.branches.values(), step.otherwise):
                yield from steps_in(branch)


def speaks(script: Script) -> bool:
    """Whether a script lets the callee hear anything."""
    return any(isinstance(step, Say | Play | Gather | Transfer) for step in script)


def targets(script: Script) -> tuple[str, ...]:
    """Return the targets to which a filled script may transfer the call, each once."""
    found = (step.target for step in steps_in(script) if isinstance(step, Transfer))
    return tuple(dict.fromkeys(found))


def length_seconds(script: Script) -> float:
    """Estimate the seconds that a filled script speaks and waits, along its longest branch.

    Sound files and conversations after a transfer count as 0 s: their length is unknown.
    """
    return sum(map(_length, script))


def _length(step: Step) -> float:
    match step:
        case Say(text):
            return math.ceil(len(text.split()) / _WORDS_A_SECOND * 10) / 10
        case Pause(seconds):
            return seconds
        case Record(max_seconds):
            return max_seconds
        case Gather():
            asked = sum(map(_length, step.say)) + step.timeout_seconds
            ways = (*step.branches.values(), step.otherwise)
            return asked * step.tries + max(map(length_seconds, ways), default=0.0)
    return 0.0
