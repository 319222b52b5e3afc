"""What the start of one contact says: the campaign's texts filled, or the contact's own instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scheduler.campaign.columns import OPTION, Fault
from scheduler.fields import document, key_problems
from scheduler.fields.steps import script_of
from scheduler.fields.templates import Templates, is_template, unknown_column
from scheduler.models import OnMachine, OptOuts, StartOptions
from scheduler.providers import Kind
from scheduler.providers.call_keys import CAMPAIGNS_ONLY, CallKeys

Way: TypeAlias = tuple[str | int, ...]

_NO_OPTIONS = set(CAMPAIGNS_ONLY)
_NOTHING: tuple[object, ...] = ("", [], {})


@dataclass(frozen=True, slots=True)
class Personal:
    """What one contact has of its own."""

    options: StartOptions = field(default_factory=StartOptions)
    dtmf: str = ""  #: the campaign's, filled
    faults: tuple[Fault, ...] = ()


#: Of a contact that has no more than everybody; its options are never changed.
NOTHING_PERSONAL = Personal()


class Start:
    """What a campaign says of all its starts."""

    def __init__(self, call: CallKeys, templates: Templates, campaign: str, api: Kind) -> None:
        """`templates` are those that the check of `call` has compiled; `api` says its keys."""
        self.api = api
        written = call.model_dump(exclude_unset=True)
        word = call.on_machine
        self.on_machine = word if isinstance(word, OnMachine) else OnMachine.GO_ON
        self.machine_script = script_of(word) if isinstance(word, list) else ()
        self._campaign = campaign
        self._templates = templates
        self.script = script_of(call.script or ())
        self._spoken = {key: written.pop(key, None) for key in ("script", "on_machine")}
        self._texts = {key: value for key, value in written.items() if any(_texts(value, ()))}
        self.dtmf = "" if "dtmf" in self._texts else call.dtmf or ""
        self.opt_outs = _opt_outs(call, api, is_shared=bool(self.dtmf))
        self.hears_machines = self._acts_on_machines or (
            api.hears_machines_anyway and not call.listens_to_nothing()
        )
        written_options = _options(call, self._texts.keys())
        self.options = self._listening(written_options)
        self._of_shared = self._listening(written_options, shared=True)
        self.columns = self._named(self._texts)  #: that the templates of options name
        self.script_columns = self._named(self._spoken)

    @property
    def _acts_on_machines(self) -> bool:
        return self.on_machine is not OnMachine.GO_ON or bool(self.machine_script)

    def for_keys(self, own: StartOptions) -> StartOptions:
        """Return the options of a contact with key presses: nobody's wish is that of its number.

        Unless the campaign asks for it: many may share the number, as the rooms of a bridge do.
        """
        less = {
            key: self._of_shared.get(key, [])
            for key, value in self.options.items()
            if self._of_shared.get(key) != value
        }
        return {**less, **own}

    @property
    def is_personal(self) -> bool:
        """Whether contacts that have nothing of their own differ, because of templates."""
        return bool(self._texts)

    def named_columns(self) -> Iterator[tuple[Way, str]]:
        """Yield every column that a template names, with the way to the template."""
        for way, text in self._all_texts():
            for name in sorted(self._templates[text].columns):
                yield way, name

    def unknown_columns(self, columns: Set[str]) -> Iterator[tuple[Way, str]]:
        """Yield where a template names what is no column of the file, and what to say of it."""
        for way, text in self._all_texts():
            for name in sorted(self._templates[text].columns - columns):
                yield way, unknown_column(name, columns)

    def _all_texts(self) -> Iterator[tuple[Way, str]]:
        yield from _texts(self._texts, ("call",))
        yield from _texts(self._spoken, ("call",))

    def _named(self, texts: object) -> frozenset[str]:
        found = [self._templates[text].columns for _, text in _texts(texts, ())]
        return frozenset().union(*found)

    def personal(
        self, own: Mapping[str, object], cells: Mapping[str, str], *, presses: bool
    ) -> Personal:
        """Fill the texts with a contact's cells; what it has of its own stands as it is.

        `presses` says that the contact has key presses, so that the campaign's are not filled.
        """
        faults: list[Fault] = []
        written = dict(own)
        for key, value in self._texts.items():
            if key in own or (key == "dtmf" and presses):
                continue
            try:
                filled = self._filled(value, cells)
            except ValueError as error:
                faults.append(Fault(OPTION + key, str(error)))
                continue
            if filled not in _NOTHING:
                written[key] = filled
        if not (written or faults):
            return NOTHING_PERSONAL
        return self._checked(written, faults, shared=presses)

    def _filled(self, value: object, cells: Mapping[str, str]) -> object:
        """Fill every text in a value; what becomes nothing is left out of its list."""
        if isinstance(value, dict):
            items = [(key, self._filled(item, cells)) for key, item in value.items()]
            return {key: item for key, item in items if item not in _NOTHING}
        if isinstance(value, list):
            return [item for part in value if (item := self._filled(part, cells)) not in _NOTHING]
        if isinstance(value, str) and is_template(value):
            return self._templates[value].render(cells, self._campaign).strip()
        return value

    def _checked(
        self, written: Mapping[str, object], faults: list[Fault], *, shared: bool
    ) -> Personal:
        try:
            call = self.api.call.model_validate(written, context={"flow": document.flow})
        except ValidationError as error:
            faults += [_fault(detail, self.api.call) for detail in error.errors()]
        if faults:
            return Personal(faults=tuple(faults))
        own = self._own(_options(call), shared=shared or bool(call.dtmf))
        return Personal(own, call.dtmf or "")

    def _own(self, options: StartOptions, *, shared: bool) -> StartOptions:
        """Have a contact's options, which stand in for the campaign's, listen as those do."""
        both = {**self.options, **options}
        listening = self._listening(both, shared=shared)
        changed = [item for item in listening.items() if item not in both.items()]
        return {**options, **dict(changed)}

    def _listening(self, options: StartOptions, *, shared: bool = False) -> StartOptions:
        """Listen for machines, and for callees who ask not to be called again.

        For machines that is when something is done about them, or where it costs nothing.
        `shared`: the callee's number may be that of many.
        """
        if self.opt_outs is OptOuts.ALL or (self.opt_outs is OptOuts.CALLEES and not shared):
            options = self.api.hear_opt_outs(options)
        if self.hears_machines:
            options = self.api.hear_machines(options, bool(self.machine_script))
        return options


def _opt_outs(call: CallKeys, api: Kind, *, is_shared: bool) -> OptOuts:
    """Return whose wish not to be called again is listened for: a campaign has to turn it off."""
    heeds = call.heeds_opt_outs()
    if heeds is False or not api.hears_words(call):
        return OptOuts.OFF
    if heeds:
        return OptOuts.ALL
    return OptOuts.OFF if is_shared else OptOuts.CALLEES


def _options(call: CallKeys, without: Set[str] = frozenset()) -> StartOptions:
    written = call.model_dump(exclude_unset=True, by_alias=True, exclude=_NO_OPTIONS | without)
    return {key: value for key, value in written.items() if value != ""}


def _texts(value: object, way: Way) -> Iterator[tuple[Way, str]]:
    """Yield the templates in a value with their ways to it."""
    parts: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    elif isinstance(value, str) and is_template(value):
        yield way, value
    for key, part in parts:
        yield from _texts(part, (*way, key))


def _fault(detail: ErrorDetails, keys: type[CallKeys]) -> Fault:
    key, *way = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return Fault(f"{OPTION}{key}", key_problems.unknown(detail, keys))
    inner = key_problems.dotted(way)
    message = key_problems.expected(detail, keys)
    return Fault(f"{OPTION}{key}", f"{inner}: {message}" if inner else message)
