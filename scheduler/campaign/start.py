"""Makes the options of one contact's start: the campaign's texts filled, or the contact's own."""

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
    """What one contact has instead of the campaign's values."""

    options: StartOptions = field(default_factory=StartOptions)
    dtmf: str = ""  #: the campaign's key presses, filled
    faults: tuple[Fault, ...] = ()


#: For a contact that has nothing of its own; never changed.
NOTHING_PERSONAL = Personal()


class Start:
    """What all starts of a campaign have in common."""

    def __init__(self, call: CallKeys, templates: Templates, campaign: str, api: Kind) -> None:
        """`templates` were compiled by the check of `call`; `api` says which keys it has."""
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
        """Return the options of a contact with key presses.

        Many people may share its number, as the rooms of a bridge do. So a wish not to be called
        again does not count for the number, unless the campaign says so.
        """
        less = {
            key: self._of_shared.get(key, [])
            for key, value in self.options.items()
            if self._of_shared.get(key) != value
        }
        return {**less, **own}

    @property
    def is_personal(self) -> bool:
        """Whether starts differ from contact to contact because of templates."""
        return bool(self._texts)

    def named_columns(self) -> Iterator[tuple[Way, str]]:
        """Yield every column that a template names, with the way to the template."""
        for way, text in self._all_texts():
            for name in sorted(self._templates[text].columns):
                yield way, name

    def unknown_columns(self, columns: Set[str]) -> Iterator[tuple[Way, str]]:
        """Yield the place of each template that names no column of the file, and a message."""
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
        """Fill the texts with a contact's cells; its own values stay as they are.

        `presses`: the contact has its own key presses, so the campaign's are not filled.
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
        """Fill every text in a value; leave out items that become empty."""
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
        """Add the options for listening to a contact's own options, which go before others."""
        both = {**self.options, **options}
        listening = self._listening(both, shared=shared)
        changed = [item for item in listening.items() if item not in both.items()]
        return {**options, **dict(changed)}

    def _listening(self, options: StartOptions, *, shared: bool = False) -> StartOptions:
        """Add the options for listening: for machines, and for wishes not to be called again.

        For machines only if the campaign acts on them, or if it costs nothing. `shared`: many
        people may share the callee's number.
        """
        if self.opt_outs is OptOuts.ALL or (self.opt_outs is OptOuts.CALLEES and not shared):
            options = self.api.hear_opt_outs(options)
        if self.hears_machines:
            options = self.api.hear_machines(options, bool(self.machine_script))
        return options


def _opt_outs(call: CallKeys, api: Kind, *, is_shared: bool) -> OptOuts:
    """Return whose wishes not to be called again count; a campaign must turn this off itself."""
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
    """Yield the templates in a value, each with its place."""
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
